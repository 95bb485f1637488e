"""Ops that move entries around: shapes, slices, joins."""

from stepgrad.ops.manipulation.broadcast_to import broadcast_to
from stepgrad.ops.manipulation.cast import cast
from stepgrad.ops.manipulation.reshape import reshape

__all__ = ["broadcast_to", "cast", "reshape"]
