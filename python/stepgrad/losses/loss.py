"""Loss: the base class of all losses, and how the values of a batch become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad import config, ops
from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.tape import Tensor, as_tensor, scope
from stepgrad.utils.naming import auto_name
from stepgrad.utils.serialization import Registry, serialize_object

LOSSES = Registry("losses")

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """A number that says how wrong predictions are; training makes it small.

    Parameters
    ----------
    name : str, optional
    reduction : {"sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None}
        What becomes of the values, one a sample: their mean (the first two are the same), their sum, their sum divided by the
        sum of the sample weights, or nothing.
    dtype : str, optional
        Compute in this dtype; left out, in that of the predictions.

    Notes
    -----
    A loss of your own defines ``call(y_true, y_pred)``, which returns one value a sample.

    Examples
    --------
    >>> class Worst(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.max(ops.abs(y_true - y_pred), axis=-1)
    >>> Worst()([[1.0, 2.0]], [[1.0, 5.0]]).item()
    3.0
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: str | None = None
    ):
        if reduction not in REDUCTIONS:
            raise ArgumentError(
                f"a loss has no reduction {reduction!r}",
                fix=did_you_mean(str(reduction), [r for r in REDUCTIONS if r]),
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self.dtype = dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> Tensor:
        """Compare predictions with the truth.

        Parameters
        ----------
        y_true, y_pred : tensor or array
        sample_weight : array, optional
            How much each sample counts: shape (batch,), or the leading axes of the values.
        mask : array of bool, optional
            False where a value does not count (padding); the mean is then over those that count. Predictions that carry
            a mask (``y_pred._keras_mask``) bring it along.

        Returns
        -------
        Tensor
            Shape (), or the values themselves when the reduction is None.
        """
        with scope(self.name):
            mask = _both(mask, getattr(y_pred, "_keras_mask", None))
            y_pred = convert(y_pred, self.dtype)
            y_true = convert(y_true)
            values = self.call(y_true, y_pred)
            mask = _both(mask, self.compute_mask(y_true, y_pred))
            return reduce_weighted_values(values, sample_weight, mask, self.reduction)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return one value a sample (or a time step, or a pixel)."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, y_true, y_pred)")

    def compute_mask(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        """Return where the loss's own values count; None means everywhere."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Make the loss that a config describes."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}, reduction={self.reduction!r}>"


@LOSSES.register
class LossFunctionWrapper(Loss):
    """A loss from a function ``fn(y_true, y_pred, **kwargs)`` that returns one value a sample.

    Examples
    --------
    >>> from stepgrad import losses
    >>> LossFunctionWrapper(losses.mean_absolute_error)([[0.0, 4.0]], [[0.0, 0.0]]).item()
    2.0
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        own = {"fn": serialize_object(self.fn)} if type(self) is LossFunctionWrapper else {}
        return {**super().get_config(), **own, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        if "fn" in config:
            config = {**config, "fn": LOSSES.get(config["fn"])}
        return cls(**config)


def convert(x: Any, dtype: str | None = None) -> Tensor:
    """Return `x` as a tensor, in `dtype` if one is given."""
    x = as_tensor(x)
    return x if dtype is None or dtype == x.dtype else ops.cast(x, dtype)


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Bring (n,) and (n, 1) to one rank; everything else stays as it is. Works on tensors and on NumPy arrays.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = squeeze_or_expand_to_same_rank(np.zeros(3), np.zeros((3, 1)))
    >>> a.shape, b.shape
    ((3, 1), (3, 1))
    """
    if len(x1.shape) == len(x2.shape) + 1 and x1.shape[-1] == 1:
        if len(x2.shape) == 1 and expand_rank_1:
            x2 = x2.reshape((*x2.shape, 1))
        else:
            x1 = x1.reshape(x1.shape[:-1])
    elif len(x2.shape) == len(x1.shape) + 1 and x2.shape[-1] == 1:
        if len(x1.shape) == 1 and expand_rank_1:
            x1 = x1.reshape((*x1.shape, 1))
        else:
            x2 = x2.reshape(x2.shape[:-1])
    return x1, x2


def apply_mask(sample_weight: Any, mask: Any, reduction: str | None, dtype: str | None = None) -> Any:
    """Merge a mask into sample weights; returns a tensor, or None where there is neither.

    For the two means the weights of what counts grow to total / valid, so that dividing by all still gives the mean
    over what counts. All by ops of the tape: a compiled step does the same to the weights and masks of each batch.

    Examples
    --------
    >>> apply_mask(None, [True, True, False, False], "sum_over_batch_size").tolist()
    [2.0, 2.0, 0.0, 0.0]
    """
    dtype = dtype or config.floatx()
    weight = None if sample_weight is None else convert(sample_weight, dtype)
    if mask is None:
        return weight
    counts = convert(convert(mask, "bool"), dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        counts = counts * (counts.size / ops.maximum(ops.sum(counts), 1.0))
    if weight is None:
        return counts
    counts, weight = squeeze_or_expand_to_same_rank(counts, weight)
    return counts * spread(weight, counts.shape)


def reduce_weighted_values(
    values: Any, sample_weight: Any = None, mask: Any = None, reduction: str | None = "sum_over_batch_size"
) -> Tensor:
    """Weight the values and reduce them.

    Examples
    --------
    >>> reduce_weighted_values([1.0, 3.0], sample_weight=[1.0, 0.0]).item()
    0.5
    >>> reduce_weighted_values([1.0, 3.0], sample_weight=[1.0, 0.0], reduction="mean_with_sample_weight").item()
    1.0
    """
    values = convert(values)
    weight = apply_mask(sample_weight, mask, reduction, values.dtype)
    if weight is not None:
        values, weight = squeeze_or_expand_to_same_rank(values, weight)
        values = values * spread(weight, values.shape)
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(weight))
    return ops.mean(values)


def spread(weight: Any, shape: tuple) -> Any:
    """Give weights trailing axes, so that (batch,) multiplies (batch, time) sample by sample."""
    if weight.ndim == 0:
        return weight
    if (
        weight.ndim > len(shape)
        or any(w not in (1, s) for w, s in zip(weight.shape, shape))
        or weight.shape[0] != shape[0]
    ):
        raise ShapeError(
            "the sample weights do not fit the values of the loss",
            expected=f"shape {shape}, or its leading axes: ({shape[0] if shape else ''},)",
            got=f"sample_weight of shape {weight.shape}",
            fix="give one weight a sample, in the order of the samples",
        )
    return weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))


def _both(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return ops.logical_and(*squeeze_or_expand_to_same_rank(convert(a, "bool"), convert(b, "bool")))
