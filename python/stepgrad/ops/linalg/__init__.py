"""Matrix products and their relatives."""

from stepgrad.ops.linalg.einsum import einsum
from stepgrad.ops.linalg.matmul import matmul
from stepgrad.ops.linalg.products import dot, inner, outer, tensordot, vdot

__all__ = ["dot", "einsum", "inner", "matmul", "outer", "tensordot", "vdot"]
