"""softmax_cross_entropy: -sum(labels * log_softmax(logits)) in one pass, and its gradient."""

from __future__ import annotations

import math

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.loss.log_softmax import _log_softmax
from stepgrad.ops.loss.softmax import _softmax, _softmax_gradient
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import public


class SoftmaxCrossEntropy(Op):
    formula = r"\ell = -\sum_i t_i \log \mathrm{softmax}(x)_i"
    gradient_formula = (
        r"\bar x_i = \bar\ell \Big(\mathrm{softmax}(x)_i \sum_j t_j - t_i\Big),"
        r"\quad \bar t_i = -\bar\ell \log \mathrm{softmax}(x)_i"
    )

    def shape(self, logits, labels):
        fits = len(logits) == len(labels) and all(
            a == b or None in (a, b) for a, b in zip(logits, labels, strict=True)
        )
        if not fits or not logits:
            raise ShapeError(
                "the labels must be probabilities, one for each class",
                expected=f"labels of shape {logits}, as the logits",
                got=str(labels),
                fix="integer labels? use sparse_categorical_crossentropy"
                if len(labels) < len(logits)
                else None,
            )
        return logits[:-1]

    def reference(self, logits, labels):
        self.shape(logits.shape, labels.shape)
        log_p = _log_softmax.reference(logits)
        return -np.multiply(labels, log_p, out=np.zeros_like(log_p), where=labels != 0).sum(
            -1
        )  # 0 * -inf is 0 here

    def launch(self, native, logits, labels):
        loss = kernels.empty(self.shape(logits.shape, labels.shape), logits.dtype)
        native(*as_rows(logits, labels), loss.reshape(-1))
        return loss

    def gradient(self, step, gy):
        logits, labels = step.inputs
        to_logits = _softmax_cross_entropy_gradient(logits, labels, gy) if step.needs(0) else None
        to_labels = -(_log_softmax(logits) * over_classes(gy)) if step.needs(1) else None
        return to_logits, to_labels


class SoftmaxCrossEntropyGradient(Op):
    formula = r"\bar x_i = \bar\ell \Big(\mathrm{softmax}(x)_i \sum_j t_j - t_i\Big)"
    gradient_formula = (
        r"p = \mathrm{softmax}(x):\quad \bar x_i' = p_i (h_i - \sum_j p_j h_j),\ h = g \bar\ell \sum_j t_j,"
        r"\quad \bar t_i = \bar\ell (\sum_j g_j p_j - g_i),\quad \bar{\bar\ell} = \sum_i g_i (p_i \sum_j t_j - t_i)"
    )

    def shape(self, logits, labels, gy):
        return logits

    def reference(self, logits, labels, gy):
        return gy[..., None] * (_softmax.reference(logits) * labels.sum(-1, keepdims=True) - labels)

    def launch(self, native, logits, labels, gy):
        out = kernels.empty(logits.shape, logits.dtype)
        native(*as_rows(logits, labels), contiguous(gy).reshape(-1), *as_rows(out))
        return out

    def gradient(self, step, g):
        logits, labels, gy = step.inputs
        p, total, gy = _softmax(logits), labels.sum(-1, True), over_classes(gy)
        return (
            _softmax_gradient(p, g * gy * total),
            gy * ((g * p).sum(-1, True) - g),
            (g * (p * total - labels)).sum(-1),
        )


def as_rows(*arrays):
    """Bring arrays to the kernels' layout, [rows, classes]."""
    return [contiguous(a).reshape(math.prod(a.shape[:-1]), a.shape[-1]) for a in arrays]


def over_classes(g):
    """Let a per-sample gradient broadcast over the classes."""
    return public["reshape"](g, (*g.shape, 1))


_softmax_cross_entropy = SoftmaxCrossEntropy()
_softmax_cross_entropy_gradient = SoftmaxCrossEntropyGradient()
