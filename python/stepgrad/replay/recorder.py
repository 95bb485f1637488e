"""Recorder: runs a step as usual and writes down what it did.

While a recorder is at work, every op passes it on its way to the kernel table, and the C++ bindings write down every
kernel call with its arguments. The step itself notices nothing. What comes out is a list of entries:

- `Native`: one kernel call, which C++ can run again on its own;
- `Python`: an op that only NumPy can do, or whose kernel checks integers; it is called again with the same arrays;
- `Drawn`: random numbers, drawn anew;
- `Host`: Python that must run in every step, such as an optimizer's update.

Some steps cannot be replayed: one that looks at a value to decide what to do next, or that computes with NumPy behind the
tape's back. The recorder notes the first reason as `refusal`, and lets the step go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from stepgrad import devices, kernels
from stepgrad.device_arrays import address, as_array, is_array, owner_of, to_device
from stepgrad.tape import Tensor, Variable
from stepgrad.tape.state import state


class Touch(NamedTuple):
    """An array that a kernel call reads or writes, and which memory that is."""

    array: Any  # of a GPU: what describes it. None once the plan has let go of the recorded run
    written: bool
    key: int


@dataclass
class Native:
    """A kernel call."""

    call: int  # its number in the native recorder
    op: str
    scope: str  # the layer that ran it
    rung: str
    items: int  # elements of an elementwise call that can be cut anywhere, otherwise 0
    touches: list[Touch]


@dataclass
class Python:
    """An op that runs in Python again, and the arrays that receive its results."""

    op: str
    scope: str
    function: Callable
    arrays: tuple
    attrs: dict
    results: tuple


@dataclass
class Drawn:
    """Random numbers, and the array that receives them."""

    function: Callable
    args: tuple
    kwargs: dict
    result: np.ndarray


@dataclass
class Host:
    """Python that runs in every step; `result` is what it returned while recording."""

    function: Callable
    args: tuple
    result: Any
    ready: Callable | None = None  # see stepgrad.tape.recording.on_host


@dataclass(eq=False)
class Memory:
    """A block of memory, told by the array that owns it."""

    owner: Any  # None once the plan has let go of it
    before: (
        np.ndarray | None
    )  # what was in it when an op first read it, where the step had not written it itself
    used: bool = False  # read by an op
    by_kernel: bool = False  # written by a kernel call

    @property
    def address(self) -> int:
        """Where it begins."""
        return address(self.owner)

    def __post_init__(self) -> None:
        self.key = owner(self.owner)  # what tells it from other memory
        self.nbytes = self.owner.nbytes


class Recorder:
    """Writes down one run of a function.

    Parameters
    ----------
    inputs : sequence of arrays
        What will be different in every step.

    Attributes
    ----------
    entries : list of Native, Python, Drawn, Host
    native : Recorder of stepgrad._cpu, or of a CUDA device
    memory : dict
        Every block that was met, by the identity of its owner, in order.
    refusal : str or None
        Why the step cannot be replayed.
    """

    def __init__(self, inputs: Sequence[np.ndarray]):
        self.native = devices.new_recorder()
        self.entries: list[Any] = []
        self.memory: dict[int, Memory] = {}
        self.attributes: list[tuple[str, dict]] = []  # of every op
        self.assigned_variables: list[Variable] = []
        self.numbers: list[
            tuple[np.ndarray, Any]
        ] = []  # on the host, and where they were moved to on the GPU
        self.refusal: str | None = None
        self._paused = False
        for array in inputs:
            self._written(array)
        self.inputs = list(self.memory.values())

    def run(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        """Call the function and write down what it does."""
        before = dict(kernels.chosen)
        for name, kernel in before.items():
            kernels.chosen[name] = _Watched(self, name, kernel)
        version = kernels.version[0]
        state.recorder = self
        self.native.start()
        try:
            result = function(*args, **kwargs)
        finally:
            self.native.stop()
            state.recorder = None
            if kernels.version[0] == version:
                kernels.chosen.update(before)
            else:
                self.refuse("it chooses other kernels while it runs")
                kernels.choose_all()
        for number, memory in enumerate(self.inputs):
            if not memory.used:
                self.refuse(f"no op reads input {number}: NumPy may have, behind the tape's back")
        return result

    def refuse(self, why: str) -> None:
        """Note why the step cannot be replayed; the first reason counts."""
        self.refusal = self.refusal or why

    # -- what the tape and the kernel table tell -------------------------------------------------------------------------

    def op(self, name: str, kernel: Callable, arrays: tuple, attrs: dict) -> Any:
        """Run an op and write down how."""
        if self._paused or state.recorder is not self:  # a Host, or another thread
            return kernel(*arrays, **attrs)
        entries, calls = len(self.entries), len(self.native)
        if kernels.to_device[0] is not None:
            arrays = tuple([self._moved(array) for array in arrays])
        for array in arrays:
            self._read(array)
        result = kernel(*arrays, **attrs)
        several = isinstance(result, tuple)
        results = tuple(as_array(r) for r in result) if several else (as_array(result),)
        if self._is_native(calls, arrays, results):
            self._add_calls(name)
        else:
            del self.entries[entries:]
            self.native.truncate(calls)
            sources = {owner(a) for a in arrays}
            if not all(owner(r) in sources for r in results):  # a view moves no data
                # A part of something that the op made, such as a slice of what it moved to the GPU: only the part is done again.
                results = tuple(
                    r.copy() if owner(r) not in sources and owner_of(r) is not r else r for r in results
                )
                self.entries.append(Python(name, state.scope, kernel, arrays, attrs, results))
        for r in results:
            self._written(r)
        self.attributes.append((name, attrs))
        return results if several else results[0]

    def on_host(self, function: Callable, args: tuple, ready: Callable | None) -> Any:
        """Run Python that is part of every step."""
        if self._paused:
            return function(*args)
        result = self._in_python(function, args, {})
        self.entries.append(Host(function, args, result, ready))
        return result

    def drawn(self, draw: Callable, args: tuple, kwargs: dict) -> np.ndarray:
        """Draw random numbers, and remember to draw again."""
        if self._paused:
            return draw(*args, **kwargs)
        result = self._in_python(draw, args, kwargs)
        self.entries.append(Drawn(draw, args, kwargs, result))
        self._written(result)
        return result

    def assigned(self, variable: Variable, value: Any) -> None:
        """Write down that a variable takes the value of a tensor."""
        if self._paused:
            return
        known = isinstance(value, Tensor) and owner(value.array) in self.memory
        if not known or value.array.dtype != variable.array.dtype or variable.array.dtype.kind != "f":
            self.refuse(f"variable '{variable.path}' is given a value that stepgrad.ops did not compute")
            return
        if kernels.to_device[0] is not None and isinstance(variable.array, np.ndarray):
            self.refuse(f"variable '{variable.path}' does not lie on the GPU: model.to('cuda') moves it")
            return
        self._read(variable.array)
        devices.native("copy")(value.array, variable.array)
        self._add_calls("assign")
        self.assigned_variables.append(variable)

    def read(self, tensor: Tensor) -> None:
        """Refuse where the step looks at a value that it computed: what it decides then is not written down."""
        memory = self.memory.get(owner(tensor.array))
        if not self._paused and memory is not None and memory.before is None:
            self.refuse("it reads the value of a tensor while it runs (float(), .numpy(), .item(), if ...)")

    def keeps(self, data: Any, dtype: Any) -> bool:
        """Tell whether a tensor made of `data` shares its memory: only so is its origin seen."""
        return is_array(data) and dtype in (None, data.dtype) and data.flags.c_contiguous

    # -- memory ----------------------------------------------------------------------------------------------------------

    def constants(self) -> Iterator[Memory]:
        """Yield what ops read and the step had not written: weights, numbers, arrays of the caller."""
        return (memory for memory in self.memory.values() if memory.before is not None)

    def _in_python(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        self._paused = True
        self.native.stop()
        try:
            return function(*args, **kwargs)
        finally:
            self._paused = False
            self.native.start()

    def _moved(self, array: Any) -> Any:
        """Take a number of the step, such as the 2 in ``x * 2``, to the GPU, where graphs read it."""
        is_number = isinstance(array, np.ndarray) and not array.ndim and array.dtype.kind == "f"
        if not is_number or owner(array) in self.memory:
            return array
        self.numbers.append((array, to_device(array)))
        return self.numbers[-1][1]

    def _written(self, array: np.ndarray) -> None:
        self.memory.setdefault(owner(array), Memory(owner_of(array), None))

    def _read(self, array: np.ndarray) -> None:
        memory = self.memory.get(owner(array))
        if memory is None:
            whole = owner_of(array)
            memory = self.memory[owner(whole)] = Memory(whole, whole.copy())
        memory.used = True

    def _add_calls(self, op: str) -> None:
        """Turn the kernel calls that are not entries yet into entries."""
        begin = next((e.call + 1 for e in reversed(self.entries) if isinstance(e, Native)), 0)
        for call, (_, rung, items, _, touched) in enumerate(self.native.describe(begin), begin):
            touches = [Touch(array, written, owner(array)) for array, written in touched if array.size]
            for array, written, key in touches:
                if written:
                    self._written(array)
                    self.memory[key].by_kernel = True
            self.entries.append(Native(call, op, state.scope, rung, items, touches))

    def _is_native(self, calls: int, arrays: tuple, results: tuple) -> bool:
        """Tell whether the kernel calls since `calls` are all that the op did."""
        described = self.native.describe(calls)
        if not described or any(a.dtype.kind != "f" and not self.memory[owner(a)].by_kernel for a in arrays):
            return False  # labels and indices are checked in Python before a kernel may use them
        known = {owner(a) for a in arrays}
        for *_, touched in described:
            for array, written in touched:
                if written:
                    known.add(owner(array))
                elif array.size and owner(array) not in known:
                    return False  # NumPy made this array inside the op
        return all(owner(r) in known for r in results)


class _Watched:
    """Stands in the kernel table for a kernel while a recorder is at work."""

    __slots__ = ("name", "recorder", "watched")

    def __init__(self, recorder: Recorder, name: str, kernel: Callable):
        self.recorder, self.name, self.watched = recorder, name, kernel

    def __call__(self, *arrays: Any, **attrs: Any) -> Any:
        return self.recorder.op(self.name, self.watched, arrays, attrs)


def owner(array: Any) -> int:
    """Return the key of an array's memory. The recorder holds on to owners, so that no key is used twice."""
    whole = owner_of(array)
    return id(whole) if isinstance(whole, np.ndarray) else address(whole)
