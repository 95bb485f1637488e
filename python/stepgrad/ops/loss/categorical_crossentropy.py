"""categorical_crossentropy, sparse_categorical_crossentropy: how far predicted probabilities are from the classes."""

from __future__ import annotations

from typing import Any

from stepgrad import config
from stepgrad.errors import ShapeError
from stepgrad.ops.loss.softmax_cross_entropy import _softmax_cross_entropy
from stepgrad.ops.loss.sparse_probability_cross_entropy import _sparse_probability_cross_entropy
from stepgrad.ops.loss.sparse_softmax_cross_entropy import _sparse_softmax_cross_entropy
from stepgrad.ops.op import normalize_axis, to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Cross-entropy of one-hot (or soft) targets, one loss a sample: -sum(target * log(output)) along `axis`.

    Without `from_logits` the output is divided by its sum and clipped to [epsilon, 1 - epsilon] first, as in Keras.

    Parameters
    ----------
    target : tensor, shape (..., classes)
    output : tensor, shape (..., classes)
        Probabilities, or logits when `from_logits`.
    axis : int
        The axis of the classes.

    Returns
    -------
    tensor, the shape of `output` without `axis`

    Examples
    --------
    >>> loss = categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    >>> print(f"{loss.item():.4f}")
    0.6931
    """
    target, output = _prepare(target, output)
    _check(_softmax_cross_entropy, output, target, "categorical_crossentropy")
    if from_logits:
        return _softmax_cross_entropy(_classes_last(output, axis), _classes_last(target, axis))
    return -(target * _log_of_probabilities(output, axis)).sum(axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Cross-entropy of integer class labels, one loss a sample: -log(output[label]).

    Without `from_logits` the output is divided by its sum and clipped to [epsilon, 1 - epsilon] first, as in Keras.

    Parameters
    ----------
    target : integer tensor, shape (...) or (..., 1)
        Labels, counted from 0.
    output : tensor, shape (..., classes)
        Probabilities, or logits when `from_logits`.
    axis : int
        The axis of the classes.

    Raises
    ------
    DataError
        If a label is not in 0 ... classes - 1.

    Examples
    --------
    >>> loss = sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    >>> print(f"{loss.item():.4f}")
    0.6931
    """
    target, output = _prepare(target, output)
    if output.ndim and target.ndim == output.ndim and target.shape[axis] == 1:
        target = public["squeeze"](target, axis)
    output = _classes_last(output, axis)
    _check(_sparse_softmax_cross_entropy, output, target, "sparse_categorical_crossentropy")
    if from_logits:
        return _sparse_softmax_cross_entropy(output, target)
    return _sparse_probability_cross_entropy(output, target, epsilon=config.epsilon())


def _prepare(target, output):
    target, output = to_tensor(target), to_tensor(output)
    if "float" not in output.dtype:
        output = public["cast"](output, config.floatx())
    return target, output


def _check(op, output, target, name):
    try:
        op.shape(tuple(output.shape), tuple(target.shape))
    except ShapeError as error:
        raise error.at(name) from None


def _classes_last(x, axis):
    if normalize_axis(axis, x.ndim) == x.ndim - 1:
        return x
    others = [i for i in range(x.ndim) if i != axis % x.ndim]
    return public["transpose"](x, (*others, axis % x.ndim))


def _log_of_probabilities(output, axis):
    epsilon = config.epsilon()
    return public["log"](public["clip"](output / output.sum(axis, True), epsilon, 1.0 - epsilon))
