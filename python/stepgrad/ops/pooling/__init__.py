"""Pooling: one number for every window."""

from stepgrad.ops.pooling.average_pool import average_pool
from stepgrad.ops.pooling.max_pool import max_pool

__all__ = ["average_pool", "max_pool"]
