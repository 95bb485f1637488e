"""Formulas as small trees: they can be computed, printed, and rewritten the way a learner would get them wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


def _sigmoid(x):
    return np.where(x < 0, np.exp(-np.abs(x)), 1.0) / (1 + np.exp(-np.abs(x)))


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _convolve(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("...ab,ab->...", windows, k)


def _spread(g, k):
    rows, columns = k.shape
    return _convolve(np.pad(g, ((rows - 1, rows - 1), (columns - 1, columns - 1))), k[::-1, ::-1])


FUNCTIONS: dict[str, Callable] = {
    "identity": lambda x: x,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softmax": _softmax,
    "log": np.log,
    "exp": np.exp,
    "square": np.square,
}
# The slope of an activation, from its input z or from its output a.
SLOPES_AT_Z: dict[str, Callable] = {
    "identity": np.ones_like,
    "sigmoid": lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
}
SLOPES_AT_A: dict[str, Callable] = {
    "identity": np.ones_like,
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "relu": lambda a: (a > 0).astype(float),
}


def _round(x, how):
    kind, digits = how
    if kind == "decimals":
        return np.round(x, digits)
    size = np.floor(np.log10(np.where(x == 0, 1, np.abs(x))))
    unit = 10.0 ** (size - digits + 1)
    return np.round(x / unit) * unit


# kind -> how it is computed from its data and the values of its parts, and how it is written
KINDS: dict[str, tuple[Callable, str]] = {
    "number": (lambda d: np.float64(d[0]), "{data[1]}"),
    "matmul": (lambda d, a, b: a @ b, "{0} @ {1}"),
    "multiply": (lambda d, a, b: a * b, "{0} * {1}"),
    "divide": (lambda d, a, b: a / b, "{0} / {1}"),
    "add": (lambda d, a, b: a + b, "{0} + {1}"),
    "subtract": (lambda d, a, b: a - b, "{0} - {1}"),
    "negative": (lambda d, a: -a, "-{0}"),
    "transpose": (lambda d, a: np.swapaxes(a, -1, -2), "{0}.T"),
    "sum": (lambda d, a: a.sum(axis=d), "sum({0})"),
    "apply": (lambda d, x: FUNCTIONS[d](x), "{data}({0})"),
    "slope_at_a": (lambda d, z, a: SLOPES_AT_A[d](a), "{data}'({0})"),
    "slope_at_z": (lambda d, z, a: SLOPES_AT_Z[d](z), "{data}'({0})"),
    "convolve": (lambda d, x, k: _convolve(x, k), "conv({0}, {1})"),
    "spread": (lambda d, g, k: _spread(g, k), "full_conv({0}, turn({1}))"),
    "turn": (lambda d, k: k[::-1, ::-1], "turn({0})"),
    "take": (lambda d, a: d[1](a), "{data[0]}({0})"),
    "round": (lambda d, a: _round(a, d), "round({0})"),
    "call": (lambda d, *parts: np.asarray(d[1](*parts), dtype=float), "{data[0]}"),
}
_LOOSE = ("add", "subtract", "negative")


@dataclasses.dataclass(frozen=True, eq=False)
class Expression:
    """A node of a formula.

    Attributes
    ----------
    kind : str
        "ref" (a named quantity), or one of `KINDS`.
    parts : tuple of Expression
    data : object
        The name of a "ref" or of a function, the value of a number, the axis of a sum.

    Examples
    --------
    >>> x, w, b = ref("x"), ref("w"), ref("b")
    >>> z = x @ w + b
    >>> print(z, float(z.value({"x": np.array([1.0, 2.0]), "w": np.array([3.0, 4.0]), "b": np.array(0.5)})))
    x @ w + b 11.5
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    data: Any = None

    def value(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Compute the formula from the values of its names."""
        if self.kind == "ref":
            return values[self.data]
        return KINDS[self.kind][0](self.data, *[part.value(values) for part in self.parts])

    def names(self) -> tuple[str, ...]:
        """Return the names that the formula reads, each once."""
        return tuple(dict.fromkeys(node.data for node, _ in self.places() if node.kind == "ref"))

    def places(self) -> Iterator[tuple[Expression, Callable[[Expression], Expression]]]:
        """Yield every node, and a function that puts another one in its place and returns the whole formula."""
        yield self, lambda new: new
        for i, part in enumerate(self.parts):
            for node, put in part.places():

                def place(new, i=i, put=put):
                    return dataclasses.replace(self, parts=(*self.parts[:i], put(new), *self.parts[i + 1 :]))

                yield node, place

    def readings(self) -> tuple[Expression, ...]:
        """Return the formula, and its other right reading where a slope may be taken from z as well as from a."""
        other = self._slopes_at_z()
        return (self,) if other is self else (self, other)

    def _slopes_at_z(self) -> Expression:
        parts = tuple(part._slopes_at_z() for part in self.parts)
        kind = "slope_at_z" if self.kind == "slope_at_a" else self.kind
        unchanged = kind == self.kind and all(new is old for new, old in zip(parts, self.parts))
        return self if unchanged else Expression(kind, parts, self.data)

    def __str__(self) -> str:
        if self.kind == "ref":
            return self.data
        texts = [str(part) for part in self.parts]
        if self.kind in ("matmul", "multiply", "divide", "transpose", "negative"):
            loose = {"multiply": (*_LOOSE, "matmul"), "negative": _LOOSE}.get(
                self.kind, (*_LOOSE, "matmul", "multiply", "divide")
            )
            texts = [f"({t})" if part.kind in loose else t for t, part in zip(texts, self.parts)]
        elif self.kind == "subtract" and self.parts[1].kind in _LOOSE:
            texts[1] = f"({texts[1]})"
        return KINDS[self.kind][1].format(*texts, data=self.data)

    def __add__(self, other):
        return Expression("add", (self, other))

    def __sub__(self, other):
        return Expression("subtract", (self, other))

    def __mul__(self, other):
        return Expression("multiply", (self, other))

    def __matmul__(self, other):
        return Expression("matmul", (self, other))

    def __neg__(self):
        return Expression("negative", (self,))

    @property
    def T(self) -> Expression:
        return Expression("transpose", (self,))


def ref(name: str) -> Expression:
    """A quantity by its name."""
    return Expression("ref", data=name)


def number(value: float, label: str | None = None) -> Expression:
    """A constant, and how it is written."""
    return Expression("number", data=(value, label or f"{value:g}"))


def apply(function: str, x: Expression) -> Expression:
    """An activation or another function of `FUNCTIONS`, entry by entry (softmax: along rows)."""
    return Expression("apply", (x,), function)


def slope(function: str, z: Expression, a: Expression) -> Expression:
    """The derivative of an activation with input `z` and output `a`."""
    return Expression("slope_at_a", (z, a), function)


def total(x: Expression, axis: int | None = None) -> Expression:
    """A sum over one axis, or over everything."""
    return Expression("sum", (x,), axis)


def convolve(x: Expression, k: Expression) -> Expression:
    """Slide the filter `k` over the image `x` (both two-dimensional), without turning it."""
    return Expression("convolve", (x, k))


def spread(g: Expression, k: Expression) -> Expression:
    """The gradient of `convolve` for the image: every entry of `g` spreads over its window."""
    return Expression("spread", (g, k))


def call(label: str, function: Callable, *parts: Expression) -> Expression:
    """Any function of arrays."""
    return Expression("call", parts, (label, function))
