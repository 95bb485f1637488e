"""The calls that can be recorded: what an op's kernel gets, and what must come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass
class Call:
    """The arguments of a kernel, the names of its arrays, and the answer."""

    arrays: dict[str, np.ndarray]  # by the names of the kernel's arguments; the last one is written
    options: tuple
    expected: np.ndarray
    shown: dict[str, tuple[int, ...]]  # the shape in which a learner thinks of each array


def _matmul(n: int) -> Call:
    a, b = _numbers(1, n, n), _numbers(1, n, n)
    return _call(a @ b, a=a, b=b, options=(False, False), shapes={"a": (n, n), "b": (n, n), "out": (n, n)})


def _reduce(function: Callable) -> Callable[[int], Call]:
    def make(n: int) -> Call:
        x = _numbers(1, n * n, 1)  # as many numbers as the matrices of the other ops have
        return _call(function(x, axis=1), x=x, shapes={"x": (n * n,), "out": (1,)})

    return make


def _rows(function: Callable) -> Callable[[int], Call]:
    def make(n: int) -> Call:
        x = _numbers(n, n)
        return _call(function(x), x=x)

    return make


def _copy(n: int) -> Call:
    x = _numbers(n, n)
    call = _call(x.T.copy(), x=x)
    call.arrays["x"] = x.T  # a transpose is a copy of a view
    return call


def _binary(function: Callable) -> Callable[[int], Call]:
    def make(n: int) -> Call:
        a, b = _numbers(n, n), _numbers(n, n)
        return _call(function(a, b), a=a, b=b)

    return make


RELU = (1,)  # the code of an activation


def _bias_activation(n: int) -> Call:
    x, b = _numbers(n, n), _numbers(n)
    return _call(np.maximum(x + b, 0), x=x, b=b, options=RELU)


def _bias_activation_gradient(n: int) -> Call:
    """`out` is the bias's gradient; dx is written on the way."""
    y, dy = np.maximum(_numbers(n, n), 0), _numbers(n, n)
    return _call((dy * (y > 0)).sum(axis=0), y=y, dy=dy, dx=aligned((n, n)), options=RELU)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


CALLS: dict[str, Callable[[int], Call]] = {
    "matmul": _matmul, "copy": _copy, "sum": _reduce(np.sum), "mean": _reduce(np.mean), "max": _reduce(np.max),
    "softmax": _rows(_softmax), "relu": _rows(lambda x: np.maximum(x, 0)), "exp": _rows(np.exp), "add": _binary(np.add),
    "multiply": _binary(np.multiply), "bias_activation": _bias_activation,
    "bias_activation_gradient": _bias_activation_gradient,
}  # fmt: skip


def _call(
    expected: np.ndarray, options: tuple = (), shapes: dict | None = None, **arrays: np.ndarray
) -> Call:
    arrays["out"] = aligned(expected.shape)
    arrays["out"].fill(np.nan)
    return Call(arrays, options, expected, shapes or {name: array.shape for name, array in arrays.items()})


def _numbers(*shape: int) -> np.ndarray:
    array = aligned(shape)
    array[...] = np.random.default_rng(0).integers(-9, 10, shape) / 4  # sums of products are exact
    return array


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Return a float32 array that begins at a multiple of 256 bytes, as cudaMalloc's do."""
    size = int(np.prod(shape)) * 4
    block = np.empty(size + 256, np.uint8)
    start = -block.ctypes.data % 256
    return block[start : start + size].view(np.float32).reshape(shape)
