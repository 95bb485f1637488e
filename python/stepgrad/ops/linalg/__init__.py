"""Matrix products and their relatives; equations and decompositions."""

from stepgrad.ops.linalg.bfloat16 import rounded_product as rounded_product
from stepgrad.ops.linalg.decompositions import (
    cholesky_inverse,
    eig,
    eigh,
    lstsq,
    lu_factor,
    matrix_rank,
    pinv,
    qr,
    svd,
)
from stepgrad.ops.linalg.dense import dense as dense
from stepgrad.ops.linalg.einsum import einsum
from stepgrad.ops.linalg.matmul import matmul
from stepgrad.ops.linalg.products import dot, inner, outer, tensordot, vdot
from stepgrad.ops.linalg.solving import cholesky, det, inv, logdet, slogdet, solve, solve_triangular

__all__ = [
    "cholesky", "cholesky_inverse", "det", "dot", "eig", "eigh", "einsum", "inner", "inv", "logdet", "lstsq",
    "lu_factor", "matmul", "matrix_rank", "outer", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd",
    "tensordot", "vdot",
]  # fmt: skip
