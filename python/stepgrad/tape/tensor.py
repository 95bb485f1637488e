"""Tensor: an array that remembers how it was made; and how Python values become arrays."""

import math

import numpy as np

try:
    import cython
except ImportError:
    from stepgrad.tape.natives import cython

from stepgrad import config, device_arrays, kernels
from stepgrad.errors import DTypeError, InPlaceError, ShapeError
from stepgrad.tape import natives
from stepgrad.tape.operators import Operators
from stepgrad.tape.state import public, state, walk_back


class Tensor(Operators):
    """An array that remembers how it was made.

    Parameters
    ----------
    data : array_like
        Copied. Python floats become `config.floatx()`, Python ints int32; arrays keep their dtype.
    dtype : str or numpy.dtype, optional
    requires_grad : bool
        Whether gradients are wanted for this tensor; backward leaves them in ``grad``.
    name : str, optional
        Shown by the step-through and in errors.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.], shape=(2,), dtype=float32)
    """

    def __init__(self, data, dtype=None, requires_grad=False, name=None):
        self.array = to_array(data, dtype)
        if requires_grad and self.array.dtype.kind != "f":
            raise DTypeError(
                "only floating-point tensors have gradients",
                got=str(self.array.dtype),
                fix="write the numbers as floats, or pass dtype='float32'",
            )
        self.requires_grad = requires_grad
        self.grad = None
        self.name = name
        self.step = None
        self.index = 0
        self.guard = None
        self.form = None
        self._keras_mask = None  # which steps count; see stepgrad.layers.masks

    def __dealloc__(self):
        """Leave the array to the next result of its form. Compiled, the tape calls this; uncompiled, nobody does."""
        form = self.form
        array = self.array
        self.array = None
        if form is not None and natives.alone(array):
            form.give(array)

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def shape(self):
        """Shape, a tuple of ints."""
        return self.array.shape

    @property
    def dtype(self):
        """dtype as a string, as in Keras."""
        dtype = self.array.dtype
        return _NAMES.get(dtype) or dtype.name

    @property
    def ndim(self):
        """Number of axes."""
        return self.array.ndim

    @property
    def size(self):
        """Number of entries."""
        return self.array.size

    def numpy(self):
        """Return the values as a read-only NumPy view."""
        if state.recorder is not None:
            state.recorder.read(self)
        view = self.array.view() if type(self.array) is np.ndarray else device_arrays.to_host(self.array)
        view.flags.writeable = False
        return view

    def to(self, device):
        """Return this tensor on a device, "cpu" or "cuda": itself where it is there already."""
        from stepgrad.devices import move  # devices stand above the tensor

        array = move(self.array, device)
        return self if array is self.array else make(array, None, 0, None)

    def item(self):
        """Return the only entry as a Python number."""
        if state.recorder is not None:
            state.recorder.read(self)
        return self.array.item()

    def tolist(self):
        """Return the values as nested lists."""
        return self.numpy().tolist()

    def detach(self):
        """Return a tensor with the same values that the tape does not follow."""
        return make(self.array, None, 0, self.guard)

    def backward(self, gradient=None, retain_graph=False, create_graph=False):
        """Compute the gradients of this tensor and add them to ``grad`` of every leaf that requires one.

        Parameters
        ----------
        gradient : array_like, optional
            dL/dself. May be left out for a tensor with one entry, where it is 1.
        retain_graph : bool
            Keep what the steps saved, so that backward can run again. Without it a second backward raises.
        create_graph : bool
            Record the backward pass itself, for gradients of gradients.
        """
        walk_back[0](self, gradient, retain_graph, create_graph)

    # -- NumPy's protocols -----------------------------------------------------------------------------------------

    def __array__(self, dtype=None, copy=None):
        if copy or (dtype is not None and dtype != self.array.dtype):
            return np.array(self.numpy(), dtype=dtype)
        return self.numpy()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        function = public.get(ufunc)
        if method != "__call__" or kwargs or function is None:
            raise DTypeError(
                f"numpy.{ufunc.__name__}{'' if method == '__call__' else '.' + method} on a Tensor would leave the tape",
                fix=f"use stepgrad.ops, or numpy.{ufunc.__name__}(tensor.numpy()) outside the tape",
            )
        return function(*inputs)

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __setitem__(self, key, value):
        raise InPlaceError(
            "a Tensor is never changed in place: steps that saved it would compute wrong gradients",
            fix="build a new one with ops.where or ops.concatenate, or use Variable.assign between steps",
        )

    def __len__(self):
        if not self.array.ndim:
            raise DTypeError("a tensor without axes has no length", got="shape ()", fix="use item()")
        return self.array.shape[0]

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __bool__(self):
        if self.array.size != 1:
            raise ShapeError(
                "only a tensor with one entry is true or false",
                got=f"shape {self.array.shape}",
                fix="reduce it first: ops.all(x) or ops.any(x)",
            )
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        return self.numpy().__index__()

    def __format__(self, spec):
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self):
        values = np.array2string(self.numpy(), separator=", ", threshold=50, prefix=type(self).__name__ + "(")
        made = f", from={self.step.op.name}" if self.step is not None else ""
        label = f", name={self.name!r}" if self.name else ""
        return f"{type(self).__name__}({values}, shape={self.array.shape}, dtype={self.dtype}{label}{made})"


_BIG = 32 * 1024  # bytes
_NAMES = {
    np.dtype(name): name for name in ("float32", "float64", "int32", "int64", "bool")
}  # NumPy writes them anew

# -- from Python values to arrays -----------------------------------------------------------------------------------


def to_array(data, dtype=None):
    """Copy `data` into a new C-contiguous array with the engine's default dtypes."""
    if isinstance(data, Tensor):
        data = data.array
    if state.recorder is not None and state.recorder.keeps(data, dtype):
        return data  # a copy would hide where it came from
    if hasattr(data, "__cuda_array_interface__") and not hasattr(
        data, "detach"
    ):  # CuPy's: it stays on the GPU
        array = data.astype(dtype or data.dtype, order="C", copy=True)
        return array if kernels.to_device[0] is not None else device_arrays.to_host(array)
    if dtype is None and not isinstance(data, np.ndarray | np.generic):
        if hasattr(data, "__dlpack__"):  # PyTorch, JAX, ...
            return np.from_dlpack(data.detach() if hasattr(data, "detach") else data).copy()
        array = np.array(data)
        if array.dtype == np.float64 and not hasattr(data, "dtype"):
            array = array.astype(config.floatx())
        elif array.dtype == np.int64 and not hasattr(data, "dtype"):
            array = array.astype(np.int32) if array.size == 0 or abs(array).max() < 2**31 else array
    elif (
        isinstance(data, np.ndarray) and data.nbytes >= _BIG and kernels.to_device[0] is None
    ):  # a batch: into memory that the last one has left
        array = kernels.empty(data.shape, dtype or data.dtype)
        array[...] = data
    else:
        array = np.array(data, dtype=dtype, order="C")
    if array.dtype.kind not in "fiub":
        raise DTypeError(
            "tensors hold numbers and booleans",
            got=f"dtype {array.dtype}" + (" (rows of different lengths?)" if array.dtype.kind == "O" else ""),
            fix="convert the data first, for example words to indices, or pad the rows to one length",
        )
    array = np.ascontiguousarray(array) if array.ndim else array
    return array if kernels.to_device[0] is None else kernels.to_device[0](array)


def from_number(x):
    """Make a Tensor of a Python number; much quicker than the general way. A float keeps all its digits for promotion."""
    kind = type(x)
    if kind is float:
        return make(np.array(x), None, 0, None)
    if kind is int and -(2**31) <= x < 2**31:
        return make(np.array(x, np.int32), None, 0, None)
    return Tensor(x)


def as_tensor(x):
    """Return `x` itself when it is a Tensor, otherwise a Tensor of it."""
    return x if isinstance(x, Tensor) else Tensor(x)


def wrap(array):
    """Make a Tensor around an array that the caller gives away: no copy."""
    return make(device_arrays.as_array(array), None, 0, None)


def make(array, step, index, guard):
    """Make the Tensor for output `index` of `step`, without a copy; `guard` is the version cell of what it is a view of."""
    tensor = Tensor.__new__(Tensor)
    if not natives.COMPILED:
        tensor.step = tensor.guard = tensor.grad = tensor.name = tensor.form = tensor._keras_mask = None
    tensor.array = array
    tensor.index = index
    tensor.requires_grad = step is not None
    if step is not None:
        tensor.step = step
    if guard is not None:
        tensor.guard = guard
    return tensor


_SMALL = 1024  # bytes
_FEW, _MANY = 4, 128
_forms: dict = {}  # (shape, dtype) -> Form


@cython.no_gc_clear  # tensors that are freed together with their Form still give it their arrays
@cython.cclass
class Form:
    """Shape and dtype of an array, one object for all arrays alike: with the tuples that a Step keeps of them, and arrays.

    Attributes
    ----------
    shape, dtype : tuple, numpy.dtype
    shapes, dtypes : tuple
        Those of one input, then those of two inputs alike: ``shapes[1] == (shape, shape)``.
    small : bool
        Whether it costs more to make such an array than to fill it.
    spare : list of array
        Small ones that nobody needs any more: kernels put their results there.
    """

    def __init__(self, shape, dtype):
        self.shape = shape
        self.dtype = dtype
        self.shapes = ((shape,), (shape, shape))
        self.dtypes = ((dtype,), (dtype, dtype))
        self.small = math.prod(shape) * dtype.itemsize <= _SMALL
        self.spare = []

    def __reduce__(self):
        return the_form, (self.shape, self.dtype)

    def take(self):
        """Return an array for a result, or None. A few stay: a list that becomes empty gives its memory back."""
        return self.spare.pop() if len(self.spare) > _FEW else None

    def give(self, array):
        """Keep an array, which nobody else may know, for a result to come, if it is a small one."""
        if self.small and len(self.spare) < _MANY:
            self.spare.append(array)


def the_form(shape, dtype):
    """Return the Form of arrays of that shape and dtype."""
    form = _forms.get((shape, dtype))
    if form is None:
        if len(_forms) > 255:
            _forms.clear()
        form = _forms[shape, dtype] = Form(shape, dtype)
    return form


def form_of(tensor):
    """Return the Form of a tensor's array."""
    if tensor.form is None:
        tensor.form = the_form(tensor.array.shape, tensor.array.dtype)
    return tensor.form
