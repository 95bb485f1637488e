"""Do labels and predictions belong together? Cheap checks first; the explanation is built only on failure."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.errors import DTypeError, ShapeError
from stepgrad.losses.loss import convert, squeeze_or_expand_to_same_rank
from stepgrad.tape import Tensor


def pair(name: str, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Return both as float tensors of one shape, or explain why they are not a pair.

    NumPy would broadcast (n,) against (n, 10) or (n, 1) against (n, 10) in silence, and the loss would compare each
    prediction with the labels of other samples: here the shapes must be equal, but for a last axis of size 1.
    """
    y_true, y_pred = _floats(y_true, y_pred)
    given = y_true.shape, y_pred.shape
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise shapes_differ(name, *given)
    return y_true, y_pred


def categorical_pair(name: str, y_true: Any, y_pred: Any, axis: int = -1) -> tuple[Tensor, Tensor]:
    """Like `pair`, for labels that are a distribution over the classes."""
    given = convert(y_true)
    y_true, y_pred = _floats(given, y_pred)
    classes = y_pred.shape[axis] if y_pred.shape else 1
    if y_true.shape != y_pred.shape and classes != 1:
        if y_true.shape in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1)):
            raise ShapeError(
                "these labels are class numbers, and this loss wants one probability a class",
                op=name,
                expected=f"labels of shape {y_pred.shape}, as the predictions",
                got=f"labels of shape {y_true.shape} and dtype {given.dtype}",
                fix=f"use sparse_{name}, or one-hot the labels with utils.to_categorical(labels, {classes})",
            )
        raise shapes_differ(name, y_true.shape, y_pred.shape)
    return pair(name, y_true, y_pred)


def sparse_pair(
    name: str, y_true: Any, y_pred: Any, axis: int = -1, ignore_class: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return (class numbers without a class axis, predictions), or explain."""
    y_true, y_pred = convert(y_true), _float(convert(y_pred))
    if not y_pred.shape:
        raise ShapeError("predictions need an axis of classes", op=name, got="shape ()")
    classes = y_pred.shape[axis]
    if y_true.shape == y_pred.shape and classes != 1:
        raise ShapeError(
            "these labels have one number a class, and this loss wants the number of the class",
            op=name,
            expected=f"labels of shape {_without(y_pred.shape, axis)}",
            got=f"labels of shape {y_true.shape}, as the predictions",
            fix="use categorical_crossentropy, or give numpy.argmax(labels, axis=-1)",
        )
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = y_true.reshape(_without(y_true.shape, axis))
    if y_true.shape != _without(y_pred.shape, axis):
        raise shapes_differ(name, y_true.shape, y_pred.shape, _without(y_pred.shape, axis))
    _check_class_numbers(name, y_true.array, classes, ignore_class)
    return y_true, y_pred


def _check_class_numbers(name: str, labels: np.ndarray, classes: int, ignore_class: int | None) -> None:
    if labels.size == 0:
        return
    if labels.dtype.kind == "f" and (np.floor(labels) != labels).any():
        at, value = _first(labels, np.floor(labels) != labels)
        raise DTypeError(
            "class numbers are whole numbers",
            op=name,
            got=f"label {value} at index {at}",
            fix="for probabilities use categorical_crossentropy; for measured values use mean_squared_error",
        )
    if labels.min() >= 0 and labels.max() < classes:
        return
    wrong = (labels < 0) | (labels >= classes)
    if ignore_class is not None:
        wrong &= labels != ignore_class
    if wrong.any():
        at, value = _first(labels, wrong)
        if labels[labels != (-1 if ignore_class is None else ignore_class)].min() == 1 and value == classes:
            fix = "the labels seem to start at 1: subtract 1"
        elif value < 0:
            fix = f"the classes are counted from 0; to leave samples out use ignore_class={int(value)}"
        else:
            fix = f"give the last layer {int(labels.max()) + 1} units, one a class, or correct the labels"
        raise ShapeError(
            "a label is outside of the classes",
            op=name,
            expected=f"0 <= label < {classes}, the last size of the predictions",
            got=f"label {int(value)} at index {at}",
            fix=fix,
        )


def _first(labels: np.ndarray, wrong: np.ndarray) -> tuple[Any, Any]:
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (at[0] if len(at) == 1 else at), labels[at]


def shapes_differ(name: str, true: tuple, pred: tuple, expected: tuple | None = None) -> ShapeError:
    """Build the error for labels and predictions whose shapes do not belong together."""
    expected = pred if expected is None else expected
    got = f"labels {true}, predictions {pred}"
    if true and pred and true[0] != pred[0]:
        return ShapeError(
            "labels and predictions have different batch sizes",
            op=name,
            expected=f"{pred[0]} labels, one a prediction",
            got=got,
            fix="check that x and y have the same length and were cut into the same batches",
        )
    if pred in (true[:-1], (*true[:-1], 1)) and true[-1] > 1:
        fix = (
            f"the labels have {true[-1]} numbers where the predictions have one: if the labels are one-hot rows and the "
            "predictions class numbers, compare with numpy.argmax(labels, axis=-1)"
        )
    elif true in (pred[:-1], (*pred[:-1], 1)):
        fix = (
            f"the model gives {pred[-1]} values where the labels have one: end it with Dense(1), or, when the labels are "
            "class numbers, use sparse_categorical_crossentropy"
        )
    elif len(true) < len(pred):
        fix = "the predictions have more axes than the labels: did you forget Flatten or pooling before the last layer?"
    elif len(true) > len(pred):
        fix = "the labels have more axes than the predictions: reshape them, or end the model without Flatten or pooling"
    else:
        fix = f"give the last layer {true[-1]} units, or correct the labels"
    return ShapeError(
        "labels and predictions have different shapes",
        op=name,
        expected=f"labels of shape {expected}",
        got=got,
        fix=fix,
    )


def _floats(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    y_pred = _float(convert(y_pred))
    return convert(y_true, y_pred.dtype), y_pred


def _float(x: Tensor) -> Tensor:
    return x if "float" in x.dtype else ops.cast(x, "float32")


def _without(shape: tuple, axis: int) -> tuple:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]
