"""Bits: and, or, xor, not, shifts, and the same bits under another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import DTypeError
from stepgrad.ops.op import Op
from stepgrad.tape.tensor import Tensor


class Whole(Op):
    """An op on integers (and booleans)."""

    gradient_formula = r"\text{none: integers have no slope}"
    promote = "same"
    differentiable = False

    def reference(self, *arrays):
        for array in arrays:
            if array.dtype.kind not in "iub":
                raise DTypeError(
                    "bits and divisors are those of integers",
                    got=array.dtype.name,
                    fix="ops.cast(x, 'int32')",
                )
        return self.ufunc(*arrays)


class BitwiseAnd(Whole):
    formula = r"y = a \wedge b"
    ufunc = np.bitwise_and


class BitwiseOr(Whole):
    formula = r"y = a \vee b"
    ufunc = np.bitwise_or


class BitwiseXor(Whole):
    formula = r"y = a \oplus b"
    ufunc = np.bitwise_xor


class LeftShift(Whole):
    formula = r"y = a\,2^b"
    ufunc = np.left_shift


class RightShift(Whole):
    formula = r"y = \lfloor a / 2^b \rfloor"
    ufunc = np.right_shift


class Invert(Whole):
    formula = r"y = \neg x"
    ufunc = np.invert

    def shape(self, x):
        return x


class View(Op):
    formula = r"\mathrm{bits}(y) = \mathrm{bits}(x)"
    gradient_formula = r"\text{none: bits have no slope}"
    promote = None
    differentiable = False

    def shape(self, x, dtype):
        return x

    def dtype(self, *dtypes, dtype):
        return dtype

    def reference(self, x, dtype):
        if np.dtype(dtype).itemsize != x.dtype.itemsize:
            raise DTypeError(
                "the new dtype must have as many bits",
                expected=f"{8 * x.dtype.itemsize} bits",
                got=f"{x.dtype} as {dtype}",
            )
        return np.ascontiguousarray(x).view(dtype).reshape(x.shape).copy()


_bitwise_and = BitwiseAnd()
_bitwise_or = BitwiseOr()
_bitwise_xor = BitwiseXor()
_bitwise_left_shift = LeftShift()
_bitwise_right_shift = RightShift()
_invert = Invert()
_view = View()


def bitwise_and(x: Any, y: Any) -> Tensor:
    """Bits that are set in both.

    Examples
    --------
    >>> bitwise_and([6, 1], [3, 3]).tolist()
    [2, 1]
    """
    return _bitwise_and(x, y)


def bitwise_or(x: Any, y: Any) -> Tensor:
    """Bits that are set in one of them at least.

    Examples
    --------
    >>> bitwise_or([6, 1], [3, 3]).tolist()
    [7, 3]
    """
    return _bitwise_or(x, y)


def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Bits that are set in exactly one of them.

    Examples
    --------
    >>> bitwise_xor([6, 1], [3, 3]).tolist()
    [5, 2]
    """
    return _bitwise_xor(x, y)


def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Bits moved up by y places: x times 2 to the y.

    Examples
    --------
    >>> bitwise_left_shift([1, 3], [4, 1]).tolist()
    [16, 6]
    """
    return _bitwise_left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Bits moved down by y places: x divided by 2 to the y.

    Examples
    --------
    >>> bitwise_right_shift([16, 7], [4, 1]).tolist()
    [1, 3]
    """
    return _bitwise_right_shift(x, y)


def bitwise_invert(x: Any) -> Tensor:
    """All bits the other way round: -x - 1 for integers, not x for booleans.

    Examples
    --------
    >>> bitwise_invert([0, 5]).tolist()
    [-1, -6]
    """
    return _invert(x)


def view(x: Any, dtype: str | None = None) -> Tensor:
    """The same bits, read as another dtype of the same size.

    Examples
    --------
    >>> view(np.array([1.0], "float32"), "int32").tolist()
    [1065353216]
    """
    return _view(x, dtype=np.dtype(dtype or "float32").name)


bitwise_not = bitwise_invert
left_shift, right_shift = bitwise_left_shift, bitwise_right_shift
