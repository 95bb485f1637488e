"""The losses for probabilities as classes, with their settings."""

from __future__ import annotations

from stepgrad import ops
from stepgrad.losses.loss import LOSSES, LossFunctionWrapper
from stepgrad.losses.probabilistic import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from stepgrad.tape import Tensor


@LOSSES.register
class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of yes-or-no answers: see `binary_crossentropy`.

    Examples
    --------
    >>> round(BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: str | None = None,
    ):
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **settings)


@LOSSES.register
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Crossentropy that looks away from what is already right: see `binary_focal_crossentropy`."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: str | None = None,
    ):
        settings = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        settings |= {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **settings)


@LOSSES.register
class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy for one-hot labels: see `categorical_crossentropy`.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
    ):
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **settings)


@LOSSES.register
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Focal crossentropy for one-hot labels: see `categorical_focal_crossentropy`."""

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ):
        settings = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits}
        settings |= {"label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **settings)


@LOSSES.register
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy for labels that are class numbers: see `sparse_categorical_crossentropy`.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.25, 0.75]]).item(), 4)
    1.0397
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ):
        self.ignore_class = ignore_class
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **settings)

    def compute_mask(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        if self.ignore_class is None:
            return None
        counts = ops.not_equal(y_true, self.ignore_class)
        return counts[..., 0] if counts.ndim == y_pred.ndim else counts


@LOSSES.register
class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence: see `kl_divergence`."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: str | None = None,
    ):
        super().__init__(kl_divergence, reduction, name, dtype)


@LOSSES.register
class Poisson(LossFunctionWrapper):
    """Loss for counts: see `poisson`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: str | None = None
    ):
        super().__init__(poisson, reduction, name, dtype)
