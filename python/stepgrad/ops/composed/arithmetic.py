"""Functions of one or two numbers that are other ops in a row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops
from stepgrad.tape.tensor import Tensor


def deg2rad(x: Any) -> Tensor:
    """Degrees as radians.

    Examples
    --------
    >>> round(deg2rad(180.0).item(), 4)
    3.1416
    """
    return ops.multiply(x, math.pi / 180)


def rad2deg(x: Any) -> Tensor:
    """Radians as degrees.

    Examples
    --------
    >>> round(rad2deg(math.pi).item(), 3)
    180.0
    """
    return ops.multiply(x, 180 / math.pi)


def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """Divide, with 0 where the divisor is 0; the gradient there is 0 too.

    Examples
    --------
    >>> divide_no_nan([1.0, 1.0], [0.0, 2.0]).tolist()
    [0.0, 0.5]
    """
    zero = ops.equal(x2, 0)
    return ops.where(zero, 0.0, ops.divide(x1, ops.where(zero, 1.0, x2)))


def erfc(x: Any) -> Tensor:
    """One minus the error function.

    Examples
    --------
    >>> erfc(0.0).item()
    1.0
    """
    return ops.subtract(1.0, ops.erf(x))


def exp2(x: Any) -> Tensor:
    """Two to the power x.

    Examples
    --------
    >>> exp2([0.0, 3.0]).tolist()
    [1.0, 8.0]
    """
    return ops.power(2.0, ops.convert_to_tensor(x) * 1.0)


def fabs(x: Any) -> Tensor:
    """Absolute values, as floats.

    Examples
    --------
    >>> fabs([-2, 1]).tolist()
    [2.0, 1.0]
    """
    return ops.abs(to_tensor(x) * 1.0)


def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger of two numbers, or the one that is not NaN.

    Examples
    --------
    >>> fmax([1.0, float("nan")], [2.0, 3.0]).tolist()
    [2.0, 3.0]
    """
    return ops.where(ops.isnan(x1), x2, ops.where(ops.isnan(x2), x1, ops.maximum(x1, x2)))


def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller of two numbers, or the one that is not NaN.

    Examples
    --------
    >>> fmin([1.0, float("nan")], [2.0, 3.0]).tolist()
    [1.0, 3.0]
    """
    return ops.where(ops.isnan(x1), x2, ops.where(ops.isnan(x2), x1, ops.minimum(x1, x2)))


def fmod(x1: Any, x2: Any) -> Tensor:
    """What is left of `x1` after dividing by `x2`, with the sign of `x1`, as C does.

    Examples
    --------
    >>> fmod([-3.0, 3.0], 2.0).tolist()
    [-1.0, 1.0]
    """
    x1, x2 = to_tensor(x1), to_tensor(x2)
    left = ops.mod(ops.abs(x1), ops.abs(x2))
    return ops.where(ops.less(x1, 0), -left, left)


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Tell where two tensors differ by at most ``atol + rtol * |x2|``.

    Examples
    --------
    >>> isclose([1.0, 2.0], [1.0, 2.1]).tolist()
    [True, False]
    """
    difference = ops.abs(ops.subtract(x1, x2))
    near = ops.less_equal(difference, ops.abs(x2) * rtol + atol)
    same = ops.logical_or(ops.equal(x1, x2), ops.logical_and(near, ops.isfinite(x2)))
    return ops.logical_or(same, ops.logical_and(ops.isnan(x1), ops.isnan(x2))) if equal_nan else same


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Tell whether `isclose` holds everywhere.

    Examples
    --------
    >>> allclose([1.0], [1.0 + 1e-9]).item()
    True
    """
    return ops.all(isclose(x1, x2, rtol, atol, equal_nan))


def isneginf(x: Any) -> Tensor:
    """Tell where entries are minus infinity.

    Examples
    --------
    >>> isneginf([float("-inf"), float("inf")]).tolist()
    [True, False]
    """
    return ops.equal(x, -math.inf)


def isposinf(x: Any) -> Tensor:
    """Tell where entries are plus infinity.

    Examples
    --------
    >>> isposinf([float("-inf"), float("inf")]).tolist()
    [False, True]
    """
    return ops.equal(x, math.inf)


def isreal(x: Any) -> Tensor:
    """Tell where entries are real numbers: everywhere, there are no complex tensors here.

    Examples
    --------
    >>> isreal([1.0, 2.0]).tolist()
    [True, True]
    """
    return ops.ones_like(x, "bool")


def real(x: Any) -> Tensor:
    """The real part: `x` itself.

    Examples
    --------
    >>> real([1.0]).tolist()
    [1.0]
    """
    return ops.copy(x)


def imag(x: Any) -> Tensor:
    """The imaginary part: 0.

    Examples
    --------
    >>> imag([1.0]).tolist()
    [0.0]
    """
    return ops.zeros_like(x)


def conjugate(x: Any) -> Tensor:
    """The complex conjugate: `x` itself.

    Examples
    --------
    >>> conjugate([1.0]).tolist()
    [1.0]
    """
    return ops.copy(x)


conj = conjugate


def angle(x: Any) -> Tensor:
    """The angle of a number in the complex plane: 0, or pi where it is negative.

    Examples
    --------
    >>> angle([1.0, -1.0]).tolist()
    [0.0, 3.1415927410125732]
    """
    return ops.where(ops.isnan(x), x, ops.where(ops.less(x, 0), math.pi, 0.0) + to_tensor(x) * 0.0)


def ldexp(x1: Any, x2: Any) -> Tensor:
    """Return ``x1 * 2 ** x2``.

    Examples
    --------
    >>> ldexp([1.0, 3.0], [2, -1]).tolist()
    [4.0, 1.5]
    """
    return ops.multiply(x1, exp2(ops.stop_gradient(x2)))


def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """Return ``log2(2 ** x1 + 2 ** x2)`` without overflow.

    Examples
    --------
    >>> logaddexp2(3.0, 3.0).item()
    4.0
    """
    return ops.logaddexp(to_tensor(x1) * math.log(2), to_tensor(x2) * math.log(2)) / math.log(2)


def sinc(x: Any) -> Tensor:
    """Return ``sin(pi x) / (pi x)``, and 1 at 0.

    Examples
    --------
    >>> sinc([0.0, 0.5]).tolist()
    [1.0, 0.6366197466850281]
    """
    zero = ops.equal(x, 0)
    angle = ops.where(zero, 1.0, x) * math.pi
    return ops.where(zero, 1.0, ops.sin(angle) / angle)


def saturate_cast(x: Any, dtype: str) -> Tensor:
    """Cast, with numbers outside of the dtype's range becoming its ends.

    Examples
    --------
    >>> saturate_cast([-3.0, 300.0], "uint8").tolist()
    [0, 255]
    """
    x, wanted = to_tensor(x), np.dtype(dtype)
    if wanted.kind in "iu":
        ends = np.iinfo(wanted)
        low, high = float(ends.min), float(ends.max)
        if np.dtype(x.dtype).kind == "f":  # the largest integers may have no float: take the one below
            high = (
                float(np.nextafter(np.asarray(high, x.dtype), 0))
                if int(np.asarray(high, x.dtype)) > ends.max
                else high
            )
        else:
            own = np.iinfo(x.dtype) if np.dtype(x.dtype).kind in "iu" else None
            low, high = (max(ends.min, own.min), min(ends.max, own.max)) if own else (0, 1)
        x = ops.clip(x, low, high) if x.dtype != "bool" else x
    elif wanted.kind == "f" and np.dtype(x.dtype).kind == "f":
        x = ops.clip(x, float(np.finfo(wanted).min), float(np.finfo(wanted).max))
    return ops.cast(x, dtype)
