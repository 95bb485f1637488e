"""layer_norm and batch_norm: normalize by the statistics of the same array, in one op, and their gradients."""

from __future__ import annotations

import math

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import public


class AlongLastAxis(Op):
    """x [..., n] with a scale and an offset for each entry of the last axis. Native kernels get x as [rows, n]."""

    by_sample = True  # statistics of every row of [rows, n]; False: of every column

    def axes(self, ndim):
        """The axes along which the statistics are taken."""
        return (ndim - 1,) if self.by_sample else tuple(range(ndim - 1))

    def statistics_shape(self, x):
        return x[:-1] if self.by_sample else x[-1:]

    def spread(self, statistic):
        """Let a mean or a variance broadcast against x."""
        return statistic[..., None] if self.by_sample else statistic

    def mean(self, x):
        """The mean along the axes, kept with size 1; of nothing it is NaN."""
        axes = self.axes(x.ndim)
        if not x.size:
            return np.full([1 if a in axes else size for a, size in enumerate(x.shape)], np.nan, x.dtype)
        return x.mean(axes, keepdims=True)

    def check(self, x, **others):
        if not x:
            raise ShapeError(
                "there is no axis to normalize along", expected="at least one axis", got="shape ()"
            )
        for name, shape in others.items():
            if tuple(shape) != (x[-1],):
                raise ShapeError(
                    f"{name} must have one entry for each entry of the last axis",
                    expected=f"({x[-1]},) for x of shape {tuple(x)}",
                    got=str(tuple(shape)),
                )


def matrix(x):
    """Bring x to the kernels' layout, [rows, n]."""
    return contiguous(x).reshape(math.prod(x.shape[:-1]), x.shape[-1])


def flat(x):
    """Bring x to the kernels' layout, [n]."""
    return contiguous(x).reshape(-1)


class Norm(AlongLastAxis):
    """The common part of layer_norm and batch_norm: (x, scale, offset) -> (y, mean, variance)."""

    saves_inputs, saves_output = (0, 1), (1, 2)
    outputs = 3

    def shape(self, x, scale, offset, epsilon):
        self.check(x, scale=scale, offset=offset)
        return x, self.statistics_shape(x), self.statistics_shape(x)

    def reference(self, x, scale, offset, epsilon):
        shapes = self.shape(x.shape, scale.shape, offset.shape, epsilon)
        mean = self.mean(x)
        away = x - mean
        variance = self.mean(away * away)
        with np.errstate(divide="ignore", invalid="ignore"):  # epsilon 0 and equal entries: NaN
            y = away * (1 / np.sqrt(variance + epsilon)) * scale + offset
        return y, mean.reshape(shapes[1]), variance.reshape(shapes[2])

    def launch(self, native, x, scale, offset, epsilon):
        shapes = self.shape(x.shape, scale.shape, offset.shape, epsilon)
        y, mean, variance = (kernels.empty(shape, x.dtype) for shape in shapes)
        outputs = matrix(y), mean.reshape(-1), variance.reshape(-1)
        native(matrix(x), flat(scale), flat(offset), *outputs, epsilon)
        return y, mean, variance

    def gradient(self, step, gy, g_mean, g_variance):
        x, scale, _ = step.inputs
        _, mean, variance = step.outputs
        gx, g_scale, g_offset = self.gradient_op(x, scale, mean, variance, gy, **step.attrs)
        # Where nobody read the statistics, zeros come back.
        if any(g.requires_grad or g.array.any() for g in (g_mean, g_variance)):
            away = x - self.spread(mean)
            count = max(x.array.size // max(mean.array.size, 1), 1)
            gx = gx + (away * (2.0 * self.spread(g_variance)) + self.spread(g_mean)) / count
        return gx, g_scale, g_offset


class NormGradient(AlongLastAxis):
    """(x, scale, mean, variance, gy) -> (gx, g_scale, g_offset). It counts as a function of x, scale and gy alone."""

    saves_inputs = (0, 1, 4)
    outputs = 3

    def shape(self, x, scale, mean, variance, gy, epsilon):
        self.check(x, scale=scale)
        return x, scale, scale

    def reference(self, x, scale, mean, variance, gy, epsilon):
        away = x - self.spread(mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            r = 1 / np.sqrt(self.spread(variance) + epsilon)
            h, g = away * r, gy * scale
            gx = r * (g - self.mean(g) - h * self.mean(g * h))
        rows = tuple(range(x.ndim - 1))
        return gx, (gy * h).sum(rows), gy.sum(rows)

    def launch(self, native, x, scale, mean, variance, gy, epsilon):
        gx, g_scale, g_offset = (
            kernels.empty(shape, x.dtype) for shape in (x.shape, scale.shape, scale.shape)
        )
        inputs = matrix(x), flat(scale), flat(mean), flat(variance), matrix(gy)
        native(*inputs, matrix(gx), g_scale, g_offset, epsilon)
        return gx, g_scale, g_offset

    def gradient(self, step, u, v, w):
        # With r and h = (x - mean) r recomputed and P(q) = q - mean(q) - h mean(q h), the op is
        #   gx = r P(gy scale),  g_scale = sum gy h,  g_offset = sum gy,
        # and P is symmetric: what u says of gx becomes r P(u) before gy * scale. h passes its gradient to x as r P too.
        x, scale, _, _, gy = step.inputs
        axes, rows = self.axes(x.ndim), tuple(range(x.ndim - 1))

        def mean(q):
            return public["mean"](q, axes, True)

        away = x - mean(x)
        r = public["rsqrt"](mean(away * away) + step.attrs["epsilon"])
        h, g = away * r, gy * scale

        def project(q):
            return q - mean(q) - h * mean(q * h)

        through = r * project(u)
        to_h = gy * v - r * (u * mean(g * h) + g * mean(u * h))
        to_x = r * (project(to_h) - h * mean(u * r * project(g)))
        return to_x, (gy * through).sum(rows), None, None, scale * through + h * v + w


_Y = r"y = (x - \mu)\, r \odot \gamma + \beta,\quad r = \frac{1}{\sqrt{v + \epsilon}}"
_H = r"h = (x - \mu)\, r,\quad r = \frac{1}{\sqrt{v + \epsilon}}"
_BACK = (
    r"\bar x = r \big(g - \operatorname{mean}(g) - h \operatorname{mean}(g h)\big),\quad"
    r" \bar\gamma = \sum \bar y \odot h,\quad \bar\beta = \sum \bar y,\quad g = \bar y \odot \gamma,\quad "
    + _H
)
_TWICE = (
    r"P(q) = q - \operatorname{mean}(q) - h \operatorname{mean}(q h),\quad"
    r" \bar{\bar y} = \gamma \odot r P(\bar{\bar x}) + h \odot \bar{\bar\gamma} + \bar{\bar\beta}"
)
_ROW, _COLUMN = (rf",\quad \mu, v \text{{: mean and variance of every {what}}}" for what in ("row", "column"))


class LayerNormGradient(NormGradient):
    formula, gradient_formula = _BACK, _TWICE


class BatchNormGradient(NormGradient):
    formula, gradient_formula = _BACK, _TWICE
    by_sample = False


class LayerNorm(Norm):
    formula, gradient_formula = _Y + _ROW, _BACK
    gradient_op = LayerNormGradient()


class BatchNorm(Norm):
    formula, gradient_formula = _Y + _COLUMN, _BACK
    gradient_op = BatchNormGradient()
    by_sample = False


layer_norm = LayerNorm()
batch_norm = BatchNorm()
