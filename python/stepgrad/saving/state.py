"""The state of a model as named arrays, and back: weights, optimizer, random generators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from stepgrad.errors import DataError, NotBuiltError, ShapeError
from stepgrad.random import SeedGenerator
from stepgrad.saving.archive import from_safetensors, to_safetensors


def weight_members(model: Any) -> tuple[dict[str, bytes], list[str]]:
    """Return the safetensors members of the weights, and their names in the order of ``model.weights``."""
    require_built(model, "save its weights")
    arrays = named(model.weights)
    return {"weights.safetensors": to_safetensors(arrays)}, list(arrays)


def optimizer_members(model: Any) -> dict[str, bytes]:
    """Return the safetensors member of the optimizer's state, nothing where there is none yet."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return {}
    store: dict[str, np.ndarray] = {}
    optimizer.save_own_variables(store)
    return {"optimizer.safetensors": to_safetensors(store)}


def named(variables: list) -> dict[str, np.ndarray]:
    """Return arrays by the paths of their variables, numbered where a path repeats."""
    arrays: dict[str, np.ndarray] = {}
    for variable in variables:
        name, number = variable.path, 1
        while name in arrays:
            name, number = f"{variable.path}_{number}", number + 1
        arrays[name] = variable.numpy()
    return arrays


def require_built(model: Any, purpose: str) -> None:
    """Refuse a model whose layers have no weights yet."""
    unbuilt = [layer.name for layer in model._flatten_layers() if not layer.built]
    if unbuilt:
        raise NotBuiltError(
            f"the model must be built to {purpose}",
            layer=model.name,
            got=f"not built: {', '.join(unbuilt[:5])}",
            fix="call it on a batch, or start it with Input(shape=...)",
        )


def load_weights_into(model: Any, members: dict[str, bytes], names: list[str], path: str) -> None:
    """Assign saved weights, in order; nothing is assigned unless all of them fit."""
    require_built(model, "load weights into it")
    arrays = from_safetensors(members, "weights.safetensors", path)
    variables = model.weights
    missing = [name for name in names if name not in arrays]
    if missing or len(names) != len(arrays):
        raise DataError(
            f"'{path}' is damaged",
            got=f"the weights in it are not those it lists ({len(names)}, {len(arrays)})",
        )
    if len(names) != len(variables):
        extra = names[len(variables) :] or [v.path for v in variables[len(names) :]]
        raise ShapeError(
            f"the weights in '{path}' are of another model",
            layer=model.name,
            expected=f"{len(variables)} weights",
            got=f"{len(names)} in the file; without a partner: {', '.join(extra[:5])}",
            fix="build the same layers as when it was saved",
        )
    for name, variable in zip(names, variables, strict=True):
        if arrays[name].shape != variable.shape:
            raise ShapeError(
                f"a weight in '{path}' has another shape",
                layer=variable.path.rpartition("/")[0] or model.name,
                expected=f"{variable.shape} for '{variable.path}'",
                got=f"{arrays[name].shape} for '{name}' in the file",
                fix="build the layer with the same sizes as when it was saved",
            )
    for name, variable in zip(names, variables, strict=True):
        variable.assign(arrays[name])


def load_optimizer_into(model: Any, members: dict[str, bytes], path: str) -> None:
    """Give the optimizer its saved state, where the file has one."""
    if "optimizer.safetensors" in members and model.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        model.optimizer.load_own_variables(from_safetensors(members, "optimizer.safetensors", path))


def _generators(model: Any) -> Iterator[tuple[str, Any, str]]:
    for i, layer in enumerate(model._flatten_layers()):
        for name, value in sorted(vars(layer).items()):
            if isinstance(value, SeedGenerator):
                yield f"{i}.{name}", layer, name


def generator_states(model: Any) -> dict[str, Any]:
    """Return the states of the random generators: those of dropout layers, and the one that shuffles."""
    return {key: getattr(layer, name).get_state() for key, layer, name in _generators(model)}


def set_generator_states(model: Any, states: dict[str, Any]) -> None:
    """Let the random generators go on from saved states."""
    layers = model._flatten_layers()
    for key, state in states.items():
        number, _, name = key.partition(".")
        layer: Any = layers[int(number)] if number.isdigit() and int(number) < len(layers) else None
        if layer is model and name == "_shuffle_generator" and getattr(model, name) is None:
            model._shuffle_generator = SeedGenerator(0)
        generator = getattr(layer, name, None)
        if not isinstance(generator, SeedGenerator):
            raise DataError("the saved random state does not belong to this model", got=key)
        generator.set_state(state)
