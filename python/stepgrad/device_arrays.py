"""Arrays on the GPU: the one module that touches CuPy.

CuPy owns the memory and the streams; the kernels get addresses. Under the emulator NumPy's arrays stand in, and nothing
here is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import DeviceError, require


def _cupy() -> Any:
    return require("cupy", "cuda", "computing on a GPU")


def available() -> str | None:
    """Return None where CuPy can reach a GPU, otherwise the reason why not."""
    try:
        import cupy
    except ImportError:
        return 'CuPy is not installed: pip install "stepgrad[cuda]"'
    return None if cupy.cuda.is_available() else "CuPy finds no GPU, or no driver for it"


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a new array on the GPU, its contents undefined."""
    return _cupy().empty(shape, dtype)


def to_device(array: Any) -> Any:
    """Return the array on the GPU, C-contiguous where it had to be copied there."""
    return _cupy().asarray(array)


def as_array(values: Any) -> Any:
    """Return values as an array where they lie: what is on the GPU stays there, anything else becomes NumPy's.

    Examples
    --------
    >>> as_array(2.0).shape
    ()
    """
    if type(values) is np.ndarray or hasattr(values, "__cuda_array_interface__"):
        return values
    return np.asarray(values)


def to_host(array: Any) -> np.ndarray:
    """Return the array as NumPy's: itself where it is one, a copy where it lies on the GPU."""
    return array if isinstance(array, np.ndarray) else _cupy().asnumpy(array)


def beside(other: Any, array: Any) -> Any:
    """Return an array where another one lies, so that one may be computed with the other."""
    return to_host(array) if isinstance(other, np.ndarray) else to_device(array)


def stream() -> int:
    """Return CuPy's current stream as the number that CUDA knows it by."""
    return _cupy().cuda.get_current_stream().ptr


def is_array(value: Any) -> bool:
    """Tell whether a value is an array, NumPy's or one on the GPU.

    Examples
    --------
    >>> is_array(np.ones(2)), is_array([1.0])
    (True, False)
    """
    if isinstance(value, np.ndarray):
        return True
    return hasattr(value, "__cuda_array_interface__") and not hasattr(
        value, "detach"
    )  # PyTorch's is no array


def address(array: Any) -> int:
    """Return where the array begins, in the memory of the host or of the GPU."""
    return array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr


def owner_of(array: Any) -> Any:
    """Return the array that owns the memory of a view, or of what `describe` made.

    Examples
    --------
    >>> whole = np.ones((2, 3))
    >>> owner_of(whole[1:].T) is whole
    True
    """
    while True:
        base = array.base
        if isinstance(base, _Description):
            array = base.array
        elif is_array(base):
            array = base
        else:
            return array


class _Description:
    """What NumPy reads to make an array around an address."""

    def __init__(self, array: Any):
        self.array = array
        self.__array_interface__ = {
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (array.data.ptr, False),
            "strides": array.strides,
            "version": 3,
        }


def describe(array: Any) -> Any:
    """Return a NumPy array with the shape, the type and the address of an array on the GPU.

    It is what the bindings check and take the address from. Its contents must never be read: on the host the address
    means nothing.
    """
    if isinstance(array, list):
        return [describe(a) for a in array]
    if isinstance(array, np.ndarray) and array.size:
        raise DeviceError(
            "a kernel on the GPU got an array that lies on the host",
            got=f"{array.dtype} of shape {array.shape}",
            fix='move the model there before it is used: model.to("cuda")',
        )
    if not hasattr(array, "__cuda_array_interface__"):
        return array  # a number
    return np.asarray(_Description(array)) if array.size else np.empty(array.shape, array.dtype)
