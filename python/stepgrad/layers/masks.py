"""Masks: which time steps count. A mask travels on the tensor it belongs to, as ``tensor._keras_mask``.

A mask is a boolean tensor (batch, time), False where a step is padding. `Embedding(mask_zero=True)` and `Masking` make masks,
layers with ``supports_masking`` pass them on by `compute_mask`, and losses and metrics leave out what they hide.
"""

from __future__ import annotations

import warnings
from typing import Any

from stepgrad.layers.calling import parameters
from stepgrad.tape import Tensor, no_grad, silent
from stepgrad.utils.tree import flatten, map_structure


def mask_of(value: Any) -> Any:
    """Return the mask of a tensor, the list of masks of a list of tensors, or None where there is none at all."""
    if isinstance(value, Tensor):
        return value._keras_mask
    if not isinstance(value, list | tuple | dict):
        return None
    masks = map_structure(lambda x: getattr(x, "_keras_mask", None), value)
    return masks if any(mask is not None for mask in flatten(masks)) else None


def with_mask(tensor: Any, mask: Any) -> Any:
    """Give a tensor its mask, and return it."""
    if mask is not None and isinstance(tensor, Tensor):
        tensor._keras_mask = mask
    return tensor


def incoming(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Find the mask(s) of the first argument, and fill the mask arguments of `call` that were left out.

    With one tensor among the arguments its mask becomes ``mask``; with several, that of ``query`` becomes ``query_mask``.
    """
    if len(args) == 1 and isinstance(args[0], Tensor) and len(kwargs) <= ("training" in kwargs):
        mask = args[0]._keras_mask  # by far the most common
        if mask is not None and "mask" in parameters(type(layer).call):
            kwargs["mask"] = mask
        return mask
    if kwargs.get("mask") is not None:
        return kwargs["mask"]
    known = list(parameters(type(layer).call))
    given = dict(zip(known, args, strict=False)) | kwargs
    tensors = {name: value for name, value in given.items() if _holds_tensor(value)}
    for name, value in tensors.items():
        word = "mask" if len(tensors) == 1 else f"{name}_mask"
        if word in known and given.get(word) is None and known.index(word) >= len(args):
            mask = mask_of(value)
            if mask is not None:
                kwargs[word] = mask
    if kwargs.get("mask") is not None:
        return kwargs["mask"]
    return mask_of(next(iter(given.values()), None))


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, list | tuple | dict):
        return any(isinstance(x, Tensor) for x in flatten(value))
    return isinstance(value, Tensor)


def outgoing(layer: Any, inputs: Any, outputs: Any, previous: Any) -> None:
    """Put masks on the outputs of a layer, by its `compute_mask`."""
    if not layer.supports_masking:
        if previous is not None:
            warnings.warn(
                f"the layer '{layer.name}' ({type(layer).__name__}) got an input with a mask, but does not support masking: "
                "the layers after it will not see the mask",
                stacklevel=4,
            )
        return
    flat = flatten(outputs)
    if all(getattr(x, "_keras_mask", None) is not None for x in flat):
        return
    with no_grad(), silent():  # masks are not part of what is computed
        masks = layer.compute_mask(inputs, previous)
    if masks is None:
        return
    for tensor, mask in zip(flat, flatten(masks), strict=False):
        if getattr(tensor, "_keras_mask", None) is None:
            with_mask(tensor, mask)
