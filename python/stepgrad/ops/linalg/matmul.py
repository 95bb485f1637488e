"""matmul: the matrix product, batched and broadcast as NumPy's @."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, broadcast, contiguous, registry
from stepgrad.tape.state import state
from stepgrad.tape.tensor import Tensor


class Matmul(Op):
    formula = r"Y = A B"
    gradient_formula = r"\bar A = \bar Y B^{T},\quad \bar B = A^{T} \bar Y"
    promote = "same"
    straight = True
    ufunc: Any = np.matmul

    def shape(self, a, b, transpose_a=False, transpose_b=False):
        if not a or not b:
            raise ShapeError("a number has no matrix product", got=f"{a} @ {b}", fix="use * for scaling")
        if (transpose_a and len(a) == 1) or (transpose_b and len(b) == 1):
            raise ShapeError(
                "a vector has no transpose", got=f"{a} @ {b}", fix="make it a matrix: v[:, None]"
            )
        batch = broadcast(a[:-2], b[:-2])
        m, k = (a[-2:] if not transpose_a else a[-1:-3:-1]) if len(a) > 1 else (None, a[0])
        k2, n = (b[-2:] if not transpose_b else b[-1:-3:-1]) if len(b) > 1 else (b[0], None)
        if k != k2 and k is not None and k2 is not None:
            raise ShapeError(
                "the inner sizes differ",
                expected="columns of a == rows of b",
                got=f"{a} @ {b}: {k} != {k2}",
                fix="did you forget Flatten, or to transpose one of them?",
            )
        return batch + ((m,) if len(a) > 1 else ()) + ((n,) if len(b) > 1 else ())

    def reference(self, a, b, transpose_a=False, transpose_b=False):
        a = np.swapaxes(a, -1, -2) if transpose_a else a
        b = np.swapaxes(b, -1, -2) if transpose_b else b
        return np.matmul(a, b)

    def launch(self, native, a, b, transpose_a=False, transpose_b=False):
        shape = self.shape(a.shape, b.shape, transpose_a, transpose_b)
        if a.ndim < 2 or b.ndim < 2:
            return NotImplemented
        batch = shape[:-2]
        if a.ndim > 2 and b.ndim == 2 and not transpose_a:  # x [batch, time, k] @ w: one tall product
            a = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
        elif a.shape[:-2] not in ((), batch) or b.shape[:-2] not in ((), batch):
            return NotImplemented
        a = contiguous(a).reshape(math.prod(a.shape[:-2]), *a.shape[-2:])
        b = contiguous(b).reshape(math.prod(b.shape[:-2]), *b.shape[-2:])
        m = a.shape[2 if transpose_a else 1]
        out = kernels.empty((max(len(a), len(b)) if len(a) and len(b) else 0, m, shape[-1]), a.dtype)
        native(a, b, out, transpose_a, transpose_b)
        return out.reshape(shape)

    def gradient(self, step, gy):
        return matmul_gradients(step, gy)


def matrix_product(a, b, **attrs):
    """Multiply with the op that the running layer's dtype policy asks for."""
    return (registry["matmul_bf16"] if state.bfloat16 else _matmul)(a, b, **attrs)


def matmul_gradients(step, gy, product=None):
    """Return the gradients of the two factors, the first two inputs of `step`; `product` is the op that multiplies."""
    product = product or _matmul
    a, b = step.inputs[:2]
    if a.ndim == 1 or b.ndim == 1:  # as matrices, then back: the tape sums over what was added
        return _vector_gradients(a, b, gy, product)
    ta, tb = step.attrs.get("transpose_a", False), step.attrs.get("transpose_b", False)
    ga = gb = None
    if step.needs(0):
        ga = product(b, gy, transpose_a=tb, transpose_b=True) if ta else product(gy, b, transpose_b=not tb)
    if step.needs(1):
        if a.ndim > 2 and b.ndim == 2 and not ta and not tb:  # sum over the batch inside one product
            gb = product(_rows(a), _rows(gy), transpose_a=True)
        elif tb:
            gb = product(gy, a, transpose_a=True, transpose_b=ta)
        else:
            gb = product(a, gy, transpose_a=not ta)
    return ga, gb


def _vector_gradients(a, b, gy, product):
    rows = a.reshape((1, -1)) if a.ndim == 1 else a
    columns = b.reshape((-1, 1)) if b.ndim == 1 else b
    gy = gy.reshape(product.shape(rows.shape, columns.shape))
    ga, gb = product(gy, columns, transpose_b=True), product(rows, gy, transpose_a=True)
    return (
        _sum_to(ga, rows.shape).reshape(a.shape),
        _sum_to(gb, columns.shape).reshape(b.shape),
    )


def _rows(x):
    return x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _sum_to(g, shape):
    extra = g.ndim - len(shape)
    return g.sum(tuple(range(extra))) if extra else g


_matmul = Matmul()


def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix product over the last two axes; the axes before them broadcast.

    Parameters
    ----------
    x1 : tensor, shape (..., M, K) or (K,)
    x2 : tensor, shape (..., K, N) or (K,)

    Raises
    ------
    ShapeError
        If the inner sizes differ.

    Examples
    --------
    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    return matrix_product(x1, x2)
