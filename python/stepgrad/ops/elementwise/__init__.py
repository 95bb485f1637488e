"""Arithmetic, comparisons and functions of one number, entry by entry."""

from stepgrad.ops.elementwise.add import add
from stepgrad.ops.elementwise.exp import exp
from stepgrad.ops.elementwise.multiply import multiply

__all__ = ["add", "exp", "multiply"]
