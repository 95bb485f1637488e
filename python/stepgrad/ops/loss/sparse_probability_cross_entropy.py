"""sparse_probability_cross_entropy: -log of the probability of the label, which alone is looked at, and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad import kernels
from stepgrad.ops.loss.softmax_cross_entropy import as_rows, over_classes
from stepgrad.ops.loss.sparse_softmax_cross_entropy import SparseSoftmaxCrossEntropy, checked
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import public


class SparseProbabilityCrossEntropy(Op):
    formula = r"\ell = -\log \operatorname{clip}\Big(\frac{y_t}{\sum_j y_j}, \epsilon, 1 - \epsilon\Big)"
    gradient_formula = (
        r"\bar y_i = \bar\ell \Big(\frac{1}{\sum_j y_j} - \frac{[i = t]}{y_t}\Big)"
        r"\text{, 0 where the probability was clipped}"
    )
    promote = None  # the labels stay integers

    def shape(self, output, labels, *, epsilon):
        return SparseSoftmaxCrossEntropy.shape(self, output, labels)

    def reference(self, output, labels, *, epsilon):
        self.shape(output.shape, labels.shape, epsilon=epsilon)
        labels = checked(labels, output.shape[-1])
        rows = output.reshape(-1, output.shape[-1])
        with np.errstate(divide="ignore", invalid="ignore"):  # a row of zeros: NaN
            p = rows[np.arange(len(rows)), labels.reshape(-1)] / rows.sum(-1)
        p = np.minimum(np.maximum(p, epsilon), 1 - epsilon)
        return -np.log(p).astype(output.dtype, copy=False).reshape(labels.shape)

    def launch(self, native, output, labels, *, epsilon):
        loss = kernels.empty(self.shape(output.shape, labels.shape, epsilon=epsilon), output.dtype)
        labels = checked(labels, output.shape[-1]).reshape(-1)
        native(*as_rows(output), labels, loss.reshape(-1), epsilon)
        return loss

    def gradient(self, step, gy):
        output, labels = step.inputs
        return _sparse_probability_cross_entropy_gradient(output, labels, gy, **step.attrs), None


class SparseProbabilityCrossEntropyGradient(Op):
    formula = SparseProbabilityCrossEntropy.gradient_formula
    gradient_formula = (
        r"\bar{\bar\ell} = s - \frac{g_t}{y_t},\quad \bar y_i' = \bar\ell"
        r"\Big([i = t] \frac{g_t}{y_t^2} - \frac{\sum_j g_j}{(\sum_j y_j)^2}\Big),\quad s = \frac{\sum_j g_j}{\sum_j y_j}"
    )
    promote = None

    def shape(self, output, labels, gy, *, epsilon):
        return output

    def reference(self, output, labels, gy, *, epsilon):
        rows = output.reshape(-1, output.shape[-1])
        at = np.arange(len(rows)), labels.reshape(-1).astype(np.int64)
        total, chosen = rows.sum(-1), rows[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            p = chosen / total
            clipped, g = (p < epsilon) | (p > 1 - epsilon), gy.reshape(-1)
            zero = np.zeros((), output.dtype)  # also where the probability itself is 0
            result = np.repeat(np.where(clipped, zero, g / total)[:, None], rows.shape[1], axis=1)
            result[at] -= np.where(clipped, zero, g / chosen)
        return result.reshape(output.shape)

    def launch(self, native, output, labels, gy, *, epsilon):
        result = kernels.empty(output.shape, output.dtype)
        flat = contiguous(labels.astype(np.int64, copy=False)).reshape(-1), contiguous(gy).reshape(-1)
        native(*as_rows(output), *flat, *as_rows(result), epsilon)
        return result

    def gradient(self, step, g):
        output, labels, gy = step.inputs
        epsilon = step.attrs["epsilon"]
        one_hot = public["one_hot"](labels, output.shape[-1], dtype=output.dtype)
        total, chosen = output.sum(-1, True), (output * one_hot).sum(-1, True)
        p = chosen.array / total.array
        inside = ((p >= epsilon) & (p <= 1 - epsilon)).astype(output.dtype)
        chosen = chosen + (1 - inside)  # a clipped probability has no gradient, also where it is 0
        picked, every = (g * one_hot).sum(-1, True), g.sum(-1, True)
        to_output = one_hot * picked / (chosen * chosen) - every / (total * total)
        return (
            inside * over_classes(gy) * to_output,
            None,
            (inside * (every / total - picked / chosen)).sum(-1),
        )


_sparse_probability_cross_entropy = SparseProbabilityCrossEntropy()
_sparse_probability_cross_entropy_gradient = SparseProbabilityCrossEntropyGradient()
