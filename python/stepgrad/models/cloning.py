"""clone_model: the same layers again, with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.layers.input_layer import Input, InputLayer
from stepgrad.layers.layer import Layer
from stepgrad.models.functional import Functional
from stepgrad.models.graph import is_input
from stepgrad.models.sequential import Sequential
from stepgrad.tape import KerasTensor
from stepgrad.utils.tree import flatten, map_structure, pack


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None
) -> Any:
    """Make a model with the same structure and freshly initialized weights.

    Parameters
    ----------
    model : Sequential or functional Model
    input_tensors : KerasTensor or list of KerasTensor, optional
        Inputs of the new model.
    clone_function : callable, optional
        Makes the new layer from the old one; by its config when left out. Return the old layer to share it.

    Examples
    --------
    >>> from stepgrad import layers
    >>> model = Sequential([layers.Input(shape=(3,)), layers.Dense(2)])
    >>> clone = clone_model(model)
    >>> clone.set_weights(model.get_weights())
    >>> clone.count_params()
    8
    """
    clone_function = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    if isinstance(model, Sequential):
        new = Sequential(name=model.name, trainable=model.trainable)
        if input_tensors is not None:
            new.add(flatten(input_tensors)[0], rebuild=False)
        elif isinstance(model._layers[0], InputLayer):
            new.add(InputLayer.from_config(model._layers[0].get_config()), rebuild=False)
        for layer in model.layers:
            new.add(clone_function(layer), rebuild=False)
        new._rebuild()
        return new
    if not isinstance(model, Functional):
        raise ArgumentError(
            "only Sequential and functional models can be cloned",
            layer=model.name,
            got=f"{type(model).__name__}, a class of its own",
            fix="make another instance of the class, then set_weights",
        )
    return _clone_functional(model, input_tensors, clone_function)


def _clone_functional(model: Functional, input_tensors: Any, clone_function: Callable) -> Functional:
    inputs = flatten(input_tensors) if input_tensors is not None else [
        Input(batch_shape=x.shape, dtype=x.dtype, name=x.name) for x in model.inputs
    ]  # fmt: skip
    values = {(id(x.node), x.index): new for x, new in zip(model.inputs, inputs, strict=True)}
    clones: dict[int, Any] = {}

    def new_value(x: Any) -> Any:
        return values[id(x.node), x.index] if isinstance(x, KerasTensor) else x

    for node in model._graph.nodes:
        if is_input(node):
            continue
        operation = node.operation
        if isinstance(operation, Layer):
            if id(operation) not in clones:
                clones[id(operation)] = clone_function(operation)
            operation = clones[id(operation)]
        results = operation(*map_structure(new_value, node.args), **map_structure(new_value, node.kwargs))
        for i, x in enumerate(flatten(results)):
            values[id(node), i] = x
    outputs = [values[id(x.node), x.index] for x in model.outputs]
    return Functional(pack(model.input, inputs), pack(model.output, outputs), name=model.name)
