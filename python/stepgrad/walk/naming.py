"""Names for people: X, W1, b1, Z1, A1 in stacks of dense layers, layer and op elsewhere; the user's own names win."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.tape import Tensor

_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU")
_BESIDE = ("InputLayer", "Flatten", "Reshape", "Rescaling", "Normalization", "Dropout", "Identity")
_STACK = {"Dense", *_ACTIVATIONS, *_BESIDE}


def named(tensor: Tensor, name: str) -> Tensor:
    """Give a tensor its name for the step-through, and return it.

    Examples
    --------
    >>> import stepgrad as sg
    >>> named(sg.Tensor([1.0]) * 2, "Z1").name
    'Z1'
    """
    tensor.name = name
    return tensor


def gradient_name(name: str) -> str:
    """Return the name of a value's gradient: delta1 for Z1, dW1 for W1.

    Examples
    --------
    >>> gradient_name("Z1"), gradient_name("W1"), gradient_name("conv/kernel")
    ('delta1', 'dW1', 'd conv/kernel')
    """
    if re.fullmatch(r"Z\d*", name):
        return "delta" + name[1:]
    return ("d" if re.fullmatch(r"\w{1,3}|([A-Z]\d*)+", name) else "d ") + name


class Names:
    """Gives every tensor of a walk its name, each name once.

    Parameters
    ----------
    model : Model, layer or function
    given : list of (Tensor, str)
        Names that are settled: input, target, loss.
    variables : list of Variable
        The model's weights, named by their layers.
    records : list of (step, layer, inputs, outputs)
        The forward pass as it ran.
    """

    def __init__(self, model: Any, given: list, variables: list, records: list):
        self.names: dict[int, str] = {}
        self.used: dict[str, int] = {}
        self.dense = dense_layers(model)
        ran = dict.fromkeys(layer for _, layer, _, _ in records if self.dense.get(layer) == "dense")
        self.depth = {layer: i + 1 for i, layer in enumerate(ran)}
        for t, name in given:
            self.give(t, name)
        for v in variables:
            self.give(v, self._variable(short(v.path, model)))
        last = {layer: outputs for _, layer, _, outputs in records}
        current = 0
        for step, layer, inputs, outputs in records:
            current = self.depth.get(layer, current)
            for t in inputs:
                self.of(t, "constant", given)
            for i, t in enumerate(outputs):
                name = self._made(step, layer, inputs, t is last[layer][0], current)
                self.of(t, name.replace("max_pool2d", "winners") if i else name)

    def of(self, tensor: Tensor, default: str, given: Sequence = ()) -> str:
        """Return a tensor's name, giving it one if it has none yet; a copy of a given tensor has that one's name."""
        if id(tensor) not in self.names:
            copied = (
                None if tensor.name else next((t for t, _ in given if _copied(t.array, tensor.array)), None)
            )
            if copied is not None:
                self.names[id(tensor)] = self.names[id(copied)]
            else:
                self.give(tensor, tensor.name or default)
        return self.names[id(tensor)]

    def give(self, tensor: Tensor, name: str) -> None:
        """Name a tensor, with a number behind where the name is taken."""
        self.used[name] = self.used.get(name, 0) + 1
        self.names[id(tensor)] = name if self.used[name] == 1 else f"{name}_{self.used[name]}"

    def _variable(self, path: str) -> str:
        layer, _, weight = path.rpartition("/")
        if layer in self.depth and weight in ("kernel", "bias"):
            return {"kernel": "W", "bias": "b"}[weight] + str(self.depth[layer])
        return path

    def _made(self, step: Any, layer: str, inputs: Any, is_last: bool, depth: int) -> str:
        """Name what an op made."""
        op = step.op.name
        names = [self.names[id(t)] for t in inputs]
        if layer in self.depth:
            has_bias = any(name == f"b{depth}" for name in self.names.values())
            if op == "add" and f"b{depth}" in names or op == "matmul" and not has_bias:
                return f"Z{depth}"
            if is_last and op not in ("add", "matmul"):
                return f"A{depth}"
        elif is_last and depth and self.dense.get(layer, None) == "activation":
            return f"A{depth}"
        if op == "matmul" and all(re.fullmatch(r"[A-Z]\d*", name) for name in names):
            return "".join(names)
        if not layer or "softmax_cross_entropy" in op:
            return op
        return layer.split("/")[-1] + ("" if is_last and step.op.outputs == 1 else f".{op}")


def _copied(given: np.ndarray, array: np.ndarray) -> bool:
    """Tell whether an input is the given data in another type or shape, as a loss makes it."""
    return (
        given.size == array.size > 0
        and (array.size > 1 or given.ndim > 0)
        and np.array_equal(given.ravel(), array.ravel())
    )


def dense_layers(model: Any) -> dict[str, str]:
    """Return the path of every unnamed Dense and activation layer when a model is a plain stack of dense layers, else {}."""
    layers = getattr(model, "layers", None) or []
    kinds = [type(layer).__name__ for layer in layers]
    if "Dense" not in kinds or not set(kinds) <= _STACK:
        return {}
    found = {}
    for layer, kind in zip(layers, kinds, strict=True):
        if kind == "Dense" and re.fullmatch(r"dense(_\d+)?", layer.name):
            found[layer.name] = "dense"
        elif kind in _ACTIVATIONS:
            found[layer.name] = "activation"
    return found if "dense" in found.values() else {}


def short(path: str, model: Any) -> str:
    """Drop the model's own name from a layer path."""
    own = getattr(model, "name", None) if hasattr(model, "layers") else None
    return "" if path == own else path.removeprefix(f"{own}/")
