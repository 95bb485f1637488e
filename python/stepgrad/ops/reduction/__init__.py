"""Sums, means, extremes: ops that remove axes."""

from stepgrad.ops.reduction.sum import sum

__all__ = ["sum"]
