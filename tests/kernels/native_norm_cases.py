"""Calls of the normalization kernels, with the answer of NumPy in float64."""

import numpy as np

from kernels.native_case import SIZES, Case, Out, draw, rounded

NORM_EPSILON = 0.01


def batch_norm_statistics(op, rng):
    for n in (1, 2, 5, 255, 256, 257, 1000, 2500):
        for c in (1, 3, 6, 8, 17):  # several rows are taken for one where columns do not fill a vector
            x = rounded(draw(rng, n, c) + 100)  # a mean far from 0: the one-pass formula would fail here
            yield Case((x, Out(x.mean(axis=0)), Out(x.var(axis=0))), rtol=1e-5, atol=1e-6)
    yield Case((np.zeros((0, 3)), Out(np.full(3, np.nan)), Out(np.full(3, np.nan))))
    yield Case((np.zeros((3, 0)), Out(np.zeros(0)), Out(np.zeros(0))))


def _norm_inputs(op, rng):
    """x, scale, offset, then mean and variance, which broadcast against x, and the axes of the statistics."""
    for rows, n in (
        [(3, n) for n in SIZES if n]
        + [(rows, n) for rows in (1, 4, 5, 31, 33, 255, 257, 1000) for n in (3, 9)]
        + [(2500, 4), (70, 70)]
        + [(0, 5), (70, 0)]
    ):
        axis = 1 if op.startswith("layer") else 0
        x = rounded(draw(rng, rows, n) + 10)
        count = max(x.shape[axis], 1) if x.size else np.nan  # the mean of nothing is NaN
        mean = x.sum(axis, keepdims=True) / count
        variance = np.square(x - mean).sum(axis, keepdims=True) / count
        yield x, draw(rng, n), draw(rng, n), mean, variance, axis


def rms_norm(op, rng):
    for x, scale, _, _, _, _ in _norm_inputs("layer", rng):
        mean_square = np.square(x).sum(1) / max(x.shape[1], np.nan if not x.size else 1)
        y = x / np.sqrt(mean_square + NORM_EPSILON)[:, None] * scale
        yield Case((x, scale, Out(y), Out(mean_square), NORM_EPSILON))


def rms_norm_gradient(op, rng):
    for x, scale, _, _, _, _ in _norm_inputs("layer", rng):
        dy, n = draw(rng, *x.shape), max(x.shape[1], 1)
        mean_square = rounded(np.square(x).sum(1) / n)
        r = 1 / np.sqrt(mean_square + NORM_EPSILON)[:, None]
        h, g = x * r, dy * scale
        outputs = Out(r * (g - h * ((g * h).sum(1, keepdims=True) / n))), Out((dy * h).sum(0))
        yield Case(
            (x, scale, mean_square, dy, *outputs, NORM_EPSILON), rtol=2e-5, atol=5e-5
        )  # sums over rows


def norm(op, rng):
    for x, scale, offset, mean, variance, _ in _norm_inputs(op, rng):
        y = (x - mean) / np.sqrt(variance + NORM_EPSILON) * scale + offset
        outputs = Out(y), Out(mean.reshape(-1)), Out(variance.reshape(-1))
        yield Case((x, scale, offset, *outputs, NORM_EPSILON), atol=1e-5)  # x - mean loses a digit


def norm_gradient(op, rng):
    for x, scale, _, mean, variance, axis in _norm_inputs(op, rng):
        dy, mean, variance = draw(rng, *x.shape), rounded(mean), rounded(variance)
        r = 1 / np.sqrt(variance + NORM_EPSILON)
        h, g = (x - mean) * r, dy * scale
        count = max(x.shape[axis], 1)
        dx = r * (g - g.sum(axis, keepdims=True) / count - h * ((g * h).sum(axis, keepdims=True) / count))
        outputs = Out(dx), Out((dy * h).sum(0)), Out(dy.sum(0))
        # Sums over rows are compared with the size of what was added; a row of one entry has r = 10.
        yield Case(
            (x, scale, mean.reshape(-1), variance.reshape(-1), dy, *outputs, NORM_EPSILON),
            rtol=2e-5,
            atol=5e-5,
        )
