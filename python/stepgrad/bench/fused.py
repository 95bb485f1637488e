"""Inputs for the ops that do the work of several in one kernel: attention, recurrent networks, dense and convolution with bias.

Each function returns (label, arrays, attrs, FLOPs of its products).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.linalg.bfloat16 import nearest

BATCH, TIME, HEADS, HEAD = 16, 64, 4, 32  # the GPT of the training steps
FEATURES, UNITS = 32, 128  # the LSTM of the training steps

Inputs = tuple[str, tuple[np.ndarray, ...], dict[str, Any], float]


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def _factor(op: str, rng: np.random.Generator, *shape: int) -> np.ndarray:
    """A factor of the op's products: rounded where the op does, because float64, which is compared with, rounds nothing."""
    x = _normal(rng, *shape)
    return nearest(x) if "_bf16" in op else x


def attention(op: str, size: int | None, rng: np.random.Generator) -> Inputs:
    """Causal self-attention; the gradient's five products against two forward."""
    time = size or TIME
    q, k, v, gy = (_factor(op, rng, BATCH, time, HEADS, HEAD) for _ in range(4))
    attrs = {"scale": HEAD**-0.5, "causal": True}
    arrays: tuple[np.ndarray, ...] = (q, k, v)
    products = 2
    if op.endswith("_gradient"):
        arrays, products = (q, k, v, *_reference(op.removesuffix("_gradient"), *arrays, **attrs), gy), 5
    label = f"{BATCH} x {time} steps, {HEADS} heads of {HEAD}, causal"
    seen = BATCH * HEADS * time * (time + 1) / 2
    return label, arrays, attrs, products * 2.0 * seen * HEAD


def sequence(op: str, size: int | None, rng: np.random.Generator) -> Inputs:
    """An LSTM or a GRU over a sequence; backward does each product twice, for its two factors."""
    time, lstm = size or TIME, op.startswith("lstm")
    gates, states = (4, 2) if lstm else (3, 1)
    wide = gates * UNITS
    kernel, recurrent = (_normal(rng, n, wide) / np.float32(np.sqrt(n)) for n in (FEATURES, UNITS))
    bias = _normal(rng, wide) if lstm else _normal(rng, 2, wide)
    start = [_normal(rng, BATCH, UNITS) for _ in range(states)]
    x = _normal(rng, BATCH, time, FEATURES)
    flops = 2.0 * BATCH * time * (FEATURES + UNITS) * wide
    label = f"{BATCH} x {time} steps, {FEATURES} to {UNITS} units"
    if not op.endswith("_gradient"):
        return label, (x, kernel, recurrent, bias, *start), {"sequences": True, "keep": False}, flops
    forward = op.removesuffix("_gradient")
    hs, *rest = _reference(forward, x, kernel, recurrent, bias, *start, sequences=True, keep=True)
    kept, gradients = rest[states:], [_normal(rng, *a.shape) for a in (hs, *start)]
    return label, (x, kernel, recurrent, *start, hs, *kept, *gradients), {"wants_x": True}, 2 * flops


def dense(op: str, size: int | None, rng: np.random.Generator) -> Inputs:
    """A layer of n to n units on 32 rows; two products on the way back."""
    n, rows = size or 1000, 32
    x, w, b = _factor(op, rng, rows, n), _factor(op, rng, n, n), _normal(rng, n)
    arrays: tuple[np.ndarray, ...] = (x, w, b)
    attrs, products = {"activation": "relu"}, 1
    if op.endswith("_gradient"):
        y = _reference(op.removesuffix("_gradient"), *arrays, **attrs)
        arrays, products = (x, w, y, _factor(op, rng, rows, n)), 2
    return f"{rows} x {n} to {n} units, relu", arrays, attrs, products * 2.0 * rows * n * n


def bias_activation(op: str, size: int | None, rng: np.random.Generator) -> Inputs:
    """What follows the first layer of a network for photos."""
    pixels, channels = size or 32 * 32 * 32, 32
    x, b = _normal(rng, pixels, channels), _normal(rng, channels)
    arrays = (np.maximum(x, 0), _normal(rng, pixels, channels)) if op.endswith("_gradient") else (x, b)
    return f"{pixels:,} pixels of {channels} channels, relu", arrays, {"activation": "relu"}, 0.0


def convolution(op: str, size: int | None, rng: np.random.Generator) -> Inputs:
    """The first layer of a network for photos."""
    batch, side, filters = 32, size or 32, 32
    arrays = (_normal(rng, batch, side, side, 3), _normal(rng, 3, 3, 3, filters), _normal(rng, filters))
    attrs = {"relu": True, "padding": ((1, 1), (1, 1))}
    label = f"{batch} images {side} x {side}, 3 to {filters} channels, 3 x 3, relu"
    return label, arrays, attrs, 2.0 * batch * side**2 * 27 * filters


def _reference(op: str, *arrays: np.ndarray, **attrs: Any) -> Any:
    return kernels.rungs(op)[0].function(*arrays, **attrs)


INPUTS: dict[str, Callable[[str, int | None, np.random.Generator], Inputs]] = {
    **dict.fromkeys(
        (f"attention{kind}{end}" for kind in ("", "_bf16") for end in ("", "_gradient")), attention
    ),
    **dict.fromkeys(
        (f"{kind}_sequence{end}" for kind in ("lstm", "gru") for end in ("", "_gradient")), sequence
    ),
    **dict.fromkeys((f"dense{kind}{end}" for kind in ("", "_bf16") for end in ("", "_gradient")), dense),
    **dict.fromkeys(("bias_activation", "bias_activation_gradient"), bias_activation),
    "conv2d_bias": convolution,
}
