"""inv, det, solve, cholesky and their relatives, on the last two axes, by LAPACK through NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import Op, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def _t(x: Any) -> Any:
    return public["swapaxes"](x, -1, -2)


class Square(Op):
    """An op on square matrices [..., n, n]."""

    saves_inputs: tuple[int, ...] | None = ()

    def shape(self, x):
        if len(x) < 2 or (None not in x[-2:] and x[-1] != x[-2]):
            raise ShapeError("a square matrix is needed", expected="(..., n, n)", got=str(x))
        return x

    def explain(self, error, arrays, attrs):
        if isinstance(error, np.linalg.LinAlgError):
            return ArgumentError(
                str(error).lower(),
                got=f"shape {arrays[0].shape}",
                fix="add a small multiple of the identity: x + 1e-6 * eye(n)",
            )
        return super().explain(error, arrays, attrs)


class Inv(Square):
    formula = r"y = x^{-1}"
    gradient_formula = r"\bar x = -y^\top \bar y\, y^\top"
    saves_output = True

    def reference(self, x):
        self.shape(x.shape)
        return np.linalg.inv(x)

    def gradient(self, step, gy):
        yt = _t(step.output)
        return -(yt @ gy @ yt)


class Det(Square):
    formula = r"y = \det x"
    gradient_formula = r"\bar x = \bar y\, y\, x^{-\top}"
    saves_inputs = None
    saves_output = True

    def shape(self, x):
        return super().shape(x)[:-2]

    def reference(self, x):
        self.shape(x.shape)
        return np.linalg.det(x)

    def gradient(self, step, gy):
        scale = gy * step.output
        return public["reshape"](scale, (*scale.shape, 1, 1)) * _t(_inv(step.inputs[0]))


class Slogdet(Square):
    formula = r"s = \operatorname{sign} \det x,\quad y = \ln |\det x|"
    gradient_formula = r"\bar x = \bar y\, x^{-\top}"
    saves_inputs = None
    outputs = 2

    def shape(self, x):
        return (super().shape(x)[:-2],) * 2

    def reference(self, x):
        self.shape(x.shape)
        return tuple(np.linalg.slogdet(x))

    def gradient(self, step, g_sign, gy):
        return public["reshape"](gy, (*gy.shape, 1, 1)) * _t(_inv(step.inputs[0]))


class Solve(Op):
    formula = r"y = a^{-1} b"
    gradient_formula = r"\bar b = a^{-\top} \bar y,\quad \bar a = -\bar b\, y^\top"
    saves_inputs = (0,)
    saves_output = True

    def shape(self, a, b):
        if len(a) < 2 or len(b) < 2 or len({a[-1], a[-2], b[-2]} - {None}) > 1:
            raise ShapeError(
                "the equations do not fit", expected="a (..., n, n) and b (..., n, k)", got=f"{a} and {b}"
            )
        if a[:-2] != b[:-2]:
            raise ShapeError("a and b need the same leading axes", expected=str(a[:-2]), got=str(b[:-2]))
        return b

    def reference(self, a, b):
        self.shape(a.shape, b.shape)
        return np.linalg.solve(a, b)

    def gradient(self, step, gy):
        gb = _solve(_t(step.inputs[0]), gy)
        return -(gb @ _t(step.output)) if step.needs(0) else None, gb


class Cholesky(Square):
    formula = r"x = y y^\top,\quad y \text{ lower triangular}"
    gradient_formula = (
        r"\bar x = \tfrac{1}{2} (s + s^\top),\quad s = y^{-\top} \Phi(y^\top \bar y)\, y^{-1},\quad "
        r"\Phi: \text{lower triangle, half the diagonal}"
    )
    saves_output = True

    def reference(self, x):
        self.shape(x.shape)
        return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)

    def gradient(self, step, gy):
        y = step.output
        inverse = _inv(y)
        product = _t(y) @ public["tril"](gy)
        half = public["tril"](product) * (1.0 - 0.5 * np.eye(y.shape[-1], dtype=y.dtype))
        s = _t(inverse) @ half @ inverse
        return (s + _t(s)) * 0.5


_inv = Inv()
_det = Det()
_slogdet = Slogdet()
_solve = Solve()
_cholesky = Cholesky()


def inv(x: Any) -> Tensor:
    """Inverse of matrices.

    Parameters
    ----------
    x : tensor, shape (..., n, n)

    Raises
    ------
    ArgumentError
        If a matrix has no inverse.

    Examples
    --------
    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return _inv(x)


def det(x: Any) -> Tensor:
    """Determinant of matrices, shape (..., n, n).

    Examples
    --------
    >>> det([[2.0, 0.0], [0.0, 4.0]]).item()
    8.0
    """
    return _det(x)


def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Sign of the determinant, and the logarithm of its magnitude, which neither over- nor underflows.

    Examples
    --------
    >>> sign, log = slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> sign.item(), log.item()
    (-1.0, 0.0)
    """
    return _slogdet(x)


def logdet(x: Any) -> Tensor:
    """Logarithm of the determinant of positive definite matrices.

    Examples
    --------
    >>> logdet([[1.0, 0.0], [0.0, 1.0]]).item()
    0.0
    """
    return slogdet(x)[1]


def solve(a: Any, b: Any) -> Tensor:
    """The x with ``a x = b``.

    Parameters
    ----------
    a : tensor, shape (..., n, n)
    b : tensor, shape (..., n) or (..., n, k)

    Examples
    --------
    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    a, b = to_tensor(a), to_tensor(b)
    if b.ndim == a.ndim - 1:
        return public["squeeze"](_solve(a, public["expand_dims"](b, -1)), -1)
    return _solve(a, b)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """`solve` for a triangle; what stands in the other one is not read.

    Examples
    --------
    >>> solve_triangular([[2.0, 1.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
    [0.5, 1.0]
    """
    return solve(public["tril" if lower else "triu"](a), b)


def cholesky(x: Any, upper: bool = False) -> Tensor:
    """The lower triangle y with ``y y^T = x``, for symmetric positive definite matrices; its transpose with `upper`.

    Examples
    --------
    >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return _t(_cholesky(x)) if upper else _cholesky(x)
