"""When a recording may stand in for the step: two runs must agree, and a replay must give the same bits."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from stepgrad.device_arrays import as_array, is_array, to_host
from stepgrad.replay.plan import Plan
from stepgrad.replay.program import stretches
from stepgrad.replay.recorder import Drawn, Host, Memory, Native, Python, Recorder, owner


def disagreement(first: Recorder, second: Recorder) -> str | None:
    """Return what two recordings of one function differ in, or None.

    A number that Python computed anew for each step, or an array that NumPy made of the inputs, is different the second
    time: a replay would repeat the old one for ever.
    """
    if [_kind(e) for e in first.entries] != [_kind(e) for e in second.entries]:
        return "it does not run the same ops in every step"
    for (op, a), (_, b) in zip(first.attributes, second.attributes):
        for name in a:
            if not _equal(a[name], b.get(name)):
                return f"{name} of {op} is not the same in every step"
    known, anew = list(first.constants()), list(second.constants())
    if len(known) != len(anew):
        return "it does not read the same arrays in every step"
    for old, new in zip(known, anew):
        if old.owner is not new.owner and not _equal(old.before, new.before):
            return (
                f"it computes an array of shape {new.owner.shape} in Python or NumPy, different in every step: "
                "use stepgrad.ops and stepgrad.random"
            )
    return None


def _kind(entry: Any) -> tuple:
    if isinstance(entry, Native):
        return (entry.op, entry.rung, *[(t.array.shape, t.written) for t in entry.touches])
    return (entry.op,) if isinstance(entry, Python) else (type(entry), entry.function)


def _equal(a: Any, b: Any) -> bool:
    if is_array(a) or is_array(b):
        return to_host(as_array(a)).tobytes() == to_host(as_array(b)).tobytes()
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b))
    return a is b or bool(a == b)


def reproduces(plan: Plan, recorder: Recorder) -> bool:
    """Replay the recorded step on its own inputs, in memory full of rubbish, and compare bit by bit.

    It runs up to the first entry that changes something outside (an optimizer's update), starting from the weights as
    they were, and puts everything back.
    """
    entries = list(itertools.takewhile(lambda e: not isinstance(e, Host), plan.entries))
    results = _results(plan, recorder, entries)
    constants = list(recorder.constants())
    assigned = {id(variable.array) for variable in recorder.assigned_variables}
    wanted = [memory.owner.copy() for memory in results]
    now = [memory.owner.copy() for memory in constants]
    for memory in results:
        memory.owner.fill(np.nan if memory.owner.dtype.kind == "f" else 1)
    plan.arena.fill(0xFF)  # NaN, read as float
    for memory in constants:
        _put(memory, memory.before)
    try:
        for (first, *_), call in zip(stretches(entries), plan.program.calls):
            if not isinstance(first, Drawn):
                call()
        same = all(_equal(memory.owner, value) for memory, value in zip(results, wanted))
        return same and all(
            _equal(memory.owner, value)
            for memory, value in zip(constants, now)
            if id(memory.owner) in assigned
        )
    finally:
        for memory, value in zip([*results, *constants], [*wanted, *now]):
            _put(memory, value)


def _results(plan: Plan, recorder: Recorder, entries: list) -> list[Memory]:
    """Return the memory that these entries compute and that stayed in its place."""
    found: dict[int, Memory] = {}
    for entry in entries:
        if isinstance(entry, Native):
            arrays = [touch.array for touch in entry.touches if touch.written]
        else:
            arrays = list(entry.results) if isinstance(entry, Python) else []
        for array in arrays:
            memory = recorder.memory[owner(array)]
            if memory.before is None and plan.keeps(memory):
                found[id(memory)] = memory
    return list(found.values())


def _put(memory: Memory, value: Any) -> None:
    if not _equal(memory.owner, value):  # what is constant may be read-only
        memory.owner[...] = value
