"""sigmoid_cross_entropy: the binary cross-entropy of logits, without overflow."""

from __future__ import annotations

import numpy as np

from stepgrad.errors import ShapeError
from stepgrad.ops.op import Op, broadcast
from stepgrad.tape.state import public


class SigmoidCrossEntropy(Op):
    formula = r"\ell = \max(x, 0) - x t + \log(1 + e^{-|x|})"
    gradient_formula = r"\bar x = \bar\ell\, (\sigma(x) - t),\quad \bar t = -\bar\ell\, x"

    def shape(self, logits, labels):
        check_same_shape(logits, labels)
        return broadcast(logits, labels)

    def reference(self, logits, labels):
        self.shape(logits.shape, labels.shape)
        zero = np.zeros((), logits.dtype)
        return np.maximum(logits, zero) - logits * labels + np.log1p(np.exp(-np.abs(logits)))

    def gradient(self, step, gy):
        logits, labels = step.inputs
        to_logits = gy * (public["sigmoid"](logits) - labels) if step.needs(0) else None
        return to_logits, -(gy * logits) if step.needs(1) else None


def check_same_shape(output, target):
    """Raise unless target and output have one shape: broadcasting would silently compare everything with everything."""
    if len(output) != len(target) or any(
        None not in (a, b) and a != b for a, b in zip(output, target, strict=True)
    ):
        raise ShapeError(
            "target and output must have the same shape",
            expected=f"target of shape {output}",
            got=str(target),
            fix="give the target a last axis: target[:, None]" if tuple(output) == (*target, 1) else None,
        )


_sigmoid_cross_entropy = SigmoidCrossEntropy()
