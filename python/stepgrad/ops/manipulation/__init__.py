"""Ops that make tensors and move their entries around: shapes, slices, joins."""

from stepgrad.ops.manipulation.broadcast_to import broadcast_to
from stepgrad.ops.manipulation.cast import cast
from stepgrad.ops.manipulation.concatenate import concatenate, hstack, vstack
from stepgrad.ops.manipulation.creation import (
    arange,
    array,
    convert_to_numpy,
    convert_to_tensor,
    eye,
    full,
    full_like,
    identity,
    linspace,
    ndim,
    ones,
    ones_like,
    shape,
    size,
    zeros,
    zeros_like,
)
from stepgrad.ops.manipulation.expand_dims import expand_dims
from stepgrad.ops.manipulation.reshape import reshape
from stepgrad.ops.manipulation.squeeze import squeeze
from stepgrad.ops.manipulation.stack import stack
from stepgrad.ops.manipulation.transpose import moveaxis, swapaxes, transpose

__all__ = [
    "arange", "array", "broadcast_to", "cast", "concatenate", "convert_to_numpy", "convert_to_tensor", "expand_dims",
    "eye", "full", "full_like", "hstack", "identity", "linspace", "moveaxis", "ndim", "ones", "ones_like", "reshape",
    "shape", "size", "squeeze", "stack", "swapaxes", "transpose", "vstack", "zeros", "zeros_like",
]  # fmt: skip
