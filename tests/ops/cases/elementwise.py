"""Cases of stepgrad.ops.elementwise."""

import math
import statistics

import numpy as np

from ops.harness import Case, Input, booleans, integers, nonzero, normal, positive, uniform, x32
from stepgrad import ops

inside = uniform(-0.9, 0.9)
above_one = uniform(1.2, 3.0)


def _unary(names, call, expected, domain=normal, **more):
    return Case(names, call, [Input((3, 5), domain)], expected=expected, generic=True, **more)


def _binary(names, call, expected, first=normal, second=normal, **more):
    return Case(
        names, call, [Input((3, 5), first), Input((3, 5), second)], expected=expected, generic=True, **more
    )


def _between(*values):
    """Away from whole numbers, where floor and its like jump."""
    return lambda x, *_: (
        np.abs(x - np.round(x)) < 0.02 if not values else np.abs(x[..., None] - values).min(-1) < 0.02
    )


def _near_tie(a, b):
    return np.abs(a - b) < 0.02


ARITHMETIC = [
    _binary("add", ops.add, np.add, linear=True),
    _binary("subtract", ops.subtract, np.subtract, linear=True),
    _binary("multiply", ops.multiply, np.multiply, linear="each"),
    _binary("divide", ops.divide, lambda a, b: a * (1 / b), second=nonzero, special=False),
    _binary("divide", ops.true_divide, np.true_divide, second=nonzero, label="special"),
    _binary(
        "floor_divide", ops.floor_divide, lambda a, b: np.floor(a / b), nonzero, nonzero, special=False,
        kink=lambda a, b: np.abs(a / b - np.round(a / b)) < 0.05,
    ),
    _binary(
        "mod", ops.mod, lambda a, b: a - b * np.floor(a / b), nonzero, nonzero, special=False,
        kink=lambda a, b: np.abs(a / b - np.round(a / b)) < 0.05,
    ),
    _binary("power", ops.power, lambda a, b: np.exp(b * np.log(a)), positive, special=False),
    _unary("power", lambda x: ops.power(x, 3.0), lambda x: x * x * x, nonzero, label="cube", special=False),
    _unary(("power", "square"), lambda x: ops.power(x, 2), lambda x: x * x, label="two"),
    Case(
        "power", ops.power, [Input((3, 5), integers(1, 5), "int64"), Input((5,), integers(0, 4), "int64")],
        expected=lambda a, b: np.array([[math.prod([int(x)] * int(n)) for x, n in zip(row, b)] for row in a]), label="whole",
        errors=[(lambda: ops.power([2, 3], [-1, 1]), "a fraction")],
    ),
    _unary("negative", ops.negative, lambda x: -x, linear=True),
    _unary("abs", ops.abs, lambda x: np.sqrt(x * x), nonzero),
    _unary("sign", ops.sign, lambda x: np.where(x > 0, 1.0, np.where(x < 0, -1.0, x)), nonzero, special=False),
    _unary("square", ops.square, lambda x: x * x),
    _unary("sqrt", ops.sqrt, lambda x: np.power(x, 0.5), positive, special=False),
    _unary("rsqrt", ops.rsqrt, lambda x: np.power(x, -0.5), positive, special=False),
    _unary("reciprocal", ops.reciprocal, lambda x: np.power(x, -1.0), nonzero),
]  # fmt: skip

TRANSCENDENTAL = [
    _unary("exp", ops.exp, np.exp),
    _unary("expm1", ops.expm1, lambda x: 2 * np.exp(x / 2) * np.sinh(x / 2), special=False),
    _unary("log", ops.log, lambda x: np.log2(x) / np.log2(np.e), positive),
    _unary("log1p", ops.log1p, lambda x: 2 * np.arctanh(x / (2 + x)), positive, special=False),
    _unary("log2", ops.log2, lambda x: np.log(x) / np.log(2), positive),
    _unary("log10", ops.log10, lambda x: np.log(x) / np.log(10), positive),
    _unary("sin", ops.sin, lambda x: np.exp(1j * x).imag, special=False),
    _unary("cos", ops.cos, lambda x: np.exp(1j * x).real, special=False),
    _unary("tan", ops.tan, lambda x: np.sin(x) / np.cos(x), inside),
    _unary("arcsin", ops.arcsin, lambda x: np.arctan2(x, np.sqrt(1 - x * x)), inside),
    _unary("arccos", ops.arccos, lambda x: np.pi / 2 - np.arcsin(x), inside),
    _unary("arctan", ops.arctan, lambda x: np.arctan2(x, np.ones_like(x))),
    _unary("sinh", ops.sinh, lambda x: (np.exp(x) - np.exp(-x)) / 2, special=False),
    _unary("cosh", ops.cosh, lambda x: (np.exp(x) + np.exp(-x)) / 2),
    _unary(("tanh", "tanh_gradient"), ops.tanh, lambda x: 1 - 2 / (np.exp(2 * x) + 1), special=False),
    _unary(("tanh", "tanh_gradient"), ops.tanh, np.tanh, label="special"),
    _unary(
        "arcsinh", ops.arcsinh, lambda x: np.sign(x) * np.log(np.abs(x) + np.sqrt(x * x + 1)), special=False
    ),
    _unary("arccosh", ops.arccosh, lambda x: np.log(x + np.sqrt(x * x - 1)), above_one, special=False),
    _unary("arctanh", ops.arctanh, lambda x: 0.5 * np.log((1 + x) / (1 - x)), inside, special=False),
    _unary("erf", ops.erf, np.vectorize(math.erf, otypes=[float])),
    _binary("arctan2", ops.arctan2, lambda a, b: np.angle(b + 1j * a), nonzero, nonzero, special=False),
]

STEPS = [
    _unary("floor", ops.floor, lambda x: x // 1, kink=_between(), special=False),
    _unary("ceil", ops.ceil, lambda x: -(-x // 1), kink=_between(), special=False),
    _unary("trunc", ops.trunc, lambda x: x - np.fmod(x, 1), kink=_between(), special=False),
    _unary("round", ops.round, np.rint, kink=lambda x: np.abs(x * 2 - np.round(x * 2)) < 0.04),
    _unary(
        "round", lambda x: ops.round(x, 1), lambda x: np.rint(x * 10) / 10, label="decimals", special=False,
        kink=lambda x: np.abs(x * 20 - np.round(x * 20)) < 0.2,
    ),
    _unary(
        "clip", lambda x: ops.clip(x, -0.5, 1.0), lambda x: np.where(x < -0.5, -0.5, np.where(x > 1.0, 1.0, x)),
        kink=_between(-0.5, 1.0), errors=[(lambda: ops.clip(x32(3), 1.0, 0.0), "wrong way round")],
    ),
    _binary("maximum", ops.maximum, lambda a, b: a + np.where(b - a < 0, 0, b - a), kink=_near_tie, special=False),
    _binary("minimum", ops.minimum, lambda a, b: a - np.where(a - b < 0, 0, a - b), kink=_near_tie, special=False),
    _unary("nan_to_num", ops.nan_to_num, lambda x: x, special=False),
    _unary(
        "nan_to_num", lambda x: ops.nan_to_num(x, nan=1.0, posinf=2.0, neginf=-3.0), label="replace",
        expected=lambda x: np.where(x != x, 1.0, np.where(x == np.inf, 2.0, np.where(x == -np.inf, -3.0, x))),
    ),
    _unary("stop_gradient", ops.stop_gradient, lambda x: x),
    _unary("copy", ops.copy, lambda x: x, linear=True),
    Case(
        "where", ops.where, [Input((3, 5), booleans, "bool"), Input((3, 5)), Input((3, 5))], generic=True, batch=(0, 1, 2),
        expected=lambda c, a, b: np.where(c, a, b), errors=[(lambda: ops.where([True]), "where(condition, x1, x2)")],
    ),
    Case(
        "where", lambda c, a: ops.where(c, a, 0), [Input((3, 1), booleans, "bool"), Input((3, 5))], linear=True, label="number",
        expected=lambda c, a: np.where(c, a, 0.0),
    ),
]  # fmt: skip


def _loop(test):
    return np.vectorize(test, otypes=[bool])


TRUTH = [
    _binary("equal", ops.equal, lambda a, b: (a <= b) & (a >= b), integers(0, 3), integers(0, 3)),
    _binary("not_equal", ops.not_equal, lambda a, b: ~((a <= b) & (a >= b)), integers(0, 3), integers(0, 3)),
    _binary("less", ops.less, lambda a, b: b > a, integers(0, 3), integers(0, 3)),
    _binary("less_equal", ops.less_equal, lambda a, b: (b > a) | (a == b), integers(0, 3), integers(0, 3)),
    _binary("greater", ops.greater, lambda a, b: b < a, integers(0, 3), integers(0, 3)),
    _binary(
        "greater_equal", ops.greater_equal, lambda a, b: (b < a) | (a == b), integers(0, 3), integers(0, 3)
    ),
    _binary(
        "logical_and",
        ops.logical_and,
        _loop(lambda a, b: bool(a) and bool(b)),
        integers(0, 2),
        integers(0, 2),
    ),
    _binary(
        "logical_or", ops.logical_or, _loop(lambda a, b: bool(a) or bool(b)), integers(0, 2), integers(0, 2)
    ),
    _binary(
        "logical_xor", ops.logical_xor, _loop(lambda a, b: bool(a) != bool(b)), integers(0, 2), integers(0, 2)
    ),
    _unary("logical_not", ops.logical_not, _loop(lambda x: not x), integers(0, 2)),
    _unary("isnan", ops.isnan, _loop(math.isnan)),
    _unary("isinf", ops.isinf, _loop(math.isinf)),
    _unary("isfinite", ops.isfinite, _loop(math.isfinite)),
]


def _each(function):
    return lambda *x: np.vectorize(function, otypes=["float64"])(*x) if np.broadcast(*x).size else sum(x)


def _bessel(x):
    """The power series."""
    return sum((x * x / 4) ** k / math.factorial(k) ** 2 for k in range(30))


def _next(a, b):
    """One more, or one less, in the integer that has the float's bits (expected is given float64: step there)."""
    return np.vectorize(math.nextafter, otypes=["float64"])(a, b) if np.broadcast(a, b).size else a + b


MORE = [
    _unary("cbrt", ops.cbrt, lambda x: np.sign(x) * np.abs(x) ** (1 / 3), nonzero, special=False),
    _unary(
        "erfinv", ops.erfinv, _each(lambda x: statistics.NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2)), inside,
        special=False,
    ),
    _unary("i0", ops.i0, _bessel, special=False),
    _binary("hypot", ops.hypot, lambda a, b: np.sqrt(a * a + b * b), nonzero, nonzero, special=False),
    _binary("logaddexp", ops.logaddexp, lambda a, b: np.log(np.exp(a) + np.exp(b)), special=False),
    _binary("heaviside", ops.heaviside, _each(lambda a, b: (a > 0) + (a == 0) * b), integers(-1, 2), special=False),
    _binary("nextafter", ops.nextafter, _next, special=False),
    _unary("signbit", ops.signbit, _loop(lambda x: math.copysign(1, x) < 0)),
]  # fmt: skip

CASES = [*MORE, *ARITHMETIC, *TRANSCENDENTAL, *STEPS, *TRUTH]
