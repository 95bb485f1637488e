"""Cases of inverses, determinants and decompositions, expected by cofactors and by what they are defined by."""

import itertools

import numpy as np

from ops.harness import Case, Input, x32
from stepgrad import ops


def _regular(rng, shape):
    """Away from singular, and with eigenvalues that differ: a strong diagonal."""
    n = shape[-1]
    return 0.3 * rng.normal(size=shape) + np.diag(np.arange(1, n + 1) + 1.0)


def _positive(rng, shape):
    x = _regular(rng, shape)
    return x @ np.swapaxes(x, -1, -2)


def _det(x):
    """Leibniz's formula."""
    n, total = x.shape[-1], 0.0
    for order in itertools.permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(order)])
        total = total + sign * np.prod([x[..., i, j] for i, j in enumerate(order)], axis=0)
    return np.asarray(total)


def _minor(x, i, j):
    return np.delete(np.delete(x, i, -2), j, -1)


def _inv(x):
    """Cramer's rule."""
    n = x.shape[-1]
    rows = [[(-1) ** (i + j) * _det(_minor(x, j, i)) for j in range(n)] for i in range(n)]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1)) / _det(x)[..., None, None]


def _cholesky(x):
    y = np.zeros_like(x)
    for i in range(x.shape[-1]):
        for j in range(i + 1):
            rest = x[..., i, j] - np.sum(y[..., i, :j] * y[..., j, :j], -1)
            y[..., i, j] = np.sqrt(rest) if i == j else rest / y[..., j, j]
    return y


def _eigenvalues(x):
    """For 2 x 2, from trace and determinant."""
    x = np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2)
    half, det = (x[..., 0, 0] + x[..., 1, 1]) / 2, _det(x)
    root = np.sqrt(half**2 - det)
    return np.stack([half - root, half + root], -1)


BATCH = [((2, 3, 3),), ((1, 1),), ((2, 2),)]
NOT_SQUARE = "square matrix"
CASES = [
    Case(
        "inv", ops.inv, [Input((3, 3), _regular)], expected=_inv, shapes=BATCH[::2],
        errors=[(lambda: ops.inv(x32(2, 3)), NOT_SQUARE), (lambda: ops.inv(x32(2, 2)), "singular")],
        batch=(), tolerance={"float32": 1e-4}, why="the condition number of the matrix",
    ),
    Case(
        "det", ops.det, [Input((3, 3), _regular)], expected=_det, shapes=BATCH, batch=(),
        errors=[(lambda: ops.det(x32(2, 3)), NOT_SQUARE)],
        tolerance={"float32": 1e-4}, why="elimination and Leibniz's sum round differently",
    ),
    Case(
        "slogdet", ops.slogdet, [Input((3, 3), _regular)], expected=lambda x: (np.sign(_det(x)), np.log(np.abs(_det(x)))),
        shapes=BATCH, batch=(), errors=[(lambda: ops.slogdet(x32(2, 3)), NOT_SQUARE)],
        tolerance={"float32": 1e-4}, why="elimination and Leibniz's sum round differently",
    ),
    Case(
        "solve", ops.solve, [Input((3, 3), _regular), Input((3, 2))], expected=lambda a, b: _inv(a) @ b,
        shapes=[((2, 3, 3), (2, 3, 1))], batch=(),
        errors=[(lambda: ops.solve(x32(3, 3), x32(2, 2)), "do not fit"), (lambda: ops.solve(x32(2, 3, 3), x32(1, 3, 2)), "same leading axes")],
        tolerance={"float32": 1e-4}, why="the condition number of the matrix",
    ),
    Case(
        "cholesky", ops.cholesky, [Input((3, 3), _positive)], expected=_cholesky, shapes=BATCH, batch=(),
        errors=[(lambda: ops.cholesky(x32(2, 3)), NOT_SQUARE), (lambda: ops.cholesky(-np.eye(2)), "positive definite")],
        tolerance={"float32": 1e-4}, why="square roots of differences",
    ),
    Case(
        "eigh", lambda x: ops.eigh(x)[0], [Input((2, 2), _positive)], expected=_eigenvalues, shapes=[((3, 2, 2),)], batch=(),
        errors=[(lambda: ops.eigh(x32(2, 3)), NOT_SQUARE)],
        tolerance={"float32": 1e-3}, why="the root of a difference loses digits in the expectation",
    ),
    Case(
        "eigh", lambda x: (lambda w, v: ops.matmul(v * ops.exp(-w), ops.swapaxes(v, -1, -2)))(*ops.eigh(x)),
        [Input((2, 2), _positive)], label="matrix_exponential",
    ),
]  # fmt: skip
