"""CuPy and `_cuda` played by NumPy and the emulator, so that the tests for a GPU run, and the package's way to it, without one.

An array of the stand-in refuses what CuPy's refuses, and what would otherwise go unseen on a machine without a GPU: to become
a NumPy array unasked, and to be mixed with one. Tests with ``-m gpu`` use it where ``STEPGRAD_GPU_STAND_IN=1``.
"""

import importlib
import sys
import types

import numpy as np


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """What stands for `cupy.ndarray`: not a NumPy array, though there is one inside."""

    def __init__(self, inside):
        self.inside = np.asarray(inside)

    shape = property(lambda self: self.inside.shape, lambda self, shape: setattr(self.inside, "shape", shape))
    data = property(lambda self: types.SimpleNamespace(ptr=self.inside.ctypes.data))

    @property
    def base(self):
        """The array that owns the memory, as CuPy's views have it; None where this one does."""
        whole = self.inside
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        return None if whole is self.inside else Array(whole)

    @property
    def __cuda_array_interface__(self):
        return {**self.inside.__array_interface__, "stream": 1}

    def _to_host(self):
        """Return what is inside, and note the copy."""
        _refuse_while_capturing("copying to the host")
        copies.append(self.shape)
        return self.inside

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc, method, *arguments, **words):
        return _called(getattr(ufunc, method), arguments, words)

    def __array_function__(self, function, _, arguments, words):
        return _called(function, arguments, words)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("item", "tolist"):
            return getattr(self._to_host(), name)
        value = getattr(self.inside, name)
        return (lambda *a, **k: _called(value, a, k)) if callable(value) else _outside(value)

    def __getitem__(self, key):
        return Array(self.inside[_inside(key)])

    def __setitem__(self, key, value):
        self.inside[_inside(key)] = _inside(value)

    def __len__(self):
        return len(self.inside)

    def __iter__(self):
        return (Array(row) for row in self.inside)

    def __bool__(self):
        return bool(self._to_host())

    def __float__(self):
        return float(self._to_host())

    def __int__(self):
        return int(self._to_host())

    __index__ = __int__

    def get(self):
        """Return a copy on the host."""
        return self._to_host().copy()


copies = []  # the shape of every array that was copied to the host
_capturing = []  # one entry while a graph is made


def _refuse_while_capturing(what):
    if _capturing:
        raise RuntimeError(f"cudaErrorStreamCaptureUnsupported: {what} while a stream is being captured")


class Graph:
    """What stands for `_cuda.Graph`: the emulator's, and what CUDA refuses meanwhile is refused."""

    def __init__(self, launches):
        _capturing.append(True)
        try:
            self.launch = importlib.import_module("stepgrad._emu").Graph(launches).launch
        finally:
            _capturing.pop()


def _inside(value):
    """Return what NumPy computes with; refuse its own arrays, as CuPy does."""
    if isinstance(value, Array):
        return value.inside
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, list | tuple):
        return type(value)(_inside(v) for v in value)
    return value


def _outside(value):
    if isinstance(value, np.ndarray | np.generic):
        return Array(value)
    return (
        tuple(map(_outside, value))
        if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray)
        else value
    )


def _called(function, arguments, words):
    result = function(*_inside(arguments), **{word: _inside(value) for word, value in words.items()})
    return words["out"] if isinstance(words.get("out"), Array) else _outside(result)


def _allocated(inside):
    _refuse_while_capturing("allocating")
    return Array(inside)


def install():
    """Put the stand-ins where `import cupy` and `import stepgrad._cuda` find them."""
    emulator = importlib.import_module("stepgrad._emu")
    sys.modules["stepgrad._cuda"] = gpu = types.ModuleType("stepgrad._cuda")
    gpu.__dict__.update(
        {
            name: getattr(emulator, name)
            for name in ("rungs", "device_count", "set_stream", "primitive", "Recorder")
        }
    )
    gpu.Graph = Graph
    gpu.describe = lambda: "the emulator, in a GPU's place"
    sys.modules["cupy"] = cupy = types.ModuleType("cupy")
    cupy.ndarray = Array
    cupy.asarray = lambda a, dtype=None: (
        a if isinstance(a, Array) else _allocated(np.array(a, dtype, order="C"))
    )
    cupy.empty = lambda shape, dtype: _allocated(
        np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 77, dtype)
    )
    cupy.asnumpy = lambda a: a.get() if isinstance(a, Array) else np.asarray(a)
    stream = types.SimpleNamespace(ptr=0)
    cupy.cuda = types.SimpleNamespace(is_available=lambda: True, get_current_stream=lambda: stream)
