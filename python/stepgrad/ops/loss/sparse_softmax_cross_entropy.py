"""sparse_softmax_cross_entropy: -log_softmax(logits)[label] in one pass, and its gradient."""

from __future__ import annotations

import numpy as np

from stepgrad import kernels
from stepgrad.errors import DataError, DTypeError, ShapeError
from stepgrad.ops.loss.log_softmax import _log_softmax
from stepgrad.ops.loss.softmax import _softmax, _softmax_gradient
from stepgrad.ops.loss.softmax_cross_entropy import as_rows, over_classes
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import public


class SparseSoftmaxCrossEntropy(Op):
    formula = r"\ell = -\log \mathrm{softmax}(x)_{t}"
    gradient_formula = r"\bar x_i = \bar\ell \big(\mathrm{softmax}(x)_i - [i = t]\big)"
    promote = None  # the labels stay integers

    def shape(self, logits, labels):
        fits = len(labels) == len(logits) - 1 and all(
            a == b or None in (a, b) for a, b in zip(logits, labels, strict=False)
        )
        if not fits:
            one_hot = len(labels) == len(logits) and labels[-1:] == logits[-1:]
            raise ShapeError(
                "labels look one-hot: use categorical_crossentropy"
                if one_hot
                else "one label is needed for each sample",
                expected=f"integer labels of shape {logits[:-1]} for outputs of shape {logits}",
                got=str(labels),
            )
        return logits[:-1]

    def reference(self, logits, labels):
        self.shape(logits.shape, labels.shape)
        labels = checked(labels, logits.shape[-1])
        return -np.take_along_axis(_log_softmax.reference(logits), labels[..., None], -1)[..., 0]

    def launch(self, native, logits, labels):
        loss = kernels.empty(self.shape(logits.shape, labels.shape), logits.dtype)
        native(*as_rows(logits), checked(labels, logits.shape[-1]).reshape(-1), loss.reshape(-1))
        return loss

    def gradient(self, step, gy):
        logits, labels = step.inputs
        return _sparse_softmax_cross_entropy_gradient(logits, labels, gy), None


class SparseSoftmaxCrossEntropyGradient(Op):
    formula = r"\bar x_i = \bar\ell \big(\mathrm{softmax}(x)_i - [i = t]\big)"
    gradient_formula = (
        r"p = \mathrm{softmax}(x):\quad \bar x_i' = p_i (h_i - \sum_j p_j h_j),\ h = g \bar\ell,"
        r"\quad \bar{\bar\ell} = \sum_j g_j p_j - g_t"
    )
    promote = None

    def shape(self, logits, labels, gy):
        return logits

    def reference(self, logits, labels, gy):
        p = _softmax.reference(logits)
        at = labels.astype(np.int64)[..., None]
        np.put_along_axis(p, at, np.take_along_axis(p, at, -1) - 1, -1)
        return p * gy[..., None]

    def launch(self, native, logits, labels, gy):
        out = kernels.empty(logits.shape, logits.dtype)
        flat = contiguous(labels.astype(np.int64, copy=False)).reshape(-1), contiguous(gy).reshape(-1)
        native(*as_rows(logits), *flat, *as_rows(out))
        return out

    def gradient(self, step, g):
        logits, labels, gy = step.inputs
        p = _softmax(logits)
        one_hot = public["one_hot"](labels, logits.shape[-1], dtype=logits.dtype)
        return _softmax_gradient(p, g * over_classes(gy)), None, (g * (p - one_hot)).sum(-1)


def checked(labels, classes):
    """Return the labels as int64, or name the first one that is no class."""
    whole = labels if labels.dtype.kind in "iu" else np.floor(labels)
    if labels.dtype.kind == "f" and not np.array_equal(whole, labels):
        raise DTypeError(
            "class labels are whole numbers",
            got=f"label {labels[whole != labels].flat[0]}",
            fix="probabilities instead of labels? use categorical_crossentropy",
        )
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        raise DataError(
            f"label {labels[wrong].flat[0]} is no class: there are {classes} classes",
            expected=f"0 <= label < {classes}",
            got=f"labels from {labels.min()} to {labels.max()}",
            fix=f"count labels from 0, or give the last layer {int(labels.max()) + 1} units"
            if labels.min() >= 0
            else "count labels from 0",
        )
    return contiguous(labels.astype(np.int64, copy=False))


_sparse_softmax_cross_entropy = SparseSoftmaxCrossEntropy()
_sparse_softmax_cross_entropy_gradient = SparseSoftmaxCrossEntropyGradient()
