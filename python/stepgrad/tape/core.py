"""The tape: tensors, the steps that made them, and the walk back through the steps.

Every op runs through :func:`apply`. Where an input is tracked, it leaves a :class:`Step` behind: the op, its attributes,
where its inputs came from, and the arrays that its gradient needs. :func:`run_backward` visits the steps from the newest to
the oldest, asks each op for its gradient, and adds the results up. Accumulation, un-broadcasting and dtype live here and
nowhere else. Gradients are written in the engine's own ops, so that a gradient can be differentiated again.

This file is plain Python. It is also compiled by Cython, with the types in core.pxd; set STEPGRAD_PURE_PYTHON=1 to run the
very same file uncompiled, for example to step through it in a debugger.
"""

import heapq
import itertools
import threading

import numpy as np

from stepgrad import config, kernels
from stepgrad.errors import ArgumentError, DTypeError, GradientError, InPlaceError, ShapeError, StepgradError


class _State(threading.local):
    """What is switched on in this thread."""

    recording = True  # off inside no_grad
    hooks = ()  # see stepgrad.tape.hooks
    tapes = ()  # the GradientTapes that are open
    scope = ""  # path of the layer that is running, "model/dense_1"


state = _State()
public = {}  # name -> public function of stepgrad.ops; filled there, used by Tensor's operators
symbolic_apply = []  # one function, put here by stepgrad.tape.symbolic: what an op does with a KerasTensor
_numbers = itertools.count(1)
_NUMBERS = (int, float)


class Step:
    """One op that was executed, and what its gradient will need.

    Attributes
    ----------
    number : int
        Counts all recorded steps; a step's inputs always come from steps with smaller numbers.
    op, attrs, scope : Op, dict, str
        The op, its keyword arguments, the path of the layer that ran it.
    sources : tuple
        For each input the Step that made it, or the leaf Tensor, or None where nothing is tracked.
    input_shapes, input_dtypes : tuple
    released : bool
        True once backward has used the step and let go of what it saved.
    """

    def __init__(self, op, attrs, tensors, scope):
        self.number = next(_numbers)
        self.op = op
        self.attrs = attrs
        self.scope = scope
        self.released = False
        self.saved_outputs = None
        self.sources = tuple([_source(t) for t in tensors])
        self.source_index = tuple([t.index for t in tensors])
        self.input_shapes = tuple([t.array.shape for t in tensors])
        self.input_dtypes = tuple([t.array.dtype for t in tensors])
        keep = op.saves_inputs
        self.saved_inputs = tuple([t if keep is None or i in keep else None for i, t in enumerate(tensors)])
        self.versions = tuple([None if t is None or t.guard is None else t.guard[0] for t in self.saved_inputs])

    @property
    def inputs(self):
        """The saved input tensors, None for those that the op does not save."""
        self._check_alive()
        for i, (tensor, version) in enumerate(zip(self.saved_inputs, self.versions, strict=True)):
            if version is not None and tensor.guard[0] != version:
                raise InPlaceError(
                    f"input {i} ({tensor.name or 'unnamed'}) was changed in place after this op had saved it for backward",
                    op=self.op.name,
                    layer=self.scope or None,
                    expected=f"version {version}",
                    got=f"version {tensor.guard[0]}",
                    fix="call backward() before assign(), or work on a copy",
                )
        return self.saved_inputs

    @property
    def outputs(self):
        """The saved outputs as tensors that are connected to this step."""
        self._check_alive()
        if self.saved_outputs is None:
            raise GradientError("this op did not declare saves_output = True", op=self.op.name)
        return tuple([_output(array, self, i, None) for i, array in enumerate(self.saved_outputs)])

    @property
    def output(self):
        """The first saved output."""
        return self.outputs[0]

    def needs(self, i):
        """Tell whether anybody waits for the gradient of input `i`."""
        return self.sources[i] is not None

    def saved_arrays(self):
        """Return the arrays that this step keeps alive for backward, as (name, array) pairs."""
        pairs = [(f"input {i}", t.array) for i, t in enumerate(self.saved_inputs or ()) if t is not None]
        return pairs + [(f"output {i}", array) for i, array in enumerate(self.saved_outputs or ())]

    def release(self):
        """Let go of everything saved."""
        self.released = True
        self.saved_inputs = self.saved_outputs = None
        self.sources = self.source_index = ()

    def _check_alive(self):
        if self.released:
            raise GradientError(
                "backward has already run through this step and freed what it saved",
                op=self.op.name,
                layer=self.scope or None,
                fix="run the forward pass again, or call the first backward with retain_graph=True"
                " (GradientTape: persistent=True)",
            )

    def __repr__(self):
        shapes = ", ".join(str(shape) for shape in self.input_shapes)
        return f"<Step {self.number} {self.op.name}({shapes}){' in ' + self.scope if self.scope else ''}>"


def _source(tensor):
    if not tensor.requires_grad:
        return None
    return tensor if tensor.step is None else tensor.step


class Tensor:
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

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def shape(self):
        """Shape, a tuple of ints."""
        return self.array.shape

    @property
    def dtype(self):
        """dtype as a string, as in Keras."""
        return self.array.dtype.name

    @property
    def ndim(self):
        """Number of axes."""
        return self.array.ndim

    @property
    def size(self):
        """Number of entries."""
        return self.array.size

    @property
    def T(self):
        """The transpose."""
        return public["transpose"](self)

    def numpy(self):
        """Return the values as a read-only NumPy view."""
        view = self.array.view()
        view.flags.writeable = False
        return view

    def item(self):
        """Return the only entry as a Python number."""
        return self.array.item()

    def tolist(self):
        """Return the values as nested lists."""
        return self.array.tolist()

    def detach(self):
        """Return a tensor with the same values that the tape does not follow."""
        return _output(self.array, None, 0, self.guard)

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
        if not self.requires_grad:
            raise GradientError(
                "this tensor does not depend on anything that requires a gradient",
                fix="create the input with requires_grad=True, use a Variable, or leave no_grad()",
            )
        run_backward((self,), (_seed(self, gradient),), None, retain_graph, create_graph)

    # -- NumPy's protocols -----------------------------------------------------------------------------------------

    def __array__(self, dtype=None, copy=None):
        if copy or (dtype is not None and dtype != self.array.dtype):
            return np.array(self.array, dtype=dtype)
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

    # -- operators -------------------------------------------------------------------------------------------------

    def __add__(self, other):
        return public["add"](self, other)

    def __radd__(self, other):
        return public["add"](other, self)

    def __sub__(self, other):
        return public["subtract"](self, other)

    def __rsub__(self, other):
        return public["subtract"](other, self)

    def __mul__(self, other):
        return public["multiply"](self, other)

    def __rmul__(self, other):
        return public["multiply"](other, self)

    def __truediv__(self, other):
        return public["divide"](self, other)

    def __rtruediv__(self, other):
        return public["divide"](other, self)

    def __floordiv__(self, other):
        return public["floor_divide"](self, other)

    def __rfloordiv__(self, other):
        return public["floor_divide"](other, self)

    def __mod__(self, other):
        return public["mod"](self, other)

    def __rmod__(self, other):
        return public["mod"](other, self)

    def __pow__(self, other):
        return public["power"](self, other)

    def __rpow__(self, other):
        return public["power"](other, self)

    def __matmul__(self, other):
        return public["matmul"](self, other)

    def __rmatmul__(self, other):
        return public["matmul"](other, self)

    def __neg__(self):
        return public["negative"](self)

    def __pos__(self):
        return self

    def __abs__(self):
        return public["abs"](self)

    def __invert__(self):
        return public["logical_not"](self)

    def __and__(self, other):
        return public["logical_and"](self, other)

    def __or__(self, other):
        return public["logical_or"](self, other)

    def __lt__(self, other):
        return public["less"](self, other)

    def __le__(self, other):
        return public["less_equal"](self, other)

    def __gt__(self, other):
        return public["greater"](self, other)

    def __ge__(self, other):
        return public["greater_equal"](self, other)

    def __eq__(self, other):
        return public["equal"](self, other)

    def __ne__(self, other):
        return public["not_equal"](self, other)

    def __hash__(self):
        return id(self) >> 4

    def __getitem__(self, key):
        return public["getitem"](self, key)

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
        return bool(self.array.item())

    def __float__(self):
        return float(self.array.item())

    def __int__(self):
        return int(self.array.item())

    def __index__(self):
        return self.array.__index__()

    def __format__(self, spec):
        return format(self.array.item(), spec) if spec else repr(self)

    def __repr__(self):
        values = np.array2string(self.array, separator=", ", threshold=50, prefix=type(self).__name__ + "(")
        made = f", from={self.step.op.name}" if self.step is not None else ""
        label = f", name={self.name!r}" if self.name else ""
        return f"{type(self).__name__}({values}, shape={self.array.shape}, dtype={self.dtype}{label}{made})"

    # -- the methods that NumPy's arrays have ------------------------------------------------------------------------

    def sum(self, axis=None, keepdims=False):
        """Sum over `axis`; see :func:`stepgrad.ops.sum`."""
        return public["sum"](self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        """Mean over `axis`; see :func:`stepgrad.ops.mean`."""
        return public["mean"](self, axis, keepdims)

    def max(self, axis=None, keepdims=False):
        """Maximum over `axis`; see :func:`stepgrad.ops.max`."""
        return public["max"](self, axis, keepdims)

    def min(self, axis=None, keepdims=False):
        """Minimum over `axis`; see :func:`stepgrad.ops.min`."""
        return public["min"](self, axis, keepdims)

    def reshape(self, *shape):
        """Same entries in another shape; see :func:`stepgrad.ops.reshape`."""
        return public["reshape"](self, shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)

    def transpose(self, *axes):
        """Permute the axes; see :func:`stepgrad.ops.transpose`."""
        return public["transpose"](self, axes or None)

    def astype(self, dtype):
        """Convert to another dtype; see :func:`stepgrad.ops.cast`."""
        return public["cast"](self, dtype)


# -- from Python values to arrays -----------------------------------------------------------------------------------


def to_array(data, dtype=None):
    """Copy `data` into a new C-contiguous array with the engine's default dtypes."""
    if isinstance(data, Tensor):
        data = data.array
    if dtype is None and not isinstance(data, np.ndarray | np.generic):
        if hasattr(data, "__dlpack__"):  # PyTorch, JAX, ...
            return np.from_dlpack(data.detach() if hasattr(data, "detach") else data).copy()
        array = np.array(data)
        if array.dtype == np.float64 and not hasattr(data, "dtype"):
            array = array.astype(config.floatx())
        elif array.dtype == np.int64 and not hasattr(data, "dtype"):
            array = array.astype(np.int32) if array.size == 0 or abs(array).max() < 2**31 else array
    else:
        array = np.array(data, dtype=dtype, order="C")
    if array.dtype.kind not in "fiub":
        raise DTypeError(
            "tensors hold numbers and booleans",
            got=f"dtype {array.dtype}" + (" (rows of different lengths?)" if array.dtype.kind == "O" else ""),
            fix="convert the data first, for example words to indices, or pad the rows to one length",
        )
    return np.ascontiguousarray(array) if array.ndim else array


def _number(x):
    """Make a Tensor of a Python number; much quicker than the general way."""
    kind = type(x)
    if kind is float:
        return _output(np.array(x, config.floatx()), None, 0, None)
    if kind is int and -(2**31) <= x < 2**31:
        return _output(np.array(x, np.int32), None, 0, None)
    return Tensor(x)


def as_tensor(x):
    """Return `x` itself when it is a Tensor, otherwise a Tensor of it."""
    return x if isinstance(x, Tensor) else Tensor(x)


def wrap(array):
    """Make a Tensor around an array that the caller gives away: no copy."""
    return _output(np.asarray(array), None, 0, None)


def _output(array, step, index, guard):
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    tensor.step = step
    tensor.index = index
    tensor.guard = guard
    tensor.requires_grad = step is not None
    tensor.grad = None
    tensor.name = None
    return tensor


def _promote(arrays, weak, to_float):
    """Bring arrays to one dtype. Python scalars (`weak`) follow the others; among floats and ints the float wins."""
    dtype = arrays[0].dtype
    if not weak and (not to_float or dtype.kind == "f"):
        for array in arrays:
            if array.dtype is not dtype:
                break
        else:
            return arrays
    strong = [a.dtype for i, a in enumerate(arrays) if i not in weak] or [a.dtype for a in arrays]
    floats = [d for d in strong if d.kind == "f"]
    if floats:
        dtype = np.result_type(*floats)
    elif to_float or any(arrays[i].dtype.kind == "f" for i in weak):
        dtype = np.dtype(config.floatx())
    else:
        dtype = np.result_type(*strong)
        if dtype.kind == "b" and any(arrays[i].dtype.kind == "i" for i in weak):
            dtype = np.dtype(np.int32)
    return [a if a.dtype == dtype else a.astype(dtype) for a in arrays]


# -- running an op ----------------------------------------------------------------------------------------------------


def apply(op, inputs, attrs):
    """Run an op on tensors, arrays or numbers, and record a step where an input is tracked."""
    tensors = []
    weak = ()
    track = False
    for x in inputs:
        if isinstance(x, Tensor):
            if x.requires_grad:
                track = True
        elif getattr(x, "is_symbolic", False):
            return symbolic_apply[0](op, inputs, attrs)
        else:
            if isinstance(x, _NUMBERS):
                weak += (len(tensors),)
                x = _number(x)
            else:
                x = Tensor(x)
        tensors.append(x)
    track = track and state.recording and op.differentiable
    hooks = state.hooks
    for hook in hooks:
        hook.before_forward(op, tensors, attrs)
    arrays = [t.array for t in tensors]
    if op.promote is not None and arrays:
        arrays = _promote(arrays, weak, op.promote == "float")
    try:
        result = kernels.chosen[op.name](*arrays, **attrs)
    except StepgradError as error:
        raise error.at(op.name, state.scope)
    except (ValueError, TypeError, IndexError) as error:
        raise op.explain(error, arrays, attrs).at(op.name, state.scope) from error
    results = result if op.outputs > 1 else (result,)
    step = None
    if track or hooks:
        if op.promote is not None:
            tensors = [t if t.array is a else _cast(t, a) for t, a in zip(tensors, arrays, strict=True)]
        step = Step(op, attrs, tensors, state.scope)
        if op.saves_output:
            step.saved_outputs = tuple([np.asarray(r) for r in results])
    outputs = []
    guard = tensors[0].guard if op.view else None
    for i, array in enumerate(results):
        array = np.asarray(array)
        outputs.append(_output(array, step if track and array.dtype.kind == "f" else None, i, guard))
    if track:
        for tape in state.tapes:
            tape.steps.append(step)
    for hook in hooks:
        hook.after_forward(step, tensors, outputs)
    return tuple(outputs) if op.outputs > 1 else outputs[0]


def _cast(tensor, array):
    """Stand in for `tensor` with its promoted array; the cast is recorded, so that gradients find their way back."""
    if tensor.requires_grad and state.recording:
        return public["cast"](tensor, array.dtype.name)
    stand_in = _output(array, None, 0, None)
    stand_in.name = tensor.name
    return stand_in


# -- the walk back ----------------------------------------------------------------------------------------------------


def _seed(tensor, gradient):
    if gradient is None:
        if tensor.array.size != 1:
            raise GradientError(
                "backward() without a gradient needs a tensor with one entry",
                got=f"shape {tensor.array.shape}",
                fix="reduce the loss first, for example with .mean() or .sum(), or pass backward(gradient=...)",
            )
        return wrap(np.ones_like(tensor.array))
    seed = as_tensor(gradient)
    if seed.array.shape != tensor.array.shape:
        raise ShapeError("the gradient must have the tensor's shape", expected=str(tensor.shape), got=str(seed.shape))
    return seed


def run_backward(roots, seeds, wanted, retain, create):
    """Carry gradients from `roots` back to the leaves.

    Parameters
    ----------
    roots, seeds : sequence of Tensor
        Where to start and dL/droot for each.
    wanted : sequence of Tensor or None
        None: add gradients to ``grad`` of every leaf. Otherwise: return a list with dL/dwanted, None where no path leads.
    retain, create : bool
        Keep the saved values; record the backward pass.
    """
    leaves = {}  # id -> [leaf, gradient]
    pending = {}  # step -> gradients of its outputs, as far as they are known
    heap = []
    needed = None if wanted is None else _leading_to(roots, wanted)
    found = {}
    watched = {}
    for t in wanted or ():
        if t.step is not None:
            watched.setdefault(t.step, []).append(t)
    before = (state.recording, state.scope)
    state.recording = create
    hooks = state.hooks
    try:
        for root, seed in zip(roots, seeds, strict=True):
            _deliver(root if root.step is None else root.step, root.index, seed, leaves, pending, heap)
        while heap:
            step = heapq.heappop(heap)[1]
            gradients = pending.pop(step)
            for t in watched.get(step, ()):
                found[id(t)] = gradients[t.index]
            if needed is not None and step not in needed:
                continue
            state.scope = step.scope
            for i, shape in enumerate(_output_shapes(step, gradients)):
                if gradients[i] is None:
                    gradients[i] = wrap(np.zeros(shape, step.input_dtypes[0]))
            for hook in hooks:
                hook.before_backward(step, gradients)
            step._check_alive()
            try:
                results = step.op.gradient(step, *gradients)
            except StepgradError as error:
                raise error.at(step.op.name, step.scope, "backward")
            if not isinstance(results, tuple):
                results = (results,)
            results = [_fit(step, i, g) for i, g in enumerate(_counted(step, results))]
            for hook in hooks:
                hook.after_backward(step, gradients, results)
            for i, g in enumerate(results):
                if g is not None and step.sources[i] is not None:
                    _deliver(step.sources[i], step.source_index[i], g, leaves, pending, heap)
            if not retain and not create:
                step.release()
        if wanted is not None:
            return [found.get(id(t)) if t.step is not None else leaves.get(id(t), (t, None))[1] for t in wanted]
        for leaf, g in leaves.values():
            leaf.grad = g if leaf.grad is None else public["add"](leaf.grad, g)
    finally:
        state.recording, state.scope = before


def _deliver(source, index, g, leaves, pending, heap):
    """Add a gradient to what has already arrived at a step's output, or at a leaf."""
    if isinstance(source, Step):
        slots = pending.get(source)
        if slots is None:
            slots = pending[source] = [None] * source.op.outputs
            heapq.heappush(heap, (-source.number, source))
        slots[index] = g if slots[index] is None else public["add"](slots[index], g)
    else:
        entry = leaves.get(id(source))
        if entry is None:
            leaves[id(source)] = [source, g]
        else:
            entry[1] = public["add"](entry[1], g)


def _output_shapes(step, gradients):
    """Return the outputs' shapes where some output got no gradient and zeros must stand in."""
    if all(g is not None for g in gradients):
        return ()
    shapes = step.op.shape(*step.input_shapes, **step.attrs)
    return shapes if step.op.outputs > 1 else (shapes,)


def _counted(step, results):
    if len(results) != len(step.input_shapes):
        raise GradientError(
            "gradient() must return one gradient (or None) for each input",
            op=step.op.name,
            expected=f"{len(step.input_shapes)} gradients",
            got=f"{len(results)}",
        )
    return results


def _fit(step, i, g):
    """Bring a gradient to the shape and dtype of its input: undo broadcasting by summing, undo promotion by casting."""
    if g is None:
        return None
    g = as_tensor(g)
    shape = step.input_shapes[i]
    if g.array.shape != shape:
        extra = g.array.ndim - len(shape)
        axes = [a for a in range(g.array.ndim) if a < extra or (shape[a - extra] == 1 and g.array.shape[a] != 1)]
        try:
            g = public["reshape"](public["sum"](g, tuple(axes), True), shape)
        except StepgradError:
            raise GradientError(
                f"gradient() returned a wrong shape for input {i}",
                op=step.op.name,
                layer=step.scope or None,
                expected=str(shape),
                got=str(g.array.shape),
            ) from None
    if g.array.dtype != step.input_dtypes[i]:
        g = public["cast"](g, step.input_dtypes[i].name)
    return g


def steps_of(*tensors):
    """Return the recorded steps that led to `tensors`, in the order in which they ran.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(2.0, requires_grad=True)
    >>> [step.op.name for step in steps_of(sg.ops.exp(x * x))]
    ['multiply', 'exp']
    """
    seen = {}
    stack = [t.step for t in tensors if t.step is not None]
    while stack:
        step = stack.pop()
        if step.number not in seen:
            seen[step.number] = step
            stack.extend([s for s in step.sources if isinstance(s, Step)])
    return [seen[number] for number in sorted(seen)]


def _leading_to(roots, wanted):
    """Return the steps between `wanted` and `roots`: the only ones whose gradients are of use."""
    leaf_ids = {id(t) for t in wanted if t.step is None}
    starts = {t.step for t in wanted if t.step is not None}
    needed = set()
    for step in steps_of(*roots):
        for source in step.sources:
            if isinstance(source, Step):
                leads = source in needed or source in starts
            else:
                leads = source is not None and id(source) in leaf_ids
            if leads:
                needed.add(step)
                break
    return needed


class scope:
    """Name the layer that runs inside the block, for errors, hooks and the step-through."""

    def __init__(self, name):
        if not isinstance(name, str):
            raise ArgumentError("a scope is named by a string", got=repr(name))
        self.name = name
        self.before = ""

    def __enter__(self):
        self.before = state.scope
        state.scope = f"{self.before}/{self.name}" if self.before else self.name
        return self

    def __exit__(self, *exception):
        state.scope = self.before
        return False
