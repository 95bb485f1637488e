"""binary_crossentropy: how far a predicted probability is from yes or no."""

from __future__ import annotations

from typing import Any

from stepgrad import config
from stepgrad.ops.loss.sigmoid_cross_entropy import _sigmoid_cross_entropy, check_same_shape
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Cross-entropy of yes/no targets, entry by entry: -(t log(p) + (1 - t) log(1 - p)).

    Without `from_logits` the output is clipped to [epsilon, 1 - epsilon] first, as in Keras.

    Parameters
    ----------
    target : tensor of any shape, 0 ... 1
    output : tensor of the same shape
        Probabilities, or logits when `from_logits`.

    Returns
    -------
    tensor of the same shape

    Examples
    --------
    >>> print(f"{binary_crossentropy([1.0], [0.5]).item():.4f}")
    0.6931
    """
    if from_logits:
        return _sigmoid_cross_entropy(output, target)
    target, output = to_tensor(target), to_tensor(output)
    check_same_shape(tuple(output.shape), tuple(target.shape))
    epsilon = config.epsilon()
    p = public["clip"](output, epsilon, 1.0 - epsilon)
    return -(target * public["log"](p) + (1.0 - target) * public["log"](1.0 - p))
