"""Making tensors: from Python values, filled with a number, counted, or shaped like another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.ops.op import Op
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


class FullLike(Op):
    """An op, and no plain function, so that it also works on a KerasTensor."""

    formula = r"y_i = c"
    gradient_formula = r"\text{none: the result does not depend on the values of } x"
    promote = None
    differentiable = False

    def shape(self, x, value, dtype=None):
        return x

    def dtype(self, *dtypes, value, dtype=None):
        return dtype or dtypes[0]

    def reference(self, x, value, dtype=None):
        return np.full(x.shape, value, dtype or x.dtype)


_full_like = FullLike()


def full_like(x: Any, fill_value: float, dtype: str | None = None) -> Tensor:
    """Return a tensor with the shape and dtype of `x`, filled with one number.

    Examples
    --------
    >>> full_like([1.0, 2.0], 7).tolist()
    [7.0, 7.0]
    """
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    return _full_like(x, value=fill_value, dtype=None if dtype is None else np.dtype(dtype).name)


def zeros_like(x: Any, dtype: str | None = None) -> Tensor:
    """Return zeros with the shape and dtype of `x`.

    Examples
    --------
    >>> zeros_like([1.0, 2.0]).tolist()
    [0.0, 0.0]
    """
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: str | None = None) -> Tensor:
    """Return ones with the shape and dtype of `x`.

    Examples
    --------
    >>> ones_like([1, 2]).tolist()
    [1, 1]
    """
    return full_like(x, 1, dtype)


def full(shape: int | tuple[int, ...], fill_value: float, dtype: str | None = None) -> Tensor:
    """Return a tensor filled with one number.

    Parameters
    ----------
    shape : int or tuple of int
    fill_value : float
    dtype : str, optional
        ``config.floatx()`` unless given.

    Examples
    --------
    >>> full((2, 2), 0.5).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    if not isinstance(shape, int | np.integer):
        shape = tuple(shape)
        if None in shape:
            raise ArgumentError(
                "a new tensor needs known sizes",
                got=str(shape),
                fix="inside a model, where the batch size is not known yet, use ops.full_like or ops.zeros_like(x)",
            )
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.array
    return wrap(np.full(shape, fill_value, dtype or config.floatx()))


def zeros(shape: int | tuple[int, ...], dtype: str | None = None) -> Tensor:
    """Return a tensor of zeros.

    Examples
    --------
    >>> zeros(3).tolist()
    [0.0, 0.0, 0.0]
    """
    return full(shape, 0, dtype)


def ones(shape: int | tuple[int, ...], dtype: str | None = None) -> Tensor:
    """Return a tensor of ones.

    Examples
    --------
    >>> ones((1, 2), "int32").tolist()
    [[1, 1]]
    """
    return full(shape, 1, dtype)


def arange(
    start: float, stop: float | None = None, step: float | None = None, dtype: str | None = None
) -> Tensor:
    """Count from `start` (0 when only one number is given) up to, and without, `stop`.

    Examples
    --------
    >>> arange(3).tolist(), arange(1.0, 2.0, 0.5).tolist()
    ([0, 1, 2], [1.0, 1.5])
    """
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if step == 0:
        raise ArgumentError("step cannot be 0", op="arange")
    array = np.arange(*(x.item() if isinstance(x, Tensor) else x for x in (start, stop, step)))
    return wrap(array.astype(dtype or (config.floatx() if array.dtype.kind == "f" else "int32")))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Any:
    """Return `num` numbers at equal distances from `start` to `stop`, with `retstep` also the distance.

    Examples
    --------
    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    if num < 0:
        raise ArgumentError("num cannot be negative", op="linspace", got=f"num={num}")
    start, stop = (x.array if isinstance(x, Tensor) else x for x in (start, stop))
    dtype = dtype or config.floatx()
    values, step = np.linspace(start, stop, num, endpoint, retstep=True, dtype=dtype, axis=axis)
    return (wrap(values), wrap(np.asarray(step, dtype))) if retstep else wrap(values)


def eye(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Return a matrix with ones on the k-th diagonal and zeros elsewhere.

    Examples
    --------
    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return wrap(np.eye(N, M, k, dtype=dtype or config.floatx()))


def identity(n: int, dtype: str | None = None) -> Tensor:
    """Return the identity matrix.

    Examples
    --------
    >>> identity(1).tolist()
    [[1.0]]
    """
    return eye(n, dtype=dtype)


def convert_to_tensor(
    x: Any, dtype: str | None = None, sparse: bool | None = None, ragged: bool | None = None
) -> Tensor:
    """Return `x` as a tensor: itself when it already is one (symbolic ones too) and the dtype fits.

    Examples
    --------
    >>> convert_to_tensor([1, 2], "float32")
    Tensor([1., 2.], shape=(2,), dtype=float32)
    """
    if sparse or ragged:
        raise ArgumentError(
            "tensors are dense here", op="convert_to_tensor", fix="leave sparse and ragged out"
        )
    if not getattr(x, "is_symbolic", False):
        x = as_tensor(x) if dtype is None or isinstance(x, Tensor) else Tensor(x, dtype)
    return x if dtype is None or x.dtype == np.dtype(dtype).name else public["cast"](x, dtype)


def array(x: Any, dtype: str | None = None) -> Tensor:
    """Return a new tensor with a copy of `x`.

    Examples
    --------
    >>> array([1.0]).tolist()
    [1.0]
    """
    return Tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return a NumPy copy of the values; no gradient flows through it.

    Examples
    --------
    >>> convert_to_numpy(zeros(2))
    array([0., 0.], dtype=float32)
    """
    if getattr(x, "is_symbolic", False):
        raise DTypeError("a KerasTensor has no values yet", fix="call the model on data first")
    return as_tensor(x).array.copy()


def shape(x: Any) -> tuple:
    """Return the shape, a tuple of ints (None where a KerasTensor's size is not known).

    Examples
    --------
    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return convert_to_tensor(x).shape


def ndim(x: Any) -> int:
    """Return the number of axes.

    Examples
    --------
    >>> ndim([[1, 2, 3]])
    2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """Return the number of entries, None where it is not known.

    Examples
    --------
    >>> size([[1, 2, 3]])
    3
    """
    sizes = shape(x)
    return None if None in sizes else int(np.prod(sizes, dtype=np.int64))
