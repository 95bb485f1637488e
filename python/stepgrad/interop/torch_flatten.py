"""The order of a Dense layer's inputs behind a Flatten: [height, width, channels] here, [channels, height, width] there."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.models.functional import Functional
from stepgrad.models.graph import parents
from stepgrad.models.sequential import Sequential

_KEEPS_ORDER = ("Dropout", "Activation", "Identity", "BatchNormalization", "LayerNormalization", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax",
                "GaussianNoise", "GaussianDropout", "AlphaDropout")  # fmt: skip


def order_of_inputs(model: Any, layer: Any) -> np.ndarray | None:
    """Return our position of each of PyTorch's inputs of a layer behind a Flatten, None where both agree.

    A Flatten of images, [height, width, channels], counts, and one of sequences, [steps, channels], behind a Conv1D or a
    pooling layer: everywhere else PyTorch, too, keeps the channels last.
    """
    if type(layer).__name__ not in ("Dense", "BatchNormalization", "LayerNormalization", "PReLU"):
        return None
    if not isinstance(model, Sequential | Functional):
        _refuse_flatten(model)
        return None
    for call in layer._calls:
        flatten = _behind(call.node, _KEEPS_ORDER)
        if flatten is None or type(flatten.operation).__name__ not in ("Flatten", "Reshape"):
            continue
        shape: Any = parents(flatten)[0].shape[1:]
        channels_first = getattr(flatten.operation, "data_format", None) == "channels_first"
        if len(shape) < 2 or channels_first or len(call.node.args[0].shape) != 2:
            continue
        if len(shape) == 2 and not _is_spatial(flatten):
            continue
        return np.moveaxis(np.arange(int(np.prod(shape))).reshape(shape), -1, 0).ravel()
    return None


def _refuse_flatten(model: Any) -> None:
    """In a class of one's own nobody can see what stands before and behind a Flatten."""
    if any(type(part).__name__ == "Flatten" for part in model._flatten_layers()):
        raise ArgumentError(
            "the Dense layer behind a Flatten needs its inputs reordered, and a subclassed model does not show which it is",
            layer=model.name,
            fix="build the model as a Sequential or functional one",
        )


def _behind(node: Any, passed: tuple[str, ...]) -> Any:
    """Go back from a node over layers of the given classes, and return the first node of another one."""
    while True:
        before = parents(node)
        if not before or before[0].node is None:
            return None
        node = before[0].node
        if type(node.operation).__name__ not in passed:
            return node


def _is_spatial(node: Any) -> bool:
    before = _behind(node, (*_KEEPS_ORDER, "ZeroPadding1D", "Cropping1D"))
    return before is not None and any(
        word in type(before.operation).__name__ for word in ("Conv", "Pooling1D")
    )
