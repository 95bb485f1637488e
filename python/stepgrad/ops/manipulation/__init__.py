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
from stepgrad.ops.manipulation.diagonal import diag, diagonal, meshgrid, trace
from stepgrad.ops.manipulation.expand_dims import expand_dims
from stepgrad.ops.manipulation.flip import flip
from stepgrad.ops.manipulation.pad import pad
from stepgrad.ops.manipulation.reshape import flatten, ravel, reshape
from stepgrad.ops.manipulation.roll import roll
from stepgrad.ops.manipulation.split import split, unstack
from stepgrad.ops.manipulation.squeeze import squeeze
from stepgrad.ops.manipulation.stack import stack
from stepgrad.ops.manipulation.tile import repeat, tile
from stepgrad.ops.manipulation.transpose import moveaxis, swapaxes, transpose
from stepgrad.ops.manipulation.triangle import tril, triu

__all__ = [
    "arange", "array", "broadcast_to", "cast", "concatenate", "convert_to_numpy", "convert_to_tensor", "diag",
    "diagonal", "expand_dims", "eye", "flatten", "flip", "full", "full_like", "hstack", "identity", "linspace",
    "meshgrid", "moveaxis", "ndim", "ones", "ones_like", "pad", "ravel", "repeat", "reshape", "roll", "shape", "size",
    "split", "squeeze", "stack", "swapaxes", "tile", "trace", "transpose", "tril", "triu", "unstack", "vstack", "zeros",
    "zeros_like",
]  # fmt: skip
