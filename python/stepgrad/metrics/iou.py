"""Intersection over union, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.device_arrays import to_host
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.metrics.metric import METRICS, Metric, as_it_lies, as_result, together, weights_beside
from stepgrad.tape import Tensor


@METRICS.register
class IoU(Metric):
    """Mean over some classes of TP / (TP + FP + FN).

    Parameters
    ----------
    num_classes : int
    target_class_ids : list of int
    name, dtype : str, optional
    ignore_class : int, optional
        A label whose pixels do not count.
    sparse_y_true, sparse_y_pred : bool
        True for class numbers, False for one value a class along `axis`.
    axis : int

    Examples
    --------
    >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).item(), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(dtype, name)
        if max(target_class_ids) >= num_classes:
            raise ArgumentError(
                f"there is no class {max(target_class_ids)}", expected=f"0 <= id < {num_classes}"
            )
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype="float64", name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = together(y_true, y_pred)
        y_true = (y_true if self.sparse_y_true else y_true.argmax(self.axis)).ravel().astype(np.int64)
        y_pred = (y_pred if self.sparse_y_pred else y_pred.argmax(self.axis)).ravel().astype(np.int64)
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                "labels and predictions have different numbers of entries", op=self.name, expected=str(y_pred.size),
                got=str(y_true.size), fix="for one value a class set sparse_y_pred=False",
            )  # fmt: skip
        known = (y_true >= 0) & (y_true < self.num_classes) & (y_pred >= 0) & (y_pred < self.num_classes)
        if self.ignore_class is not None:
            known &= y_true != self.ignore_class
        cells = np.where(known, y_true * self.num_classes + y_pred, 0)
        amounts = known.astype(np.float64)
        if sample_weight is not None:
            amounts *= weights_beside(y_pred, sample_weight, np.float64).ravel()
        matrix = to_host(np.bincount(cells, amounts, self.num_classes**2))
        self.total_cm.assign_add(matrix.reshape(self.num_classes, self.num_classes))

    def result(self) -> Tensor:
        matrix, ids = self.total_cm.array, self.target_class_ids
        right = np.diag(matrix)
        union = (matrix.sum(axis=0) + matrix.sum(axis=1) - right)[ids]
        valid = union > 1e-9
        scores = np.where(valid, right[ids] / (union + config.epsilon()), 0.0)
        return as_result(scores.sum() / (valid.sum() + config.epsilon()), config.floatx())

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }
        return {**super().get_config(), **own}


@METRICS.register
class MeanIoU(IoU):
    """Mean over all classes of TP / (TP + FP + FN). Parameters as in `IoU`.

    Examples
    --------
    >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]).item(), 4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["target_class_ids"]
        return config


@METRICS.register
class OneHotIoU(IoU):
    """`IoU` of one-hot labels and predictions with one value a class.

    Parameters
    ----------
    num_classes : int
    target_class_ids : list of int
    name, dtype, ignore_class, axis
        As in `IoU`.
    sparse_y_pred : bool
        True where the predictions are class numbers.

    Examples
    --------
    >>> metric = OneHotIoU(num_classes=2, target_class_ids=[0])
    >>> round(metric([[1, 0], [1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config


@METRICS.register
class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot labels and predictions with one value a class. Parameters as in `OneHotIoU`.

    Examples
    --------
    >>> metric = OneHotMeanIoU(num_classes=2)
    >>> round(metric([[1, 0], [1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config


@METRICS.register
class BinaryIoU(IoU):
    """`IoU` of the classes 0 and 1, where predictions become 1 from a threshold on.

    Parameters
    ----------
    target_class_ids : list of int
        [0], [1] or [0, 1], whose mean is taken.
    threshold : float
    name, dtype : str, optional

    Examples
    --------
    >>> round(BinaryIoU(target_class_ids=[0, 1], threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).item(), 4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_true, as_it_lies(y_pred) >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name, "dtype": self.dtype, "target_class_ids": self.target_class_ids, "threshold": self.threshold
        }  # fmt: skip
