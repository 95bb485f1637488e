"""Running an op, and the step that it leaves on the tape.

Every op runs through :func:`apply`. Where an input is tracked, it leaves a :class:`Step` behind: the op, its attributes,
where its inputs came from, and the arrays that its gradient needs.
"""

import numpy as np

try:
    import cython
except ImportError:
    from stepgrad.tape.natives import cython

from stepgrad import config, kernels
from stepgrad.device_arrays import as_array
from stepgrad.errors import GradientError, InPlaceError, StepgradError
from stepgrad.tape import natives
from stepgrad.tape.operators import Runs
from stepgrad.tape.state import current, public, state, symbolic_apply
from stepgrad.tape.tensor import Tensor, form_of, from_number, make

_NUMBERS = (int, float)
_NO_ATTRS: dict = {}  # of every op that was called without any


@cython.trashcan(True)  # a chain of 100,000 steps is freed without recursion
@cython.freelist(128)
@cython.cclass
class Step:
    """One op that was executed, and what its gradient will need.

    Attributes
    ----------
    number : int
        Counts all recorded steps; a step's inputs always come from steps with smaller numbers.
    op, attrs, scope : Op, dict, str
        The op, its keyword arguments, the path of the layer that ran it.
    input_shapes, input_dtypes : tuple
    source_a, index_a, saved_a
        Of the first input: the Step that made it, or the leaf Tensor, or None where nothing is tracked; which of that
        step's outputs it is; and its Tensor, where the gradient reads it.
    source_b, index_b, saved_b, more : tuple
        The same of the second one, and triples for all others. Most ops have two inputs at most: fields are cheaper.
    form : Form or None
        That of the first input, where the op ran straight on its arrays.
    released : bool
        True once backward has used the step and let go of what it saved.
    alike : bool
        True where all inputs have one dtype, and what the gradient returns is known to have their shapes.
    """

    def __init__(self, op, attrs, tensors, scope):
        self.number = natives.next_number()
        self.op = op
        self.attrs = attrs
        self.scope = scope
        self.released = False
        self.saved_outputs = None
        self.input_shapes = tuple([t.array.shape for t in tensors])
        self.input_dtypes = tuple([t.array.dtype for t in tensors])
        self.source_a = self.source_b = self.saved_a = self.saved_b = None
        self.index_a = self.index_b = 0
        self.more = ()
        for i, t in enumerate(tensors):
            self.note(i, t)
        self.versions = _versions(self.saved_inputs)
        self.form = None
        self.alike = False

    def note(self, i, tensor):
        """Note where input `i` came from, and keep it where the gradient reads it."""
        keep = self.op.saves_inputs
        saved = tensor if keep is None or i in keep else None
        if i == 0:
            self.source_a = _source(tensor)
            self.index_a = tensor.index
            self.saved_a = saved
        elif i == 1:
            self.source_b = _source(tensor)
            self.index_b = tensor.index
            self.saved_b = saved
        else:
            self.more += ((_source(tensor), tensor.index, saved),)

    @property
    def sources(self):
        """For each input the Step that made it, or the leaf Tensor, or None where nothing is tracked."""
        return self.of_inputs(self.source_a, self.source_b, 0)

    @property
    def source_index(self):
        """For each input, which output of its source it is."""
        return self.of_inputs(self.index_a, self.index_b, 1)

    @property
    def saved_inputs(self):
        """For each input its Tensor where the gradient reads it, else None."""
        return self.of_inputs(self.saved_a, self.saved_b, 2)

    def of_inputs(self, a, b, part):
        """Return a tuple of what is known of each input: `a`, `b`, and a part of each triple in `more`."""
        count = len(self.input_shapes)
        if count == 2:
            return (a, b)
        return (a, b, *[triple[part] for triple in self.more]) if count > 2 else (a, b)[:count]

    @property
    def inputs(self):
        """The same, unless they are gone or were changed."""
        self.check()
        return self.saved_inputs

    def check(self):
        """Raise where the saved inputs are gone, or one was changed in place."""
        if self.released:
            self._check_alive()
        if self.versions is None:
            return
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

    @property
    def outputs(self):
        """The saved outputs as tensors that are connected to this step, None for those that the op does not save."""
        self._check_alive()
        if self.saved_outputs is None:
            raise GradientError("this op did not declare saves_output = True", op=self.op.name)
        return tuple(
            [None if a is None else make(a, self, i, None) for i, a in enumerate(self.saved_outputs)]
        )

    @property
    def output(self):
        """The first saved output."""
        return self.outputs[0]

    def needs(self, i):
        """Tell whether anybody waits for the gradient of input `i`."""
        return (self.source_a if i == 0 else self.source_b if i == 1 else self.more[i - 2][0]) is not None

    def saved_arrays(self):
        """Return the arrays that this step keeps alive for backward, as (name, array) pairs."""
        pairs = [(f"input {i}", t.array) for i, t in enumerate(self.saved_inputs) if t is not None]
        outputs = enumerate(self.saved_outputs or ())
        return pairs + [(f"output {i}", array) for i, array in outputs if array is not None]

    def release(self):
        """Let go of everything saved."""
        self.released = True
        self.source_a = self.source_b = self.saved_a = self.saved_b = self.saved_outputs = None
        if self.more:
            self.more = ((None, 0, None),) * len(self.more)

    def _check_alive(self):
        if self.released:
            raise GradientError(
                "backward has already run through this step and freed what it saved",
                op=self.op.name,
                layer=self.scope or None,
                fix="run the forward pass again, or call the first backward with retain_graph=True"
                " (GradientTape: persistent=True)",
            )

    def __lt__(self, other):
        return self.number > other.number  # for backward, which takes the newest step first

    def __hash__(self):
        return self.number

    def __repr__(self):
        shapes = ", ".join(str(shape) for shape in self.input_shapes)
        return f"<Step {self.number} {self.op.name}({shapes}){' in ' + self.scope if self.scope else ''}>"


def _versions(saved):
    """Return the version of each saved tensor that can be changed; None where none of them can."""
    for t in saved:
        if t is not None and t.guard is not None:
            return tuple([None if t is None or t.guard is None else t.guard[0] for t in saved])
    return None


def _source(tensor):
    if not tensor.requires_grad:
        return None
    return tensor if tensor.step is None else tensor.step


class Rule(Runs):
    """What the tape reads of an op on every call, copied from the class's attributes; stepgrad.ops.Op is one."""

    def __init__(self):
        self.recipes = [None] * 4  # see stepgrad.tape.recipe
        self.direct = None  # the short way into the kernel in use; stepgrad.kernels puts it here
        self.prepare()

    def prepare(self):
        """Copy the attributes; whoever changes one later calls this again."""
        self.name = getattr(self, "name")  # noqa: B009  (compiled, the left side is a C field, the right side the class's)
        self.saves_inputs = getattr(self, "saves_inputs")  # noqa: B009
        self.saves_output = getattr(self, "saves_output")  # noqa: B009
        self.outputs = getattr(self, "outputs")  # noqa: B009
        self.promote = getattr(self, "promote")  # noqa: B009
        self.view = getattr(self, "view")  # noqa: B009
        self.differentiable = getattr(self, "differentiable")  # noqa: B009
        self.elementwise = getattr(self, "elementwise")  # noqa: B009
        self.commutes = getattr(self, "commutes")  # noqa: B009

    def __call__(self, *inputs, **attrs):
        return apply(self, inputs, attrs)

    def one(self, a):
        now = current()
        output = _at_once(self, a, None, _NO_ATTRS, now)
        return _prepared(self, (a,), {}, now) if output is None else output

    def two(self, a, b):
        now = current()
        output = None if b is None else _at_once(self, a, b, _NO_ATTRS, now)
        if output is None and self.commutes and not isinstance(a, Tensor):
            output = _at_once(self, b, a, _NO_ATTRS, now)  # a number on the left
        return _prepared(self, (a, b), {}, now) if output is None else output


def apply(op, inputs, attrs):
    """Run an op on tensors, arrays or numbers, and record a step where an input is tracked."""
    now = current()
    output = None
    if op.direct is not None:
        if len(inputs) == 1:
            output = _at_once(op, inputs[0], None, attrs, now)
        elif len(inputs) == 2 and inputs[1] is not None:
            output = _at_once(op, inputs[0], inputs[1], attrs, now)
    return _prepared(op, inputs, attrs, now) if output is None else output


def _at_once(op, x1, x2, attrs, now):
    """Run an op straight on its arrays (x2 is None for one input), or return None: they need preparation."""
    kernel = op.direct
    if kernel is None or now.hooks or now.recorder is not None or not isinstance(x1, Tensor):
        return None
    a = x1
    b = None
    form = form_of(a)
    spare = form.take() if op.elementwise else None
    if x2 is None:
        array = kernel(a.array, spare, **attrs) if attrs else kernel(a.array, spare)
    else:
        b = x2 if isinstance(x2, Tensor) else constant(x2, form.dtype)
        if b is None:
            return None
        array = kernel(a.array, b.array, spare, **attrs) if attrs else kernel(a.array, b.array, spare)
    if array is NotImplemented:
        return None
    step = None
    if now.recording and op.differentiable and (a.requires_grad or (b is not None and b.requires_grad)):
        step = _short_step(op, a, b, array, attrs, now.scope)
        for tape in now.tapes:
            tape.steps.append(step)
    output = make(array, step, 0, None)
    if op.elementwise:
        output.form = form
    if now.listing is not None:
        now.listing.append((op, (a,) if b is None else (x1, x2), attrs, output))
    return output


def _short_step(op, a, b, array, attrs, scope):
    """Make the Step of an op that ran straight on its arrays: Step(op, attrs, (a, b), scope), without the loops."""
    step = Step.__new__(Step)
    step.number = natives.next_number()
    step.op = op
    step.attrs = attrs
    step.scope = scope
    step.released = False
    if not natives.COMPILED:
        step.saved_a = step.saved_b = step.source_b = step.saved_outputs = step.versions = None
    if op.saves_output:
        step.saved_outputs = (array,)
    step.more = ()
    form = step.form = form_of(a)
    step.note(0, a)
    if b is None:
        step.index_b = 0
        step.input_shapes = form.shapes[0]
        step.input_dtypes = form.dtypes[0]
        step.alike = op.elementwise and not attrs
        guarded = a.guard is not None
    else:
        other = form_of(b)
        same = other is form or other.shape == form.shape
        step.note(1, b)
        step.input_shapes = form.shapes[1] if same else (form.shape, other.shape)
        step.input_dtypes = form.dtypes[1]
        if op.elementwise:
            step.alike = (same or not b.requires_grad) and not attrs
        else:  # a product: its gradient is two more where there are no axes before those of matrices
            step.alike = len(form.shape) == 2 and not attrs
        guarded = a.guard is not None or b.guard is not None
    if guarded:
        step.versions = _versions(step.saved_inputs)
    return step


_constants: dict = {}  # (number, dtype) -> Tensor


def constant(x, dtype):
    """Return a Python number as a Tensor of float `dtype`, made once for all calls; None where that cannot be."""
    kind = type(x)
    if (kind is not float and kind is not int) or dtype.kind != "f" or x == 0 or not -(2**31) <= x < 2**31:
        return None  # 0.0 and -0.0 would share an entry
    known = _constants.get((x, dtype.char))
    if known is None:
        if len(_constants) > 255:
            _constants.clear()
        array = np.array(x).astype(dtype)
        array.flags.writeable = False
        known = _constants[x, dtype.char] = make(array, None, 0, None)
    return known


def _prepared(op, inputs, attrs, now):
    """Run an op whose inputs may be anything: make tensors of them, bring them to one dtype, tell the hooks."""
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
    track = track and now.recording and op.differentiable
    hooks = now.hooks
    for hook in hooks:
        hook.before_forward(op, tensors, attrs)
    arrays = [t.array for t in tensors]
    if op.promote is not None and arrays:
        arrays = _promote(arrays, weak, op.promote == "float")
    try:
        result = kernels.chosen[op.name](*arrays, **attrs)
    except StepgradError as error:
        error.at(op.name, now.scope)
        raise
    except (ValueError, TypeError, IndexError) as error:
        raise op.explain(error, arrays, attrs).at(op.name, now.scope) from error
    results = result if op.outputs > 1 else (result,)
    step = None
    if track or hooks:
        if op.promote is not None:
            tensors = [t if t.array is a else _cast(t, a) for t, a in zip(tensors, arrays, strict=True)]
        step = Step(op, attrs, tensors, now.scope)
        if op.saves_output:
            keep = op.saves_output
            step.saved_outputs = tuple(
                [as_array(r) if keep is True or i in keep else None for i, r in enumerate(results)]
            )
    outputs = []
    guard = tensors[0].guard if op.view else None
    for i, array in enumerate(results):
        array = array if type(array) is np.ndarray else as_array(array)
        outputs.append(make(array, step if track and array.dtype.kind == "f" else None, i, guard))
    if track:
        for tape in now.tapes:
            tape.steps.append(step)
    for hook in hooks:
        hook.after_forward(step, tensors, outputs)
    if now.listing is not None:
        now.listing.append(None)
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
