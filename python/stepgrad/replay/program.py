"""Program: the calls of a replay, and the Python between them. Compiled by Cython, as the tape is: around a small net's few
microseconds of kernels every line counts."""

import functools
import itertools

from stepgrad import devices
from stepgrad.device_arrays import as_array, beside
from stepgrad.replay.recorder import Drawn, Host, Native
from stepgrad.tape.tensor import Tensor, make
from stepgrad.tape.variable import changes
from stepgrad.utils.tree import map_structure


class Program:
    """What a plan runs.

    Parameters
    ----------
    recorder : Recorder
        What was written down; its native calls are where they shall be.
    inputs : list of arrays
        The plan's own, to be filled with the data of each step.
    result : Any
        What the recorded step returned: tensors of the plan's memory.
    """

    def __init__(self, recorder, inputs, result):
        self.inputs = inputs
        self.result = result
        self.guards = [variable.guard for variable in recorder.assigned_variables]
        # Nearly always constants; but a variable without axes may have stayed on the host, and change.
        self.numbers = [(source, source.copy(), target) for source, target in recorder.numbers]
        parts = stretches(recorder.entries)
        self.calls = [_call(recorder.native, part) for part in parts]
        # Of the call that returns what the step returns, such as the metrics; -1: the result is in the plan's memory.
        self.answer = -1
        for i, (first, *_) in enumerate(parts):
            if isinstance(first, Host) and first.result is result:
                self.answer = i

    def run(self, arrays):
        """Run the step on new inputs and return what it returns, in memory that the next replay leaves alone."""
        for i, target in enumerate(self.inputs):
            array = arrays[i]
            target[...] = array if type(array) is type(target) else beside(target, array)
        for source, last, target in self.numbers:
            if source != last:
                last[...] = source
                target[...] = beside(target, source)
        answer = None
        for i, call in enumerate(self.calls):
            value = call()
            if i == self.answer:
                answer = value
        if self.guards:
            _note_changes(self.guards)
        return copied(self.result) if self.answer < 0 else answer


def copied(result):
    """Return what a step returns in memory of its own."""
    return _copy(result) if type(result) is Tensor else map_structure(_copy, result)


def _copy(leaf):
    return make(leaf.array.copy(), None, 0, None) if type(leaf) is Tensor else leaf


def stretches(entries):
    """Return the entries in lists: native calls that follow each other together, every other entry alone."""
    lists = []
    for are_native, group in itertools.groupby(entries, _is_native):
        stretch = list(group)
        lists += [stretch] if are_native else [[entry] for entry in stretch]
    return lists


def _is_native(entry):
    return isinstance(entry, Native)


def _call(native, part):
    """Return what runs a stretch of native calls, or another entry, as a function of no arguments."""
    first = part[0]
    if isinstance(first, Native):
        return devices.as_graph(functools.partial(native.replay, first.call, first.call + len(part)))
    if isinstance(first, Host):
        ready = first.ready and first.ready(*first.args)
        return _updating(*ready) if ready else functools.partial(first.function, *first.args)
    return functools.partial(_again, first)


def _updating(numbers, update, changed):
    guards = [variable.guard for variable in changed]

    def run():
        update(*numbers())
        _note_changes(guards)

    return run


def _note_changes(guards):
    """Do what `Variable.changed` does."""
    now = next(changes)
    for guard in guards:
        guard[0] = now


def _again(entry):
    """Do what an entry says once more, and put the results where the recorded step had them."""
    if isinstance(entry, Drawn):
        results, values = (entry.result,), entry.function(*entry.args, **entry.kwargs)
    else:
        results, values = entry.results, entry.function(*entry.arrays, **entry.attrs)
    for target, value in zip(results, values if isinstance(values, tuple) else (values,), strict=True):
        value = as_array(value)
        if value.shape != target.shape:
            raise ValueError(f"a replayed op gave shape {value.shape} where {target.shape} was recorded")
        target[...] = beside(target, value)
