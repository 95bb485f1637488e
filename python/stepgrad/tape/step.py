"""Running an op, and the step that it leaves on the tape.

Every op runs through :func:`apply`. Where an input is tracked, it leaves a :class:`Step` behind: the op, its attributes,
where its inputs came from, and the arrays that its gradient needs.
"""

import itertools

import numpy as np

from stepgrad import config, kernels
from stepgrad.errors import GradientError, InPlaceError, StepgradError
from stepgrad.tape.state import public, state, symbolic_apply
from stepgrad.tape.tensor import Tensor, from_number, make

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
        self.versions = tuple(
            [None if t is None or t.guard is None else t.guard[0] for t in self.saved_inputs]
        )

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
        return tuple([make(array, self, i, None) for i, array in enumerate(self.saved_outputs)])

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
                x = from_number(x) if op.promote is not None else Tensor(x)
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
        error.at(op.name, state.scope)
        raise
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
        outputs.append(make(array, step if track and array.dtype.kind == "f" else None, i, guard))
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
    stand_in = make(array, None, 0, None)
    stand_in.name = tensor.name
    return stand_in


def _promote(arrays, weak, to_float):
    """Bring arrays to one dtype. Python scalars (`weak`) follow the others; among floats and ints the float wins."""
    dtype = arrays[0].dtype
    if not weak and (not to_float or dtype.kind == "f"):
        for array in arrays:
            if array.dtype is not dtype:
                break
        else:
            return arrays
    strong = [a.dtype for i, a in enumerate(arrays) if i not in weak] or [
        a.dtype for a in arrays if a.dtype.kind != "f"
    ]
    floats = [d for d in strong if d.kind == "f"]
    if floats:
        dtype = np.result_type(*floats)
    elif to_float or any(arrays[i].dtype.kind == "f" for i in weak):
        dtype = np.dtype(config.floatx())
    else:
        dtype = np.result_type(*strong)
        if dtype.kind == "b" and any(arrays[i].dtype.kind == "i" for i in weak):
            dtype = np.dtype(np.int32)
    # A number's array is made anew; that of a tensor goes through the kernel table, where a recording sees it.
    return [
        a if a.dtype == dtype else a.astype(dtype) if i in weak else kernels.chosen["cast"](a, dtype=dtype)
        for i, a in enumerate(arrays)
    ]


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
