"""Calls of the recurrent kernels, with the answer of the ops' NumPy references (tested in tests/ops) in float64."""

import numpy as np

from kernels.native_case import Case, InOut, Out, draw
from stepgrad.ops.recurrent.gru_sequence import _gru_sequence, _gru_sequence_gradient
from stepgrad.ops.recurrent.lstm_sequence import _lstm_sequence, _lstm_sequence_gradient

SIZES = [  # batch, time, n, units: around the vectors, the tiles and the groups of samples; nothing at all
    *[(3, 4, 5, units) for units in (1, 3, 7, 8, 9, 15, 16, 17, 33)],
    *[(batch, 3, 2, 5) for batch in (1, 2, 4, 7, 8, 9, 17, 65)],
    *[(2, time, 3, 4) for time in (1, 2, 70)],
    *[(3, 2, n, 4) for n in (1, 16, 31, 33)],
    *[(0, 3, 2, 4), (2, 0, 3, 4)],
]
NONE, NONE3 = np.zeros((0, 0)), np.zeros((0, 0, 0))


def inputs(op, rng, batch, time, n, units):
    """x, kernel, recurrent_kernel, bias, and the first state(s)."""
    columns, states = (4, 2) if op.startswith("lstm") else (3, 1)
    wide = columns * units
    bias = (wide,) if columns == 4 else (2, wide)
    weights = draw(rng, n, wide), draw(rng, units, wide, scale=0.5), draw(rng, *bias)
    return draw(rng, batch, time, n), *weights, *[draw(rng, batch, units) for _ in range(states)]


def sequence(op, rng):
    reference = (_lstm_sequence if op.startswith("lstm") else _gru_sequence).reference
    for sizes in SIZES:
        arrays = inputs(op, rng, *sizes)
        for mask in (NONE, (rng.random(sizes[:2]) < 0.6).astype("float64")):
            masks = (mask,) if mask.size else ()
            results = reference(*arrays, *masks, sequences=True, keep=True)
            yield Case(
                (*arrays, mask, *map(Out, results)), atol=3e-6
            )  # sums of up to 40 products, in any order
        last = [Out(r) if r.ndim == 2 else NONE3 for r in results]
        yield Case((*arrays, mask, *last), atol=3e-6)  # only the last state


def sequence_gradient(op, rng):
    lstm = op.startswith("lstm")
    forward, backward = (
        (_lstm_sequence, _lstm_sequence_gradient) if lstm else (_gru_sequence, _gru_sequence_gradient)
    )
    for sizes in SIZES:
        batch, time, n, units = sizes
        arrays = inputs(op, rng, *sizes)
        for mask in (NONE, (rng.random(sizes[:2]) < 0.6).astype("float64")):
            masks = (mask,) if mask.size else ()
            kept = [r for r in forward.reference(*arrays, *masks, sequences=True, keep=True) if r.ndim == 3]
            gradients = draw(rng, batch, time, units), *[draw(rng, batch, units) for _ in arrays[4:]]
            for wants_x, flow in ((True, gradients), (False, (np.zeros((batch, 0, units)), *gradients[1:]))):
                given = (*arrays[:3], *arrays[4:], *kept, *flow)
                results = backward.reference(*given, *masks, wants_x=wants_x)
                out = [Out(r) for r in results]
                if not wants_x:
                    out[0] = InOut(results[0], results[0])
                yield Case((*given, mask, *out, wants_x), atol=1e-5)  # sums over up to 140 steps


def large(op, floats):
    """Arguments that are shared among threads, for a test of the same bits."""
    batch, time, n, units = 70, 9, 17, 33
    lstm = op.startswith("lstm")
    columns, states = (4, 2) if lstm else (3, 1)
    wide = columns * units
    state = lambda: [floats(batch, units) for _ in range(states)]  # noqa: E731
    x, kernel, recurrent = floats(batch, time, n), floats(n, wide), floats(units, wide)
    bias = floats(wide) if lstm else floats(2, wide)
    none = floats(0, 0)
    hs, gates = floats(batch, time, units), floats(time, batch, 4 * units)
    cells = [floats(time, batch, units)] if lstm else []
    if not op.endswith("gradient"):
        return x, kernel, recurrent, bias, *state(), none, hs, *state(), *cells, gates
    flow = floats(batch, time, units), *state()
    outputs = (
        floats(batch, time, n),
        floats(*kernel.shape),
        floats(*recurrent.shape),
        floats(*bias.shape),
        *state(),
    )
    return x, kernel, recurrent, *state(), hs, *cells, gates, *flow, none, *outputs, True
