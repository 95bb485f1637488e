"""Convolution, forward and both gradients: our top rungs against PyTorch in both of its layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from stepgrad import kernels
from stepgrad.bench.libraries import CHANNELS_LAST, JAX, TENSORFLOW, TORCH

TOLERANCE = 2e-4
PASSES = {"forward": "conv2d", "input": "conv2d_input_gradient", "weights": "conv2d_weight_gradient"}


class Convolution(NamedTuple):
    """Square images and filters; the same padding on all sides."""

    batch: int
    side: int
    channels: int
    filters: int
    kernel: int = 3
    padding: int = 0

    @property
    def out(self) -> int:
        return self.side + 2 * self.padding - self.kernel + 1

    @property
    def title(self) -> str:
        ends = f"{self.kernel}x{self.kernel}{' same' if self.padding else ''}"
        return f"{self.batch}x{self.side}x{self.side}x{self.channels} to {self.filters}, {ends}"

    @property
    def flops(self) -> float:
        return 2.0 * self.batch * self.out**2 * self.filters * self.kernel**2 * self.channels

    @property
    def intensity(self) -> float:
        """FLOPs for each byte of images, filters and results in float32; the same in all three passes."""
        moved = self.batch * (self.side**2 * self.channels + self.out**2 * self.filters)
        return self.flops / (4.0 * (moved + self.kernel**2 * self.channels * self.filters))


CONVOLUTIONS = {
    c.title: c
    for c in (
        Convolution(32, 32, 3, 32), Convolution(32, 15, 32, 64, padding=1), Convolution(32, 28, 1, 32),
        Convolution(16, 28, 128, 128, padding=1), Convolution(32, 24, 32, 64, kernel=5), Convolution(32, 28, 64, 64, kernel=1),
        Convolution(8, 112, 3, 64, padding=1),
    )
}  # fmt: skip


def _arrays(c: Convolution):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((c.batch, c.side, c.side, c.channels), np.float32)
    w = rng.standard_normal((c.kernel, c.kernel, c.channels, c.filters), np.float32)
    return x, w, rng.standard_normal((c.batch, c.out, c.out, c.filters), np.float32)


def _call(title: str, which: str, rung: int, dtype: type = np.float32) -> Callable[[], Any]:
    c = CONVOLUTIONS[title]
    x, w, gy = (a.astype(dtype, copy=False) for a in _arrays(c))
    padding = {"padding": ((c.padding,) * 2,) * 2}
    calls: dict[str, tuple[tuple, dict]] = {
        "forward": ((x, w), padding),
        "input": ((gy, w), {**padding, "input_size": (c.side, c.side)}),
        "weights": ((x, gy), {**padding, "kernel_size": (c.kernel, c.kernel)}),
    }
    arrays, attrs = calls[which]
    function = kernels.rungs(PASSES[which])[rung].function
    return lambda: function(*arrays, **attrs)


def expected(title: str, which: str) -> tuple[np.ndarray, ...]:
    """Return what the reference computes in float64."""
    return (_call(title, which, 0, np.float64)(),)


def load(library: str, title: str, which: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a call without arguments, what it computed)."""
    if library in (TORCH.name, CHANNELS_LAST.name):
        run = _torch(CONVOLUTIONS[title], which, library == CHANNELS_LAST.name)
        order = (2, 3, 1, 0) if which == "weights" else (0, 2, 3, 1)
        return run, (run().permute(order).contiguous().numpy(),)
    others = {JAX.name: _jax, TENSORFLOW.name: _tensorflow}
    run = others[library](CONVOLUTIONS[title], which) if library in others else _call(title, which, -1)
    return run, (np.asarray(run()),)


def _torch(c: Convolution, which: str, channels_last: bool) -> Callable[[], Any]:
    import torch

    layout = torch.channels_last if channels_last else torch.contiguous_format
    x, w, gy = map(torch.from_numpy, _arrays(c))
    x, gy = (a.permute(0, 3, 1, 2).contiguous(memory_format=layout) for a in (x, gy))
    w = w.permute(3, 2, 0, 1).contiguous(memory_format=layout)
    if which == "forward":
        return lambda: torch.nn.functional.conv2d(x, w, padding=c.padding)
    padding, mask = [c.padding] * 2, [which == "input", which == "weights", False]
    backward, ones, zeros = torch.ops.aten.convolution_backward, [1, 1], [0, 0]
    wanted = 0 if which == "input" else 1
    return lambda: backward(gy, x, w, None, ones, padding, ones, False, zeros, 1, mask)[wanted]


def _jax(c: Convolution, which: str) -> Callable[[], Any]:
    import jax

    x, w, gy = map(jax.numpy.asarray, _arrays(c))
    padding, layout = [(c.padding, c.padding)] * 2, ("NHWC", "HWIO", "NHWC")

    def forward(x, w):
        return jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=layout)

    functions = {
        "forward": forward,
        "input": lambda x, w: jax.vjp(lambda x: forward(x, w), x)[1](gy)[0],
        "weights": lambda x, w: jax.vjp(lambda w: forward(x, w), w)[1](gy)[0],
    }
    function = jax.jit(functions[which])
    return lambda: function(x, w).block_until_ready()


def _tensorflow(c: Convolution, which: str) -> Callable[[], Any]:
    import tensorflow as tf

    arrays = _arrays(c)
    x, w, gy = map(tf.constant, arrays)
    ones, around = [1, 1, 1, 1], [0, 0, c.padding, c.padding, c.padding, c.padding, 0, 0]
    common = {"strides": ones, "padding": "EXPLICIT", "explicit_paddings": around}
    raw = tf.raw_ops
    functions = {
        "forward": lambda: raw.Conv2D(input=x, filter=w, **common),
        "input": lambda: raw.Conv2DBackpropInput(
            input_sizes=arrays[0].shape, filter=w, out_backprop=gy, **common
        ),
        "weights": lambda: raw.Conv2DBackpropFilter(
            input=x, filter_sizes=arrays[1].shape, out_backprop=gy, **common
        ),
    }
    return functions[which]
