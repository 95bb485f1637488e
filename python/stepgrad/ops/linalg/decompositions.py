"""eigh, svd, qr, lu_factor, eig and lstsq: matrices taken apart, by LAPACK through NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.ops.composed.statistics import values_of
from stepgrad.ops.linalg.solving import Square
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor, wrap


class Eigh(Square):
    formula = r"x = V\,\mathrm{diag}(w)\,V^\top"
    gradient_formula = r"\bar x = V \big(\mathrm{diag}(\bar w) + F \odot (V^\top \bar V)\big) V^\top,\quad F_{ij} = \frac{1}{w_j - w_i},\ i \ne j"
    saves_inputs = ()
    saves_output = True
    outputs = 2

    def shape(self, x):
        return super().shape(x)[:-1], x

    def reference(self, x):
        self.shape(x.shape)
        x = np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2)
        return tuple(np.linalg.eigh(x))

    def gradient(self, step, gw, gv):
        w, v = step.outputs
        n = w.shape[-1]
        apart = public["expand_dims"](w, -2) - public["expand_dims"](w, -1)
        eye = np.eye(n, dtype=w.dtype)
        f = (1.0 - eye) / (apart + eye)
        vt = public["swapaxes"](v, -1, -2)
        inner = f * (vt @ gv) + eye * public["expand_dims"](gw, -2)
        gx = v @ inner @ vt
        gx = (
            gx + public["swapaxes"](gx, -1, -2)
        ) * 0.5  # x is read from its lower triangle: both halves move there
        return public["tril"](gx) + public["tril"](gx, -1)


_eigh = Eigh()


def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices. Only the lower triangle is read.

    The gradient needs eigenvalues that differ.

    Parameters
    ----------
    x : tensor, shape (..., n, n)

    Examples
    --------
    >>> w, v = eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> w.tolist()
    [1.0, 2.0]
    """
    return _eigh(x)


def eig(x: Any) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of matrices whose eigenvalues are real. No gradient flows through it.

    Examples
    --------
    >>> eig([[2.0, 1.0], [0.0, 1.0]])[0].tolist()
    [2.0, 1.0]
    """
    x = values_of("eig", x)
    w, v = np.linalg.eig(x)
    if np.iscomplexobj(w) and np.abs(w.imag).max() > 0:
        raise ArgumentError("an eigenvalue is complex, and tensors are real here", op="eig", got=str(w))
    return wrap(w.real.astype(x.dtype)), wrap(v.real.astype(x.dtype))


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition ``x = u diag(s) vh``; only `s` without `compute_uv`. No gradient flows through it.

    Examples
    --------
    >>> svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
    [4.0, 3.0]
    """
    x = values_of("svd", x)
    if not compute_uv:
        return wrap(np.linalg.svd(x, compute_uv=False))
    return tuple(wrap(part) for part in np.linalg.svd(x, full_matrices))


def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Decompose into a matrix with orthonormal columns and an upper triangle, ``x = q r``. No gradient flows through it.

    Parameters
    ----------
    mode : {"reduced", "complete"}

    Examples
    --------
    >>> q, r = qr([[0.0, 1.0], [2.0, 0.0]])
    >>> np.allclose(q.numpy() @ r.numpy(), [[0.0, 1.0], [2.0, 0.0]])
    True
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(
            "there is no such mode", op="qr", expected="'reduced' or 'complete'", got=repr(mode)
        )
    return tuple(
        wrap(part)
        for part in np.linalg.qr(values_of("qr", x), "reduced" if mode == "reduced" else "complete")
    )


def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """Gaussian elimination with row exchanges: both triangles in one matrix, and which row was exchanged with which.

    The unit diagonal of the lower triangle is not stored. No gradient flows through it.

    Examples
    --------
    >>> lu, pivots = lu_factor([[1.0, 2.0], [4.0, 4.0]])
    >>> lu.tolist(), pivots.tolist()
    ([[4.0, 4.0], [0.25, 1.0]], [1, 1])
    """
    lu = np.array(values_of("lu_factor", x))
    m, n = lu.shape[-2:]
    steps = min(m, n)
    pivots = np.zeros((*lu.shape[:-2], steps), np.int32)
    for index in np.ndindex(*lu.shape[:-2]):
        a = lu[index]
        for k in range(steps):
            best = k + int(np.abs(a[k:, k]).argmax())
            pivots[(*index, k)] = best
            a[[k, best]] = a[[best, k]]
            if a[k, k]:
                a[k + 1 :, k] /= a[k, k]
                a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return wrap(lu), wrap(pivots)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """The x that makes ``a x`` come nearest to `b`. No gradient flows through it.

    Parameters
    ----------
    a : tensor, shape (m, n)
    b : tensor, shape (m,) or (m, k)

    Examples
    --------
    >>> [round(v, 4) for v in lstsq([[1.0], [1.0]], [1.0, 3.0]).tolist()]
    [2.0]
    """
    a, b = values_of("lstsq", a), values_of("lstsq", b)
    return wrap(np.linalg.lstsq(a, b, rcond=rcond)[0])


def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """Moore and Penrose's inverse, also of matrices that have no other. No gradient flows through it.

    Examples
    --------
    >>> pinv([[2.0, 0.0]]).tolist()
    [[0.5], [0.0]]
    """
    x = values_of("pinv", x)
    return wrap(np.linalg.pinv(x, rcond=rcond) if rcond is not None else np.linalg.pinv(x))


def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """How many columns are independent: the singular values above `tol`. int32.

    Examples
    --------
    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
    return wrap(np.asarray(np.linalg.matrix_rank(values_of("matrix_rank", x), tol)).astype(np.int32))


def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """Inverse of the matrix whose Cholesky factor is `x`.

    Examples
    --------
    >>> cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    x = to_tensor(x)
    triangle = public["triu" if upper else "tril"](x)
    turned = public["swapaxes"](triangle, -1, -2)
    return public["inv"](turned @ triangle if upper else triangle @ turned)
