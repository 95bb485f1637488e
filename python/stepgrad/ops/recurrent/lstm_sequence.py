"""lstm_sequence: a long short-term memory over a whole sequence, and its gradient. [Hochreiter and Schmidhuber, 1997]"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.op import contiguous
from stepgrad.ops.recurrent.sequence import (
    Sequence,
    SequenceGradient,
    counts,
    dropped_product,
    empty,
    keep_old,
    labelled,
    masks_of_steps,
    select,
    sigmoid,
)
from stepgrad.tape import scope
from stepgrad.tape.state import public

_FORWARD = (
    r"[i, f, g, o] = [\sigma, \sigma, \tanh, \sigma](x_t W + h_{t-1} U + b),\quad"
    r" c_t = f \odot c_{t-1} + i \odot g,\quad h_t = o \odot \tanh c_t"
)
_BACKWARD = (
    r"\bar c_t \mathrel{+}= \bar h_t \odot o \odot (1 - \tanh^2 c_t),\quad"
    r" \bar z_t = [\bar c_t g\, i (1 - i),\; \bar c_t c_{t-1} f (1 - f),\; \bar c_t i (1 - g^2),\; \bar h_t \tanh c_t\, o (1 - o)],\quad"
    r" \bar c_{t-1} = f \odot \bar c_t,\; \bar h_{t-1} = \bar z_t U^\top,\; \bar x_t = \bar z_t W^\top,\;"
    r" \bar W = \sum_t x_t^\top \bar z_t,\; \bar U = \sum_t h_{t-1}^\top \bar z_t,\; \bar b = \sum_t \bar z_t"
)


class LstmSequence(Sequence):
    """(x, kernel, recurrent_kernel, bias, h0, c0[, mask]) -> (hs, h, c, cells, gates).

    hs [batch, time, units] holds every h (no steps at all unless `sequences` or `keep`), h and c the last ones; cells [time, batch,
    units] and gates [time, batch, 4 units] are kept for the gradient (no steps unless `keep`).
    """

    formula, gradient_formula = _FORWARD, _BACKWARD
    saves_inputs = (0, 1, 2, 4, 5, 6)
    outputs = 5
    states = 2

    def shape(self, x, kernel, recurrent_kernel, bias, h0, c0, *mask, sequences, keep):
        units = self.check(x, kernel, recurrent_kernel, bias, h0, c0, *mask)
        batch, time, _ = x
        kept = time if keep else 0
        last = (batch, units)
        return (
            (batch, time if sequences or keep else 0, units),
            last,
            last,
            (kept, *last),
            (kept, batch, 4 * units),
        )

    def reference(self, x, kernel, recurrent_kernel, bias, h, c, mask=None, *, sequences, keep):
        masks = () if mask is None else (mask.shape,)
        shapes = self.shape(
            x.shape,
            kernel.shape,
            recurrent_kernel.shape,
            bias.shape,
            h.shape,
            c.shape,
            *masks,
            sequences=sequences,
            keep=keep,
        )
        hs, _, _, cells, gates = (kernels.empty(shape, x.dtype) for shape in shapes)
        for t in range(x.shape[1]):
            z = x[:, t] @ kernel + h @ recurrent_kernel + bias
            i, f, g, o = np.split(z, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            new = f * c + i * g
            m = counts(mask, t)
            c, h = keep_old(m, new, c), keep_old(m, o * np.tanh(new), h)
            if keep:
                cells[t], gates[t] = c, np.concatenate([i, f, g, o], axis=1)
            if sequences or keep:
                hs[:, t] = h
        return hs, np.array(h), np.array(c), cells, gates

    def launch(self, native, x, *others, sequences, keep):
        shapes = self.shape(x.shape, *(a.shape for a in others), sequences=sequences, keep=keep)
        results = tuple(kernels.empty(shape, x.dtype) for shape in shapes)
        mask = others[5] if len(others) == 6 else empty(x)
        native(*map(contiguous, (x, *others[:5], mask)), *results)
        return results

    def compose(self, x, kernel, recurrent_kernel, bias, h, c, mask=None, *, return_sequences):
        outputs = []
        steps = public["unstack"](x, axis=1)
        for t, (x_t, m) in enumerate(zip(steps, masks_of_steps(mask, len(steps)), strict=True), 1):
            with scope(f"t{t}"):
                new_h, new_c = lstm_step(x_t, h, c, kernel, recurrent_kernel, bias, t=t)
                h, c = select(m, new_h, h), select(m, new_c, c)
            outputs.append(h)
        if return_sequences:
            output = (
                public["stack"](outputs, axis=1)
                if outputs
                else public["zeros"]((x.shape[0], 0, h.shape[1]), x.dtype)
            )
        return (output if return_sequences else h), h, c

    def gradient(self, step, ghs, gh, gc, *_):
        x, kernel, recurrent_kernel, _, h0, c0, *mask = step.inputs
        hs, _, _, cells, gates = step.outputs
        if not step.attrs["sequences"]:
            ghs = ghs[:, :0]  # nobody can have read them
        wants_x = step.needs(0)
        gx, *gradients = _lstm_sequence_gradient(
            x, kernel, recurrent_kernel, h0, c0, hs, cells, gates, ghs, gh, gc, *mask, wants_x=wants_x
        )
        return (gx if wants_x else None, *gradients, *[None for _ in mask])


class LstmSequenceGradient(SequenceGradient):
    """(x, kernel, recurrent_kernel, h0, c0, hs, cells, gates, ghs, gh, gc[, mask]) -> gradients of (x, kernel,
    recurrent_kernel, bias, h0, c0); ghs may have no steps, and x's gradient is empty where nobody wants it."""

    formula = _BACKWARD
    gradient_formula = r"\text{none: the composition of small ops has one}"
    outputs = 6

    def shape(self, x, kernel, recurrent_kernel, h0, *rest, wants_x):
        return x if wants_x else (0, 0, 0), kernel, recurrent_kernel, kernel[1:], h0, h0

    def reference(
        self, x, kernel, recurrent_kernel, h0, c0, hs, cells, gates, ghs, gh, gc, mask=None, *, wants_x
    ):
        gx = np.zeros(x.shape if wants_x else (0, 0, 0), x.dtype)
        gk, gr = np.zeros_like(kernel), np.zeros_like(recurrent_kernel)
        gb = np.zeros(kernel.shape[1], x.dtype)
        dh, dc = gh, gc
        for t in reversed(range(x.shape[1])):
            if ghs.shape[1]:
                dh = dh + ghs[:, t]
            h_before, c_before = (hs[:, t - 1], cells[t - 1]) if t else (h0, c0)
            m = counts(mask, t)
            i, f, g, o = np.split(gates[t], 4, axis=1)
            tanh_c = np.tanh(f * c_before + i * g)
            inner = dc + dh * o * (1 - tanh_c**2)
            z = [
                inner * g * i * (1 - i),
                inner * c_before * f * (1 - f),
                inner * i * (1 - g**2),
                dh * tanh_c * o * (1 - o),
            ]
            dz = keep_old(m, np.concatenate(z, axis=1), np.zeros((), x.dtype))
            dc, dh = keep_old(m, inner * f, dc), keep_old(m, dz @ recurrent_kernel.T, dh)
            if wants_x:
                gx[:, t] = dz @ kernel.T
            gk += x[:, t].T @ dz
            gr += h_before.T @ dz
            gb += dz.sum(0)
        return gx, gk, gr, gb, np.array(dh), np.array(dc)

    def launch(self, native, x, kernel, recurrent_kernel, h0, *rest, wants_x):
        shapes = self.shape(x.shape, kernel.shape, recurrent_kernel.shape, h0.shape, wants_x=wants_x)
        results = tuple(kernels.empty(shape, x.dtype) for shape in shapes)
        mask = rest[7] if len(rest) == 8 else empty(x)
        native(*map(contiguous, (x, kernel, recurrent_kernel, h0, *rest[:7], mask)), *results, wants_x)
        return results


_lstm_sequence = LstmSequence()
_lstm_sequence_gradient = LstmSequenceGradient()


def lstm_step(
    x,
    h,
    c,
    kernel,
    recurrent_kernel,
    bias,
    activation=None,
    recurrent_activation=None,
    drop_x=None,
    drop_h=None,
    t=None,
):
    """Compute one step of an LSTM in small ops; returns (h, c). Without activations they are tanh and sigmoid.

    drop_x and drop_h are dropout masks: one for all gates, or a tuple of one a gate.
    """
    squash, gate = activation or public["tanh"], recurrent_activation or public["sigmoid"]
    z = dropped_product(x, kernel, drop_x) + dropped_product(h, recurrent_kernel, drop_h)
    if bias is not None:
        z = z + bias
    zi, zf, zg, zo = public["split"](labelled("z", t, z), 4, axis=1)
    i, f = labelled("i", t, gate(zi)), labelled("f", t, gate(zf))
    g, o = labelled("g", t, squash(zg)), labelled("o", t, gate(zo))
    c = labelled("c", t, f * c + i * g)
    return labelled("h", t, o * squash(c)), c


def lstm_sequence(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    h0: Any,
    c0: Any,
    mask: Any = None,
    return_sequences: bool = True,
) -> tuple:
    """Run an LSTM over a sequence, in one kernel. Weights are laid out as in Keras, the gates in the order i, f, g, o.

    Parameters
    ----------
    x : tensor, shape (batch, time, n)
    kernel : tensor, shape (n, 4 units)
    recurrent_kernel : tensor, shape (units, 4 units)
    bias : tensor, shape (4 units,)
    h0, c0 : tensor, shape (batch, units)
        The state before the first step.
    mask : tensor, shape (batch, time), optional
        False (or 0) where a step is skipped: the state stays as it is.
    return_sequences : bool
        Whether the output is h of every step, or that of the last one.

    Returns
    -------
    tuple of tensors
        The output, shape (batch, time, units) or (batch, units); then h and c after the last step.

    Notes
    -----
    With ``kernels.use(lstm_sequence="steps")``, and under the step-through, it is composed of small ops.

    Examples
    --------
    >>> import numpy as np
    >>> output, h, c = lstm_sequence(np.ones((1, 2, 1)), np.ones((1, 4)), np.ones((1, 4)), np.zeros(4), *np.zeros((2, 1, 1)))
    >>> output.shape, round(h.item(), 4), round(c.item(), 4)
    ((1, 2, 1), 0.6505, 1.1444)
    """
    return _lstm_sequence.run(
        x, kernel, recurrent_kernel, bias, h0, c0, mask=mask, return_sequences=return_sequences
    )
