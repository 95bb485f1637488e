"""Cases of stepgrad.ops.activation."""

import math

import numpy as np

from ops.harness import Case, Input, nonzero, normal, uniform, x32
from stepgrad import ops
from stepgrad.ops.activation.bias_activation import _bias_activation_gradient, bias_activation


def _case(names, call, expected, domain=normal, **more):
    return Case(names, call, [Input((3, 5), domain)], expected=expected, generic=True, **more)


def _away_from(*points):
    return lambda x: np.abs(x[..., None] - points).min(-1) < 0.02


def _sigmoid(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


def _erfc(x):
    return np.vectorize(math.erfc, otypes=[float])(x)


def _elu(x, alpha=1.0):
    with np.errstate(over="ignore"):
        return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def _distance_to_tau(x):
    """x - tau by bisection: independent of the sorting in the op."""
    low, high = x.min(-1, keepdims=True) - 1, x.max(-1, keepdims=True)
    for _ in range(60):
        tau = (low + high) / 2
        above = np.maximum(x - tau, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(above, tau, low), np.where(above, high, tau)
    return x - (low + high) / 2


def _sparsemax(x):
    return np.maximum(_distance_to_tau(x), 0)


def _sparsemax_kink(x):
    return bool(x.size) and bool((np.abs(_distance_to_tau(x)) < 0.003).any())


ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}
SLOPES = {
    "linear": np.ones_like,
    "relu": lambda y: y > 0,
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: y * (1 - y),
}


def _bias_activation(activation, expected):
    return Case(
        "bias_activation",
        bias_activation,
        [Input((5, 3), nonzero), Input((3,), uniform(-0.2, 0.2))],
        {"activation": activation},
        expected=lambda x, b, activation: expected(x + b),
        shapes=[((3, n), (n,)) for n in (0, 1, 7, 8, 17, 33)]
        + [((0, 3), (3,)), ((4,), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((300, 2, 8), (8,))],
        large=((2570, 103), (103,)),
        label=activation,
        errors=[(lambda: bias_activation(x32(2, 3), x32(2)), "the bias has the last axes of x")],
    )


def _bias_activation_gradient_case(activation, slope, rank=1):
    def expected(y, gy, activation, rank):
        gx = gy * slope(y)
        return gx, gx.sum(tuple(range(gx.ndim - rank)))

    return Case(
        "bias_activation_gradient",
        _bias_activation_gradient,
        [Input((5, 3, 2), nonzero if activation == "relu" else uniform(0.2, 0.8)), Input((5, 3, 2))],
        {"activation": activation, "rank": rank},
        expected=expected,
        shapes=[((n, 3), (n, 3)) for n in (0, 1, 7, 33)]
        + [((4, 2), (4, 2)), ((2, 3, 8), (2, 3, 8)), ((3, 0), (3, 0))],
        large=((2570, 103), (2570, 103)),
        batch=(0, 1),
        label=activation + ("" if rank == 1 else "_two_axes"),
        errors=[
            (
                lambda: _bias_activation_gradient(x32(5, 3), x32(5, 2)),
                "the gradient has the shape of the output",
            )
        ],
    )


CASES = [
    *(_bias_activation(name, f) for name, f in ACTIVATIONS.items()),
    *(_bias_activation_gradient_case(name, slope) for name, slope in SLOPES.items()),
    _bias_activation_gradient_case("tanh", SLOPES["tanh"], rank=2),
    _case(("relu", "relu_gradient"), ops.relu, lambda x: np.where(x < 0, 0.0, x), nonzero),
    _case("relu6", ops.relu6, lambda x: np.where(x < 0, 0.0, np.where(x > 6, 6.0, x)), kink=_away_from(0, 6)),
    _case("leaky_relu", ops.leaky_relu, lambda x: np.where(x < 0, 0.2 * x, x), nonzero),
    _case("elu", ops.elu, _elu, nonzero, special=False),
    _case("elu", lambda x: ops.elu(x, alpha=0.7), lambda x: _elu(x, 0.7), nonzero, special=False, label="alpha"),
    _case(
        "elu", ops.selu, lambda x: 1.0507009873554805 * _elu(x, 1.6732632423543772), nonzero, special=False, label="selu"
    ),
    _case("elu", lambda x: ops.celu(x, 0.7), lambda x: 0.7 * _elu(x / 0.7), nonzero, special=False, label="celu"),
    _case(("gelu", "gelu_gradient", "erf"), lambda x: ops.gelu(x, approximate=False), lambda x: x * _erfc(-x / np.sqrt(2)) / 2),
    _case(
        ("gelu_tanh", "gelu_tanh_gradient"), ops.gelu, lambda x: x * _sigmoid(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)), special=False
    ),
    _case(("silu", "silu_gradient"), ops.silu, lambda x: x * _sigmoid(x)),
    _case(("sigmoid", "sigmoid_gradient"), ops.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    _case("softplus", ops.softplus, lambda x: np.log(np.exp(x) + 1)),
    _case("softplus", lambda x: ops.softplus(ops.multiply(x, 300.0)), lambda x: np.maximum(x * 300.0, 0), nonzero, label="far", special=False),
    _case("log_sigmoid", ops.log_sigmoid, lambda x: np.log(_sigmoid(x)), special=False),
    _case("softsign", ops.softsign, lambda x: x / (1 + np.sqrt(x * x)), nonzero),
    _case("relu6", ops.hard_sigmoid, lambda x: np.interp(x, [-3, 3], [0, 1]), kink=_away_from(-3, 3), label="hard_sigmoid"),
    _case("relu6", ops.hard_silu, lambda x: x * np.interp(x, [-3, 3], [0, 1]), kink=_away_from(-3, 3), special=False, label="hard_silu"),
    _case("softplus", ops.mish, lambda x: x * np.tanh(np.log1p(np.exp(x))), special=False, label="mish"),
    _case("clip", ops.soft_shrink, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), kink=_away_from(-0.5, 0.5), special=False, label="soft_shrink"),
    _case("where", ops.hard_shrink, lambda x: x * (np.abs(x) > 0.5), kink=_away_from(-0.5, 0.5), special=False, label="hard_shrink"),
    _case("tanh", ops.tanh_shrink, lambda x: x - np.tanh(x), special=False, label="tanh_shrink"),
    _case("where", lambda x: ops.threshold(x, 0.1, 0.2), lambda x: np.where(x > 0.1, x, 0.2), kink=_away_from(0.1), label="threshold"),
    _case("clip", ops.sparse_plus, lambda x: np.where(x > 1, x, np.where(x < -1, 0, (x + 1) ** 2 / 4)), kink=_away_from(-1, 1), special=False, label="sparse_plus"),
    _case("clip", ops.sparse_sigmoid, lambda x: np.interp(x, [-1, 1], [0, 1]), kink=_away_from(-1, 1), label="sparse_sigmoid"),
    _case("clip", ops.hard_tanh, lambda x: np.interp(x, [-1, 1], [-1, 1]), kink=_away_from(-1, 1), special=False, label="hard_tanh"),
    _case("sqrt", ops.squareplus, lambda x: (x + np.sqrt(x * x + 4)) / 2, special=False, label="squareplus"),
    Case(
        "sigmoid", ops.glu, [Input((3, 6))], expected=lambda x: x[:, :3] * _sigmoid(x[:, 3:]), label="glu",
        errors=[(lambda: ops.glu(x32(2, 3)), "even size")],
    ),
    Case(
        "sparsemax", ops.sparsemax, [Input((3, 5), uniform(-0.5, 0.5))], expected=_sparsemax, shapes=[((1, 1),), ((0, 3),), ((7,),), ((2, 3, 17),)],
        kink=_sparsemax_kink,
        errors=[(lambda: ops.sparsemax(x32(3), axis=1), "no such axis")],
    ),
    Case("sparsemax", lambda x: ops.sparsemax(x, axis=0), expected=lambda x: _sparsemax(x.T).T, kink=lambda x: _sparsemax_kink(x.T), label="axis", batch=()),
]  # fmt: skip
