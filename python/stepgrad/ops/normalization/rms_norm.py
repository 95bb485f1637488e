"""rms_norm: divide every row by its root mean square and scale it, in one op, and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad import kernels
from stepgrad.ops.normalization.fused import AlongLastAxis, flat, matrix
from stepgrad.tape.state import public


class RmsNormGradient(AlongLastAxis):
    """(x, scale, mean_square, gy) -> (gx, g_scale). It counts as a function of x, scale and gy alone."""

    formula = (
        r"\bar x = r \big(g - h \operatorname{mean}(g h)\big),\quad \bar\gamma = \sum \bar y \odot h,\quad"
        r" g = \bar y \odot \gamma,\ h = x r,\ r = \frac{1}{\sqrt{\operatorname{mean}(x^2) + \epsilon}}"
    )
    gradient_formula = (
        r"P(q) = q - h \operatorname{mean}(q h):\quad"
        r" \bar{\bar y} = \gamma \odot r P(\bar{\bar x}) + h \odot \bar{\bar\gamma}"
    )
    saves_inputs = (0, 1, 3)
    outputs = 2

    def shape(self, x, scale, mean_square, gy, epsilon):
        self.check(x, scale=scale)
        return x, scale

    def reference(self, x, scale, mean_square, gy, epsilon):
        with np.errstate(divide="ignore", invalid="ignore"):
            r = 1 / np.sqrt(mean_square[..., None] + epsilon)
            h, g = x * r, gy * scale
            gx = r * (g - h * self.mean(g * h))
        return gx, (gy * h).sum(tuple(range(x.ndim - 1)))

    def launch(self, native, x, scale, mean_square, gy, epsilon):
        gx, g_scale = (kernels.empty(shape, x.dtype) for shape in (x.shape, scale.shape))
        native(matrix(x), flat(scale), flat(mean_square), matrix(gy), matrix(gx), g_scale, epsilon)
        return gx, g_scale

    def gradient(self, step, u, v):
        # With P(q) = q - h mean(q h), which is symmetric, gx = r P(gy scale) and g_scale = sum gy h. What reaches h goes to
        # x as r P, because h = x r(x); so does, with r's own derivative -r^2 h / n, what r brings into gx.
        x, scale, _, gy = step.inputs
        rows = tuple(range(x.ndim - 1))

        def mean(q):
            return public["mean"](q, -1, True)

        r = public["rsqrt"](mean(x * x) + step.attrs["epsilon"])
        h, g = x * r, gy * scale

        def project(q):
            return q - h * mean(q * h)

        through = r * project(u)
        to_h = gy * v - r * (u * mean(g * h) + g * mean(u * h))
        to_x = r * (project(to_h) - h * mean(u * r * project(g)))
        return to_x, (gy * through).sum(rows), None, scale * through + h * v


class RmsNorm(AlongLastAxis):
    """(x, scale) -> (y, mean_square)."""

    formula = r"y = x\, r \odot \gamma,\quad r = \frac{1}{\sqrt{\operatorname{mean}(x^2) + \epsilon}}"
    gradient_formula = RmsNormGradient.formula
    saves_output = (1,)
    outputs = 2
    gradient_op = RmsNormGradient()

    def shape(self, x, scale, epsilon):
        self.check(x, scale=scale)
        return x, x[:-1]

    def reference(self, x, scale, epsilon):
        self.shape(x.shape, scale.shape, epsilon)
        mean_square = self.mean(x * x)
        with np.errstate(divide="ignore", invalid="ignore"):  # epsilon 0 and a row of zeros: NaN
            y = x * (1 / np.sqrt(mean_square + epsilon)) * scale
        return y, mean_square[..., 0]

    def launch(self, native, x, scale, epsilon):
        y, mean_square = (kernels.empty(s, x.dtype) for s in self.shape(x.shape, scale.shape, epsilon))
        native(matrix(x), flat(scale), matrix(y), mean_square.reshape(-1), epsilon)
        return y, mean_square

    def gradient(self, step, gy, g_mean_square):
        x, scale = step.inputs
        gx, g_scale = self.gradient_op(x, scale, step.outputs[1], gy, **step.attrs)
        if g_mean_square.requires_grad or g_mean_square.array.any():  # zeros where nobody read it
            gx = gx + x * (2.0 / max(x.shape[-1], 1) * g_mean_square[..., None])
        return gx, g_scale


rms_norm = RmsNorm()
