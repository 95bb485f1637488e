"""Matrix products."""

from stepgrad.ops.linalg.matmul import matmul

__all__ = ["matmul"]
