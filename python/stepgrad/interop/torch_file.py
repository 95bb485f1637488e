"""PyTorch's ``state_dict``: a model's weights by the names of PyTorch's modules, in a safetensors file or as a dict.

The layouts are those of `torch_layers`. Two things differ between the libraries beyond the weights: PyTorch's images are
[batch, channels, height, width], ours [batch, height, width, channels] (transpose the data); and BatchNorm's epsilon is 1e-5
there, 1e-3 in Keras (pass ``epsilon=1e-5``; its momentum 0.1 is our 0.9).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DataError
from stepgrad.interop.keras_weights import check_name
from stepgrad.interop.torch_flatten import order_of_inputs
from stepgrad.interop.torch_layers import is_known, read, write
from stepgrad.layers.layer import Layer
from stepgrad.models.functional import Functional
from stepgrad.models.sequential import Sequential
from stepgrad.saving import archive
from stepgrad.saving.state import require_built

SUFFIX = ".safetensors"


def save_torch(model: Any, filepath: str | os.PathLike, names: Mapping[str, str] | None = None) -> None:
    """Write a model's weights for ``torch_model.load_state_dict(safetensors.torch.load_file(path))``.

    Parameters
    ----------
    model : Model
    filepath : path
        "name.safetensors".
    names : dict of str to str, optional
        PyTorch's module -> our layer, such as ``{"0": "dense", "2": "dense_1"}`` for a ``torch.nn.Sequential``. Without it the
        modules are called like our layers; layers inside of others are "outer.inner".

    See Also
    --------
    stepgrad.interop.torch_layers : what is transposed and renamed
    """
    path = check_name(filepath, SUFFIX)
    archive.write_whole(path, archive.to_safetensors(to_torch(model, names)))


def load_torch(model: Any, filepath: str | os.PathLike, names: Mapping[str, str] | None = None) -> None:
    """Read the weights of a PyTorch model with the same layers, written with ``safetensors.torch.save_file``.

    Parameters
    ----------
    model : Model
    filepath : path
        "name.safetensors". A ".pt" file is a pickle, which can run code, and is not read.
    names : dict of str to str, optional
        PyTorch's module -> our layer. Without it modules and layers are matched by name where the names agree, else in
        order; a file keeps no order, so that numbers in its names count ("fc2" comes before "fc10").

    Raises
    ------
    ShapeError
        If the weights do not fit; the model is then left as it was.
    """
    path = os.fspath(filepath)
    if path.endswith((".pt", ".pth", ".bin", ".ckpt")):
        raise ArgumentError(
            "PyTorch's own files are pickles, which can run any code, and are not read",
            got=path,
            fix="in PyTorch: safetensors.torch.save_file(model.state_dict(), 'model.safetensors')",
        )
    members = {path: archive.read_whole(check_name(path, SUFFIX))}
    arrays = archive.from_safetensors(members, path, path)
    from_torch(model, {key: arrays[key] for key in sorted(arrays, key=_natural)}, names)


def to_torch(model: Any, names: Mapping[str, str] | None = None) -> dict[str, np.ndarray]:
    """Return a model's weights by PyTorch's names and in its layouts; see `save_torch`.

    Examples
    --------
    >>> import stepgrad as sg
    >>> model = sg.Sequential([sg.layers.Input((3,)), sg.layers.Dense(2, name="fc")])
    >>> {name: array.shape for name, array in to_torch(model).items()}
    {'fc.weight': (2, 3), 'fc.bias': (2,)}
    """
    require_built(model, "write its weights")
    layers = _layers_with_weights(model)
    arrays = {}
    for module, name in _matched(None, layers, names):
        order = order_of_inputs(model, layers[name])
        for key, array in write(layers[name]).items():
            arrays[f"{module}.{key}"] = np.ascontiguousarray(
                array if order is None or not _along_inputs(layers[name], key) else array[..., order]
            )
    return arrays


def from_torch(model: Any, state_dict: Mapping[str, Any], names: Mapping[str, str] | None = None) -> None:
    """Read weights from a PyTorch ``state_dict``, of tensors or arrays; see `load_torch`."""
    require_built(model, "load weights into it")
    modules: dict[str, dict[str, np.ndarray]] = {}
    for key, value in state_dict.items():
        module, _, weight = key.rpartition(".")
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        modules.setdefault(module, {})[weight] = array
    layers = _layers_with_weights(model)
    pairs = []
    for module, name in _matched([*modules], layers, names):
        order = order_of_inputs(model, layers[name])
        arrays = {
            key: array
            if order is None or not _along_inputs(layers[name], key) or array.shape[-1] != len(order)
            else array[..., np.argsort(order)]
            for key, array in modules[module].items()
        }
        pairs += read(layers[name], arrays, module)
    for variable, value in pairs:
        variable.assign(value)


def _along_inputs(layer: Any, key: str) -> bool:
    """Tell whether the last axis of a weight counts the layer's inputs."""
    return key == "weight" or (type(layer).__name__ != "Dense" and key != "num_batches_tracked")


def _layers_with_weights(model: Any) -> dict[str, Any]:
    layers = dict(_walk(model, "", set()))
    for name, layer in layers.items():
        if not is_known(layer):
            raise ArgumentError(
                f"the weights of a {type(layer).__name__} have no known layout in PyTorch",
                layer=name,
                fix="build it from layers of the table in stepgrad.interop.torch_layers",
            )
    return layers


def _walk(layer: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield every layer with weights by the name that PyTorch's module would have: attributes, joined by dots."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    if is_known(layer) or layer._own_variables:
        if layer.weights:
            yield prefix, layer
        return
    if isinstance(layer, Sequential | Functional):
        children = [(child.name, child) for child in layer.layers]
    else:
        children = [
            pair for name, value in vars(layer).items() if name[0] != "_" for pair in _unpack(name, value)
        ]
    for name, child in children:
        yield from _walk(child, f"{prefix}.{name}".lstrip("."), seen)


def _unpack(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Layer):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unpack(f"{name}.{key}", part)


def _matched(
    modules: list[str] | None, layers: dict[str, Any], names: Mapping[str, str] | None
) -> list[tuple[str, str]]:
    """Return (PyTorch's module, our layer) for all of them; there are no modules yet when they are written."""
    if names is not None:
        pairs = list(names.items())
    elif modules is None or set(modules) == set(layers):
        pairs = [(name, name) for name in layers]
    else:
        pairs = list(zip(modules, layers, strict=False))
    ours = [name for _, name in pairs]
    lost = {*layers} ^ {*ours}
    if modules is not None:
        lost |= {*modules} ^ {module for module, _ in pairs}
    if lost or len(set(ours)) < len(ours):
        raise DataError(
            "the modules of PyTorch are not the layers of this model",
            expected=f"{len(layers)} layers with weights: {', '.join(layers)}",
            got=f"{', '.join(modules or names or ())}; without a partner: {', '.join(sorted(lost))}",
            fix="pass names={'module of PyTorch': 'layer of stepgrad'}",
        )
    return pairs


def _natural(key: str) -> list:
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", key) if part
    ]
