"""Cases of stepgrad.ops.recurrent, against step-by-step NumPy that knows nothing of the engine."""

import numpy as np

from ops.harness import Case, Input, booleans, normal, uniform, x32
from stepgrad import ops

small = uniform(-1.0, 1.0)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _lstm(x, kernel, recurrent, bias, h, c, mask=None, return_sequences=True):
    n, hs = h.shape[1], []
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent + bias
        i, f, o = (_sigmoid(z[:, k * n : (k + 1) * n]) for k in (0, 1, 3))
        new = f * c + i * np.tanh(z[:, 2 * n : 3 * n])
        m = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        c, h = np.where(m, new, c), np.where(m, o * np.tanh(new), h)
        hs.append(h)
    return (np.stack(hs, 1).reshape(len(x), -1, n) if return_sequences and hs else h), h, c


def _gru(x, kernel, recurrent, bias, h, mask=None, return_sequences=True):
    n, hs = h.shape[1], []
    for t in range(x.shape[1]):
        a, b = x[:, t] @ kernel + bias[0], h @ recurrent + bias[1]
        z, r = _sigmoid(a[:, :n] + b[:, :n]), _sigmoid(a[:, n : 2 * n] + b[:, n : 2 * n])
        new = z * h + (1 - z) * np.tanh(a[:, 2 * n :] + r * b[:, 2 * n :])
        h = new if mask is None else np.where(mask[:, t, None], new, h)
        hs.append(h)
    return (np.stack(hs, 1).reshape(len(x), -1, n) if return_sequences and hs else h), h


def lstm_shapes(batch, time, n, units):
    return (batch, time, n), (n, 4 * units), (units, 4 * units), (4 * units,), (batch, units), (batch, units)


def gru_shapes(batch, time, n, units):
    return (batch, time, n), (n, 3 * units), (units, 3 * units), (2, 3 * units), (batch, units)


SIZES = [(1, 1, 1, 1), (2, 3, 1, 7), (3, 4, 5, 8), (5, 2, 17, 9), (7, 3, 3, 17), (13, 5, 4, 33)]
WHY = "the gradient of a whole sequence is one kernel; second order runs through the composition"


def _case(op, function, expected, shapes, **more):
    return Case(
        (op, f"{op}_gradient"),
        function,
        [Input(shape, small if len(shape) == 2 else normal) for shape in shapes(3, 4, 2, 3)],
        expected=expected,
        shapes=[shapes(*sizes) for sizes in SIZES] if not more.get("label") else [],
        second_order=False,
        special=False,
        why=WHY,
        **more,
    )


def _masked(op, function, expected, shapes):
    case = _case(
        op,
        lambda *a, **k: function(*a[:-1], mask=a[-1], **k),
        lambda *a, **k: expected(*a[:-1], mask=a[-1], **k),
        shapes,
        label="mask",
    )
    case.inputs = [*case.inputs, Input((3, 4), booleans, "bool")]
    case.shapes = [(*shapes(*sizes), sizes[:2]) for sizes in SIZES]
    return case


CASES = [
    _case(
        "lstm_sequence",
        ops.lstm_sequence,
        _lstm,
        lstm_shapes,
        large=lstm_shapes(33, 20, 31, 65),
        errors=[
            (lambda: ops.lstm_sequence(x32(2, 3), *map(np.ones, lstm_shapes(2, 3, 4, 5)[1:])), "three axes"),
            (
                lambda: ops.lstm_sequence(x32(2, 3, 5), *map(np.ones, lstm_shapes(2, 3, 4, 5)[1:])),
                "kernel does not fit",
            ),
            (
                lambda: ops.lstm_sequence(*map(np.ones, lstm_shapes(2, 3, 4, 5)), mask=np.ones((2, 2), bool)),
                "mask does not fit",
            ),
        ],
    ),
    _case(
        "lstm_sequence",
        ops.lstm_sequence,
        _lstm,
        lstm_shapes,
        attrs={"return_sequences": False},
        label="last",
    ),
    _masked("lstm_sequence", ops.lstm_sequence, _lstm, lstm_shapes),
    _case(
        "gru_sequence",
        ops.gru_sequence,
        _gru,
        gru_shapes,
        large=gru_shapes(33, 20, 31, 65),
        errors=[
            (lambda: ops.gru_sequence(x32(2, 3), *map(np.ones, gru_shapes(2, 3, 4, 5)[1:])), "three axes"),
            (
                lambda: ops.gru_sequence(
                    *map(np.ones, gru_shapes(2, 3, 4, 5)[:3]), np.ones(15), np.ones((2, 5))
                ),
                "bias does not fit",
            ),
        ],
    ),
    _case(
        "gru_sequence", ops.gru_sequence, _gru, gru_shapes, attrs={"return_sequences": False}, label="last"
    ),
    _masked("gru_sequence", ops.gru_sequence, _gru, gru_shapes),
]
