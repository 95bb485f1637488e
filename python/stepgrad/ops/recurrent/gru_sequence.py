"""gru_sequence: a gated recurrent unit over a whole sequence, and its gradient. [Cho et al., 2014]"""

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
    r"[z, r] = \sigma(x_t W_{zr} + h_{t-1} U_{zr} + b_{zr} + d_{zr}),\quad q = h_{t-1} U_h + d_h,\quad"
    r" g = \tanh(x_t W_h + b_h + r \odot q),\quad h_t = z \odot h_{t-1} + (1 - z) \odot g"
)
_BACKWARD = (
    r"\bar a_z = \bar h_t (h_{t-1} - g) z (1 - z),\; \bar a_g = \bar h_t (1 - z)(1 - g^2),\; \bar a_r = \bar a_g\, q\, r (1 - r),\;"
    r" \bar q = \bar a_g\, r,\quad \bar h_{t-1} = z \odot \bar h_t + [\bar a_z, \bar a_r, \bar q] U^\top,\;"
    r" \bar x_t = [\bar a_z, \bar a_r, \bar a_g] W^\top,\; \bar W = \sum_t x_t^\top [\bar a_z, \bar a_r, \bar a_g],\;"
    r" \bar U = \sum_t h_{t-1}^\top [\bar a_z, \bar a_r, \bar q]"
)


class GruSequence(Sequence):
    """(x, kernel, recurrent_kernel, bias, h0[, mask]) -> (hs, h, gates).

    hs [batch, time, units] holds every h (no steps at all unless `sequences` or `keep`), h the last one; gates [time, batch, 4
    units], z, r, g and q, are kept for the gradient (no steps unless `keep`).
    """

    formula, gradient_formula = _FORWARD, _BACKWARD
    saves_inputs = (0, 1, 2, 4, 5)
    outputs = 3
    columns = 3
    bias_rows = (2,)

    def shape(self, x, kernel, recurrent_kernel, bias, h0, *mask, sequences, keep):
        units = self.check(x, kernel, recurrent_kernel, bias, h0, *mask)
        batch, time, _ = x
        kept = time if keep else 0
        return (batch, time if sequences or keep else 0, units), (batch, units), (kept, batch, 4 * units)

    def reference(self, x, kernel, recurrent_kernel, bias, h, mask=None, *, sequences, keep):
        masks = () if mask is None else (mask.shape,)
        shapes = self.shape(
            x.shape,
            kernel.shape,
            recurrent_kernel.shape,
            bias.shape,
            h.shape,
            *masks,
            sequences=sequences,
            keep=keep,
        )
        hs, _, gates = (kernels.empty(shape, x.dtype) for shape in shapes)
        for t in range(x.shape[1]):
            xz, xr, xg = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
            hz, hr, q = np.split(h @ recurrent_kernel + bias[1], 3, axis=1)
            z, r = sigmoid(xz + hz), sigmoid(xr + hr)
            g = np.tanh(xg + r * q)
            h = keep_old(counts(mask, t), z * h + (1 - z) * g, h)
            if keep:
                gates[t] = np.concatenate([z, r, g, q], axis=1)
            if sequences or keep:
                hs[:, t] = h
        return hs, np.array(h), gates

    def launch(self, native, x, *others, sequences, keep):
        shapes = self.shape(x.shape, *(a.shape for a in others), sequences=sequences, keep=keep)
        results = tuple(kernels.empty(shape, x.dtype) for shape in shapes)
        mask = others[4] if len(others) == 5 else empty(x)
        native(*map(contiguous, (x, *others[:4], mask)), *results)
        return results

    def compose(self, x, kernel, recurrent_kernel, bias, h, mask=None, *, return_sequences):
        outputs = []
        steps = public["unstack"](x, axis=1)
        for t, (x_t, m) in enumerate(zip(steps, masks_of_steps(mask, len(steps)), strict=True), 1):
            with scope(f"t{t}"):
                h = select(m, gru_step(x_t, h, kernel, recurrent_kernel, bias, t=t), h)
            outputs.append(h)
        if return_sequences:
            output = (
                public["stack"](outputs, axis=1)
                if outputs
                else public["zeros"]((x.shape[0], 0, h.shape[1]), x.dtype)
            )
        return (output if return_sequences else h), h

    def gradient(self, step, ghs, gh, _):
        x, kernel, recurrent_kernel, _, h0, *mask = step.inputs
        hs, _, gates = step.outputs
        if not step.attrs["sequences"]:
            ghs = ghs[:, :0]  # nobody can have read them
        wants_x = step.needs(0)
        gx, *gradients = _gru_sequence_gradient(
            x, kernel, recurrent_kernel, h0, hs, gates, ghs, gh, *mask, wants_x=wants_x
        )
        return (gx if wants_x else None, *gradients, *[None for _ in mask])


class GruSequenceGradient(SequenceGradient):
    """(x, kernel, recurrent_kernel, h0, hs, gates, ghs, gh[, mask]) -> gradients of (x, kernel, recurrent_kernel, bias, h0);
    ghs may have no steps, and x's gradient is empty where nobody wants it."""

    formula = _BACKWARD
    gradient_formula = r"\text{none: the composition of small ops has one}"
    outputs = 5

    def shape(self, x, kernel, recurrent_kernel, h0, *rest, wants_x):
        return x if wants_x else (0, 0, 0), kernel, recurrent_kernel, (2, kernel[1]), h0

    def reference(self, x, kernel, recurrent_kernel, h0, hs, gates, ghs, gh, mask=None, *, wants_x):
        gx = np.zeros(x.shape if wants_x else (0, 0, 0), x.dtype)
        gk, gr = np.zeros_like(kernel), np.zeros_like(recurrent_kernel)
        gb = np.zeros((2, kernel.shape[1]), x.dtype)
        dh = gh
        for t in reversed(range(x.shape[1])):
            if ghs.shape[1]:
                dh = dh + ghs[:, t]
            before = hs[:, t - 1] if t else h0
            m = counts(mask, t)
            z, r, g, q = np.split(gates[t], 4, axis=1)
            az, ag = dh * (before - g) * z * (1 - z), dh * (1 - z) * (1 - g**2)
            ar = ag * q * r * (1 - r)
            zero = np.zeros((), x.dtype)
            to_x = keep_old(m, np.concatenate([az, ar, ag], axis=1), zero)
            to_h = keep_old(m, np.concatenate([az, ar, ag * r], axis=1), zero)
            dh = keep_old(m, dh * z + to_h @ recurrent_kernel.T, dh)
            if wants_x:
                gx[:, t] = to_x @ kernel.T
            gk += x[:, t].T @ to_x
            gr += before.T @ to_h
            gb += np.stack([to_x.sum(0), to_h.sum(0)])
        return gx, gk, gr, gb, np.array(dh)

    def launch(self, native, x, kernel, recurrent_kernel, h0, *rest, wants_x):
        shapes = self.shape(x.shape, kernel.shape, recurrent_kernel.shape, h0.shape, wants_x=wants_x)
        results = tuple(kernels.empty(shape, x.dtype) for shape in shapes)
        mask = rest[4] if len(rest) == 5 else empty(x)
        native(*map(contiguous, (x, kernel, recurrent_kernel, h0, *rest[:4], mask)), *results, wants_x)
        return results


_gru_sequence = GruSequence()
_gru_sequence_gradient = GruSequenceGradient()


def gru_step(
    x,
    h,
    kernel,
    recurrent_kernel,
    bias,
    activation=None,
    recurrent_activation=None,
    reset_after=True,
    drop_x=None,
    drop_h=None,
    t=None,
):
    """Compute one step of a GRU in small ops; returns h. Without activations they are tanh and sigmoid.

    drop_x and drop_h are dropout masks: one for all gates, or a tuple of one a gate.
    """
    squash, gate = activation or public["tanh"], recurrent_activation or public["sigmoid"]
    split = public["split"]
    units = h.shape[1]
    input_bias, recurrent_bias = (bias[0], bias[1]) if bias is not None and reset_after else (bias, None)
    x_part = dropped_product(x, kernel, drop_x)
    xz, xr, xg = split(x_part if bias is None else x_part + input_bias, 3, axis=1)
    if reset_after:
        h_part = dropped_product(h, recurrent_kernel, drop_h)
        hz, hr, q = split(h_part if bias is None else h_part + recurrent_bias, 3, axis=1)
    else:
        hz, hr = split(dropped_product(h, recurrent_kernel[:, : 2 * units], drop_h and drop_h[:2]), 2, axis=1)
    z, r = labelled("z", t, gate(xz + hz)), labelled("r", t, gate(xr + hr))
    if reset_after:
        inner = r * labelled("q", t, q)
    else:
        inner = public["matmul"](
            r * (h if drop_h is None else h * drop_h[2]), recurrent_kernel[:, 2 * units :]
        )
    g = labelled("g", t, squash(xg + inner))
    return labelled("h", t, z * h + (1.0 - z) * g)


def gru_sequence(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    h0: Any,
    mask: Any = None,
    return_sequences: bool = True,
) -> tuple:
    """Run a GRU over a sequence, in one kernel: Keras's with ``reset_after=True``, the gates in the order z, r, h.

    Parameters
    ----------
    x : tensor, shape (batch, time, n)
    kernel : tensor, shape (n, 3 units)
    recurrent_kernel : tensor, shape (units, 3 units)
    bias : tensor, shape (2, 3 units)
        One for the input and one for the state.
    h0 : tensor, shape (batch, units)
        The state before the first step.
    mask : tensor, shape (batch, time), optional
        False (or 0) where a step is skipped: the state stays as it is.
    return_sequences : bool
        Whether the output is h of every step, or that of the last one.

    Returns
    -------
    tuple of tensors
        The output, shape (batch, time, units) or (batch, units); then h after the last step.

    Notes
    -----
    With ``kernels.use(gru_sequence="steps")``, and under the step-through, it is composed of small ops.

    Examples
    --------
    >>> import numpy as np
    >>> output, h = gru_sequence(np.ones((1, 2, 1)), np.ones((1, 3)), np.ones((1, 3)), np.zeros((2, 3)), np.zeros((1, 1)))
    >>> output.shape, round(h.item(), 4)
    ((1, 2, 1), 0.3468)
    """
    return _gru_sequence.run(
        x, kernel, recurrent_kernel, bias, h0, mask=mask, return_sequences=return_sequences
    )
