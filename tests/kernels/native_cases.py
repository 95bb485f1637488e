"""For every op of stepgrad._cpu: calls that a kernel must get right, with the answer of NumPy in float64."""

import math
from collections.abc import Iterator

import numpy as np

from kernels.native_attention_cases import attention, attention_gradient
from kernels.native_case import SIZES, SPECIAL, Case, InOut, Out, draw, rounded
from kernels.native_image_cases import average_pool, convolution, max_pool
from kernels.native_norm_cases import batch_norm_statistics, norm, norm_gradient, rms_norm, rms_norm_gradient
from kernels.native_recurrent_cases import sequence, sequence_gradient

# ---- elementwise ----------------------------------------------------------------------------------------------------

_erf, _erfc = np.vectorize(math.erf, otypes="d"), np.vectorize(math.erfc, otypes="d")


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def _twice_u(x):
    return math.sqrt(8 / math.pi) * (x + 0.044715 * x * x * x)


def _gelu_slope(x):
    x = np.clip(x, -40, 40)  # infinity * 0
    return 0.5 * _erfc(x * -math.sqrt(0.5)) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _gated_slope(x, v, slope):
    return _sigmoid(v) * (1 + x * slope * _sigmoid(-v))


def _gelu_tanh_slope(x):
    x = np.clip(x, -25, 25)
    return _gated_slope(x, _twice_u(x), math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * x * x))


UNARY = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "erf": _erf, "negative": np.negative,
    "abs": np.abs, "square": np.square, "sigmoid": _sigmoid, "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "gelu": lambda x: x * (0.5 * _erfc(x * -math.sqrt(0.5))), "gelu_tanh": lambda x: x * _sigmoid(_twice_u(x)), "relu": lambda x: np.where(x < 0, 0, x),
}  # fmt: skip
UNARY_GRADIENT = {
    "relu_gradient": lambda x, dy: np.where(x > 0, dy, 0),
    "sigmoid_gradient": lambda y, dy: dy * y * (1 - y),
    "tanh_gradient": lambda y, dy: dy * (1 - y * y),
    "silu_gradient": lambda x, dy: dy * _gated_slope(np.clip(x, -800, 800), x, 1),
    "gelu_gradient": lambda x, dy: dy * _gelu_slope(x),
    "gelu_tanh_gradient": lambda x, dy: dy * _gelu_tanh_slope(x),
}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "maximum": np.maximum, "minimum": np.minimum,
}  # fmt: skip


def _with_specials(x):
    x = x.copy()
    count = min(x.size, len(SPECIAL))
    if count:
        x.reshape(-1)[-count:] = SPECIAL[:count]
    return rounded(x)


def unary(op, rng) -> Iterator[Case]:
    for n in SIZES:
        for x in (draw(rng, n, scale=3), _with_specials(draw(rng, n, scale=30))):
            yield Case((x, Out(UNARY[op](x))), rtol=5e-7)


def unary_gradient(op, rng):
    for n in SIZES:
        for scale in (1, 30):
            x, dy = _with_specials(draw(rng, n, scale=scale)), draw(rng, n)
            yield Case((x, dy, Out(UNARY_GRADIENT[op](x, dy))))


def binary(op, rng):
    for n in SIZES:
        rows = 3 if n < 100 else 40
        a = _with_specials(draw(rng, rows, n))
        for b in (draw(rng, rows, n)[::-1].copy(), draw(rng, 1, n), draw(rng, 1, 1)):
            yield Case((a, b, Out(BINARY[op](a, b))), rtol=3e-7)
    a, b = draw(rng, 5, 7), _with_specials(draw(rng, 5, 7))
    yield Case((a, b, Out(BINARY[op](a, b))), rtol=3e-7)
    a, b = draw(rng, 9, 1), draw(rng, 9, 1)
    yield Case((a, b, Out(BINARY[op](a, b))), rtol=3e-7)


ACTIVATIONS = (lambda z: z, lambda z: np.where(z < 0, 0, z), np.tanh, _sigmoid)  # in the order of their codes
# dz of (y, dy)
BEFORE = (lambda y, dy: dy, UNARY_GRADIENT["relu_gradient"], UNARY_GRADIENT["tanh_gradient"], UNARY_GRADIENT["sigmoid_gradient"])  # fmt: skip
# Rows that a block of CUDA shares, or more than one block; one bias; more columns than a block has threads; several stretches.
BIASED = (
    *((3, n) for n in SIZES), (0, 5), (1, 1), (70, 1), (2100, 8), (37, 24), (41, 300), (20, 1100), (9000, 2), (5000, 6),
)  # fmt: skip


def bias_activation(op, rng):
    for rows, n in BIASED:
        x, b = _with_specials(draw(rng, rows, n)), draw(rng, n)
        for code, activation in enumerate(ACTIVATIONS):
            yield Case((x, b, Out(activation(x + b)), code))


def bias_activation_gradient(op, rng):
    for rows, n in BIASED:
        y, dy = draw(rng, rows, n, scale=0.5), _with_specials(draw(rng, rows, n))
        for code, before in enumerate(BEFORE):
            dx = before(y, dy)
            yield Case((y, dy, Out(dx), Out(dx.sum(0)), code), atol=1e-6 * max(1, rows) ** 0.5)


# ---- copy ------------------------------------------------------------------------------------------------------------


def copying(op, rng):
    for shape in ((), (0, 3), (7,), (5, 9), (2, 3, 4, 5), (40, 70)):
        x = draw(rng, *shape)
        for view in (
            x,
            x.T,
            x[::2] if x.ndim else x,
            x[..., ::-1] if x.ndim else x,
            np.broadcast_to(x, (3, *shape)),
        ):
            yield Case((view, Out(view.copy())))


# ---- reductions ------------------------------------------------------------------------------------------------------

REDUCE = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min}
REDUCE_SHAPES = [(2, n, 1) for n in SIZES if n] + [
    (1, 5000, 1), (3, 13, 7), (2, 70, 33), (1, 200, 16), (300, 3, 1), (1, 1, 5), (0, 3, 2), (2, 3, 0), (1, 8200, 1),
]  # fmt: skip


def reduction(op, rng):
    for shape in REDUCE_SHAPES:
        x = draw(rng, *shape) if op != "prod" else rounded(rng.uniform(0.9, 1.1, shape))
        # Sums are compared with the size of what was added: cancellation takes relative digits.
        yield Case((x, Out(REDUCE[op](x, axis=1))), rtol=2e-5, atol=1e-6 * math.sqrt(shape[1]))
        if shape[1] > 3 and op in ("max", "min"):
            x = x.copy()
            x[..., -1, :] = np.nan
            yield Case((x, Out(REDUCE[op](x, axis=1))))
    empty = {"sum": 0.0, "prod": 1.0, "mean": np.nan, "max": -np.inf, "min": np.inf}[op]
    yield Case((np.zeros((2, 0, 3)), Out(np.full((2, 3), empty))))


def arg_reduction(op, rng):
    for shape in REDUCE_SHAPES:
        x = rounded(rng.integers(-3, 4, shape))  # few values: many ties
        yield Case((x, Out(getattr(np, op)(x, axis=1))))
        if shape[1] > 3:
            x[:, -2:, :] = np.nan
            yield Case((x, Out(getattr(np, op)(x, axis=1))))


# ---- softmax ---------------------------------------------------------------------------------------------------------


def _log_softmax(x):
    x = x - x.max(axis=1, keepdims=True, initial=-np.inf)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def _logits(rng) -> Iterator[np.ndarray]:
    for n in SIZES[1:]:
        yield draw(rng, 3, n, scale=4)
    far = draw(rng, 4, 11) + np.array([[1e4], [-1e4], [0], [0]])
    yield rounded(far)
    never = draw(rng, 3, 9)
    never[:, 2:5] = -np.inf
    yield never
    broken = draw(rng, 3, 9)
    broken[1, 8] = np.nan
    yield broken
    yield np.zeros((0, 5))
    yield np.zeros((3, 0))


def softmax(op, rng):
    for x in _logits(rng):
        y = _log_softmax(x)
        yield Case(
            (x, Out(np.exp(y) if op == "softmax" else y)),
            rtol=1e-5,
            atol=1e-5 if np.any(abs(x) > 1e3) else 2e-6,
        )


def softmax_gradient(op, rng):
    for n in SIZES:
        y, dy = rounded(_log_softmax(draw(rng, 3, n))), draw(rng, 3, n)
        if op == "softmax_gradient":
            y = rounded(np.exp(y))
            want = y * (dy - (y * dy).sum(axis=1, keepdims=True))
        else:
            want = dy - np.exp(y) * dy.sum(axis=1, keepdims=True)
        yield Case((y, dy, Out(want)), atol=1e-5)


def cross_entropy(op, rng):
    for x in _logits(rng):
        labels = rounded(rng.uniform(size=x.shape))
        labels[:, 2:5] = 0
        logs = _log_softmax(x)
        with np.errstate(invalid="ignore"):
            loss = -np.where(labels == 0, 0, labels * logs).sum(axis=1)
        if not op.endswith("gradient"):
            yield Case((x, labels, Out(loss)), atol=3e-5)
            continue
        dloss = draw(rng, len(x))
        want = dloss[:, None] * (np.exp(logs) * labels.sum(axis=1, keepdims=True) - labels)
        yield Case((x, labels, dloss, Out(want)), atol=1e-4 if x.shape[1] > 100 else 1e-5)


def sparse_cross_entropy(op, rng):
    for x in _logits(rng):
        if x.shape[1] == 0:
            continue
        labels = rng.integers(0, x.shape[1], len(x))
        if len(x) == 4:
            labels[3] = x.shape[1]  # out of range: NaN, and never an index
        logs = _log_softmax(x)
        good = (labels >= 0) & (labels < x.shape[1])
        safe = np.where(good, labels, 0)
        rows = np.arange(len(x))
        if not op.endswith("gradient"):
            yield Case((x, labels, Out(np.where(good, -logs[rows, safe], np.nan))), atol=1e-5)
            continue
        dloss = draw(rng, len(x))
        want = np.exp(logs)
        want[rows, safe] -= 1
        yield Case((x, labels, dloss, Out(np.where(good, dloss, np.nan)[:, None] * want)))


def sparse_probability(op, rng):
    for n, rows in ((1, 3), (2, 4), (7, 5), (8, 1), (17, 6), (100, 9), (5, 0)):
        y, labels, dloss = np.abs(draw(rng, rows, n)) + 0.01, rng.integers(0, n, rows), draw(rng, rows)
        bad = np.zeros(rows, bool)
        if (
            n == 7
        ):  # a sure thing, an impossible one, nothing at all, a NaN elsewhere in the row, and no class
            y[0], y[1, labels[1]], y[3, labels[3] - 1], labels[4], bad[3:] = (
                np.eye(7)[labels[0]],
                0,
                np.nan,
                7,
                True,
            )
        safe = np.where(bad, 0, labels)
        at, total = (np.arange(rows), safe), y.sum(1)
        p = np.where(bad, np.nan, y[at] / total)
        if not op.endswith("gradient"):
            yield Case((y, labels, Out(-np.log(np.clip(p, 1e-3, 1 - 1e-3))), 1e-3))
            continue
        clipped, g = (p < 1e-3) | (p > 1 - 1e-3), np.where(bad, np.nan, dloss)
        want = np.repeat(np.where(clipped, 0, g / total)[:, None], n, 1)
        want[at] -= np.where(clipped, 0, g / y[at])
        yield Case((y, labels, dloss, Out(want), 1e-3))


# ---- matmul ----------------------------------------------------------------------------------------------------------

MATMUL_SIZES = [
    (1, 1, 1), (0, 3, 4), (3, 0, 4), (3, 4, 0), (5, 7, 3), (6, 16, 8), (7, 17, 9), (13, 15, 31), (14, 33, 5), (1, 40, 50),
    (29, 1, 64), (64, 64, 64), (97, 101, 103), (130, 200, 300), (50, 700, 257), (2, 300, 600), (200, 19, 520),
    (1, 133, 300), (133, 1, 300), (18, 1400, 37), (70, 90, 16), (200, 70, 600),
    (330, 41, 70), (33, 10, 300), (40, 603, 100),
]  # fmt: skip


def round_bf16(op, rng):
    """Numbers that a bfloat16 holds, so that float32 and float64 agree; test_bf16.py tests the rounding."""
    for n in SIZES:
        x = (np.arange(n) % 255 - 127.0) / 8
        x[n // 2 :] *= -(2.0**100)
        x[-4:] = [np.nan, np.inf, -np.inf, -0.0][-min(n, 4) :] if n else []
        yield Case((x, Out(x)), rtol=0, atol=0)


def matmul_bf16(op, rng):
    """Numbers that a bfloat16 holds, as above."""
    for m, n, k in [*MATMUL_SIZES, (32, 32, 32), (65, 160, 1100)]:
        for transpose_a, transpose_b in ((False, False), (True, False), (False, True), (True, True)):
            a = rng.integers(-255, 256, (2, k, m) if transpose_a else (2, m, k)) / 64
            b = rng.integers(-255, 256, (1, n, k) if transpose_b else (1, k, n)) / 64
            yield _matmul(a, b, transpose_a, transpose_b)
    a, b = rng.integers(-9, 9, (1, 33, 40)) * 1.0, rng.integers(-9, 9, (5, 40, 37)) * 1.0
    a[0, 32, 39], b[0, 3, 36] = np.nan, np.inf
    yield _matmul(a, b, False, False)


def matmul(op, rng):
    for m, n, k in MATMUL_SIZES:
        for transpose_a in (False, True):
            for transpose_b in (False, True):
                a = draw(rng, 1, *((k, m) if transpose_a else (m, k)))
                b = draw(rng, 1, *((n, k) if transpose_b else (k, n)))
                yield _matmul(a, b, transpose_a, transpose_b)
    for batch_a, batch_b in ((3, 3), (1, 3), (3, 1), (5, 5), (0, 0), (0, 1)):
        for transpose_a, transpose_b in ((False, False), (True, True)):
            a = draw(rng, batch_a, *((6, 5) if transpose_a else (5, 6)))
            b = draw(rng, batch_b, *((9, 6) if transpose_b else (6, 9)))
            yield _matmul(a, b, transpose_a, transpose_b)
    a, b = draw(rng, 1, 9, 20), draw(rng, 1, 20, 11)
    a[0, 8, 19], b[0, 3, 10] = np.nan, np.inf
    yield _matmul(a, b, False, False)


def _drawn_for(op):
    """What draws the factors: numbers that a bfloat16 holds, where the op rounds them."""
    return draw if "_bf16" not in op else lambda rng, *shape: rng.integers(-31, 32, shape) / 8


def dense(op, rng):
    draw = _drawn_for(op)
    for m, n, k in [*MATMUL_SIZES[:12], (1, 133, 300), (60, 70, 300), (40, 603, 100), (33, 10, 300)]:
        x, w, b = draw(rng, m, k), draw(rng, k, n), draw(rng, n)
        for code, activation in enumerate(ACTIVATIONS):
            yield Case((x, w, b, Out(activation(x @ w + b)), code), atol=4e-6 * max(1, k) ** 0.5)


def dense_gradient(op, rng):
    draw = _drawn_for(op)
    none = np.zeros(0)
    for m, n, k in [*MATMUL_SIZES[:12], (1, 133, 300), (150, 70, 40), (5000, 1, 3)]:
        x, w, dy = draw(rng, m, k), draw(rng, k, n), draw(rng, m, n)
        y = rng.integers(-1, 2, (m, n)) / 2  # 8 bits still hold dy times a slope
        for code, before in enumerate(BEFORE):
            dz = before(y, dy)
            for dx in (Out((dz @ w.T).reshape(-1)), none):
                outs = dx, Out(x.T @ dz), Out(dz.sum(0))
                yield Case((x, w, y, dy, *outs, code), atol=4e-6 * max(1, m, n) ** 0.5)


def _matmul(a, b, transpose_a, transpose_b):
    left = a.transpose(0, 2, 1) if transpose_a else a
    right = b.transpose(0, 2, 1) if transpose_b else b
    with np.errstate(invalid="ignore"):
        want = left @ right
    return Case(
        (a, b, Out(want), transpose_a, transpose_b), rtol=1e-5, atol=1e-6 * max(1, left.shape[2]) ** 0.5 * 4
    )


# ---- the rest --------------------------------------------------------------------------------------------------------


def take(op, rng):
    for n, v, d in ((0, 3, 4), (5, 3, 1), (40, 7, 16), (33, 5, 17), (9, 4, 100), (3, 2, 0), (700, 9, 8)):
        indices, w = rng.integers(0, v, n), draw(rng, v, d)
        yield Case((w, indices, Out(w[indices])), rtol=0, atol=0)


def embedding_gradient(op, rng):
    for n, v, d in ((0, 3, 4), (5, 3, 1), (40, 7, 16), (33, 5, 17), (9, 4, 100), (3, 2, 0)):
        indices, dy, dw = rng.integers(0, v, n), draw(rng, n, d), np.zeros((v, d))
        np.add.at(dw, indices, dy)
        yield Case((indices, dy, Out(dw)))


def sgd(op, rng):
    for n in SIZES:
        w, g, v = draw(rng, n), draw(rng, n), draw(rng, n)
        yield Case((InOut(w, w - 0.1 * g), g, np.zeros(0), 0.1, 0.0, False))
        new = 0.9 * v - 0.1 * g
        yield Case((InOut(w, w + new), g, InOut(v, new), 0.1, 0.9, False))
        yield Case((InOut(w, w + 0.9 * new - 0.1 * g), g, InOut(v, new), 0.1, 0.9, True))


def adam(op, rng):
    for n in SIZES:
        w, g, m = draw(rng, n), draw(rng, n), draw(rng, n)
        v, vhat = np.abs(draw(rng, n)), np.abs(draw(rng, n))
        new_m, new_v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        for hat in (np.zeros(0), vhat):
            second = np.maximum(new_v, hat) if hat.size else new_v
            want = w - 0.01 * new_m / (np.sqrt(second) + 1e-7)
            last = InOut(hat, second if hat.size else hat)
            yield Case((InOut(w, want), g, InOut(m, new_m), InOut(v, new_v), last, 0.01, 0.9, 0.999, 1e-7))


def rmsprop(op, rng):
    for n in SIZES:
        w, g, mom = draw(rng, n), draw(rng, n), draw(rng, n)
        v, mean = np.abs(draw(rng, n)) + 1, draw(rng, n, scale=0.1)
        new_v, new_mean = 0.9 * v + 0.1 * g * g, 0.9 * mean + 0.1 * g
        for momentum in (0.0, 0.8):
            for centered in (False, True):
                step = 0.01 * g / np.sqrt(new_v - (new_mean**2 if centered else 0) + 1e-7)
                new_mom = momentum * mom + step
                mom_arg = InOut(mom, new_mom) if momentum else np.zeros(0)
                mean_arg = InOut(mean, new_mean) if centered else np.zeros(0)
                want = w - (new_mom if momentum else step)
                yield Case((InOut(w, want), g, InOut(v, new_v), mom_arg, mean_arg, 0.01, 0.9, momentum, 1e-7))


def adagrad(op, rng):
    for n in SIZES:
        w, g, acc = draw(rng, n), draw(rng, n), np.abs(draw(rng, n)) + 0.1
        yield Case(
            (InOut(w, w - 0.1 * g / np.sqrt(acc + g * g + 1e-7)), g, InOut(acc, acc + g * g), 0.1, 1e-7)
        )


# ---- random ---------------------------------------------------------------------------------------------------------


def dropout_mask(op, rng):
    """The bits of NumPy's own generator, for keys of two whole words."""
    for n in (*SIZES, 5000):
        for keep, key in ((0.75, (5, 3)), (1.0, (2**64 - 1, 2**63 + 7)), (0.1, (0, 2**40))):
            generator = np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))
            kept = generator.random(n, dtype=np.float32) < np.float32(keep)
            yield Case((Out(kept / keep), *key, keep), atol=0)


FAMILIES = {
    dropout_mask: ["dropout_mask"],
    attention: ["attention", "attention_bf16"],
    sequence: ["lstm_sequence", "gru_sequence"],
    sequence_gradient: ["lstm_sequence_gradient", "gru_sequence_gradient"],
    attention_gradient: ["attention_gradient", "attention_bf16_gradient"],
    matmul: ["matmul"],
    matmul_bf16: ["matmul_bf16"],
    round_bf16: ["round_bf16"],
    dense: ["dense", "dense_bf16"],
    dense_gradient: ["dense_gradient", "dense_bf16_gradient"],
    convolution: ["conv2d", "conv2d_bias", "conv2d_input_gradient", "conv2d_weight_gradient"],
    max_pool: ["max_pool2d", "max_pool2d_gradient"],
    average_pool: ["average_pool2d", "average_pool2d_gradient"],
    softmax: ["softmax", "log_softmax"],
    softmax_gradient: ["softmax_gradient", "log_softmax_gradient"],
    cross_entropy: ["softmax_cross_entropy", "softmax_cross_entropy_gradient"],
    sparse_cross_entropy: ["sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_gradient"],
    sparse_probability: ["sparse_probability_cross_entropy", "sparse_probability_cross_entropy_gradient"],
    unary: list(UNARY),
    unary_gradient: list(UNARY_GRADIENT),
    binary: list(BINARY),
    bias_activation: ["bias_activation"],
    bias_activation_gradient: ["bias_activation_gradient"],
    reduction: list(REDUCE),
    arg_reduction: ["argmax", "argmin"],
    copying: ["copy"],
    embedding_gradient: ["embedding_gradient"],
    batch_norm_statistics: ["batch_norm_statistics"],
    norm: ["layer_norm", "batch_norm"],
    rms_norm: ["rms_norm"],
    rms_norm_gradient: ["rms_norm_gradient"],
    norm_gradient: ["layer_norm_gradient", "batch_norm_gradient"],
    sgd: ["sgd_update"],
    adam: ["adam_update"],
    rmsprop: ["rmsprop_update"],
    adagrad: ["adagrad_update"],
}
OPS = {op: family for family, ops in FAMILIES.items() for op in ops}
CUDA_ONLY = {"take": take}  # the CPU has NumPy's


def cases(op: str) -> Iterator[Case]:
    """All cases of an op, the same ones on every call."""
    with np.errstate(all="ignore"):  # the references meet NaN, infinities and 0/0 on purpose
        yield from (OPS | CUDA_ONLY)[op](op, np.random.default_rng(0))
