"""Plan: a step that was written down, made ready to run again.

Three things happen between the recording and the first replay.

1. *Fusing.* Elementwise calls that follow each other over the same elements become one loop: a block of 1024 elements goes
   through all of them while it is in the L1 cache. What only they read shrinks to one block.
2. *In place.* An elementwise call whose input nobody needs afterwards may write over it.
3. *The arena.* What is left is laid out in one block of memory; buffers that are never needed at once share their place.

On a CUDA device nothing is fused, and each stretch of kernel calls becomes a CUDA graph. What differs from step to step lies
beside the graphs or in memory that they read: inputs are copied into arrays of the plan, an optimizer's numbers and dropout's
keys go to kernels that are launched on their own. The arena and the results belong to the plan alone, for as long as it lives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.device_arrays import address, is_array
from stepgrad.replay.arena import Buffer, allocate, place
from stepgrad.replay.program import Program
from stepgrad.replay.recorder import Drawn, Host, Memory, Native, Python, Recorder, owner
from stepgrad.tape import Tensor
from stepgrad.utils.tree import flatten


@dataclass
class Fused:
    """Elementwise calls [begin, end) that run as one; `inner` is memory that shrinks to one block."""

    begin: int
    end: int
    inner: list[Memory] = field(default_factory=list)


@dataclass(eq=False)
class Use:
    """How the step uses a block of memory: the native calls that touch it, the first of them, the last."""

    memory: Memory
    calls: list[int]
    writes_first: bool


class Plan:
    """A recorded step, ready to run again.

    Attributes
    ----------
    device : str
        Where it runs.
    entries : list of Native, Python, Drawn, Host
    fused : list of Fused
    buffers : list of Buffer
        What lies in the arena; ``what`` is the list of memories that share the buffer in place.
    arena : numpy.ndarray
        One block of bytes.
    program : Program
        What a replay runs.
    """

    def __init__(self, recorder: Recorder, result: Any):
        self.entries, self.native = recorder.entries, recorder.native
        self.inputs = [memory.owner for memory in recorder.inputs]
        self.result = result
        self.device = kernels.device_in_use()
        self.calls = {e.call: e for e in self.entries if isinstance(e, Native)}
        self.uses = self._uses(recorder)
        pinned = self._pinned(recorder)
        free = [use for key, use in self.uses.items() if key not in pinned and self._is_movable(use)]
        # On a CUDA device no loop goes block by block through the calls: each call is the work of thousands of threads.
        self.fused = self._fuse(free) if self.device == "cpu" else []
        inner = {id(memory) for group in self.fused for memory in group.inner}
        self.buffers = self._buffers([use for use in free if id(use.memory) not in inner])
        self.arena = allocate(place(self.buffers))
        self._move()
        for group in self.fused:
            self.native.fuse(group.begin, group.end, [memory.address for memory in group.inner])
        self._moved = {id(memory) for buffer in self.buffers for memory in buffer.what} | inner
        self._alive = [use.memory.owner for use in self.uses.values() if self.keeps(use.memory)]
        self.native.let_go()
        self.program = Program(recorder, self.inputs, result)

    # -- what is used when -----------------------------------------------------------------------------------------------

    def _uses(self, recorder: Recorder) -> dict[int, Use]:
        uses: dict[int, Use] = {}
        for entry in self.calls.values():
            for _, written, key in entry.touches:
                if key not in uses:
                    uses[key] = Use(recorder.memory[key], [], written)
                uses[key].calls.append(entry.call)
        return uses

    def _pinned(self, recorder: Recorder) -> set[int]:
        """Return the memory that stays where it is: inputs, weights, numbers, and all that Python reads or writes."""
        arrays = [memory.owner for memory in recorder.inputs]
        arrays += [memory.owner for memory in recorder.constants()]
        seen: list[Any] = [self.result]
        for entry in self.entries:
            if isinstance(entry, Python):
                seen += [entry.arrays, entry.attrs, entry.results]
            elif isinstance(entry, Drawn):
                seen.append(entry.result)
            elif isinstance(entry, Host):
                seen += [entry.args, entry.result]
        for leaf in flatten(seen):
            if isinstance(leaf, Tensor):
                arrays.append(leaf.array)
                leaf = leaf._keras_mask.array if leaf._keras_mask is not None else None
            if is_array(leaf):
                arrays.append(leaf)
        return {owner(array) for array in arrays}

    def _is_movable(self, use: Use) -> bool:
        """Tell whether every call says plainly where this memory is: its arguments hold the addresses of the arrays."""
        return use.writes_first and all(
            self.native.move(call, array.ctypes.data, array.ctypes.data)
            for call in use.calls
            for array in self._arrays(call, use)
        )

    def _arrays(self, call: int, use: Use) -> list[np.ndarray]:
        return [t.array for t in self.calls[call].touches if t.key == use.memory.key]

    # -- fusing ----------------------------------------------------------------------------------------------------------

    def _fuse(self, free: list[Use]) -> list[Fused]:
        groups: list[Fused] = []
        by_key = {use.memory.key: use for use in free}
        begin = 0
        order = [e.call if isinstance(e, Native) else -1 for e in self.entries]
        for i, call in enumerate([*order, -1]):
            if i and call >= 0 and order[i - 1] >= 0 and self._fits(range(order[begin], call), call):
                continue
            if i - begin > 1 and order[begin] >= 0:
                groups.append(Fused(order[begin], order[i - 1] + 1))
            begin = i
        for group in groups:
            calls = range(group.begin, group.end)
            keys = {t.key for call in calls for t in self.calls[call].touches}
            uses = [by_key[key] for key in keys if key in by_key]
            group.inner = [
                use.memory
                for use in uses
                if all(call in calls for call in use.calls)
                and all(self._is_whole(a, use.memory) for call in use.calls for a in self._arrays(call, use))
            ]
        return groups

    def _fits(self, group: range, call: int) -> bool:
        """Tell whether a call can join elementwise calls: same elements, and no memory met at different places."""
        new = self.calls[call]
        if not new.items or any(self.calls[i].items != new.items for i in group):
            return False
        for i in group:
            for a, a_written, a_key in self.calls[i].touches:
                for b, b_written, b_key in new.touches:
                    same = a.ctypes.data == b.ctypes.data and a.nbytes == b.nbytes
                    if (a_written or b_written) and a_key == b_key and not same:
                        return False
        return True

    def _is_whole(self, array: np.ndarray, memory: Memory) -> bool:
        return array.ctypes.data == memory.address and array.nbytes == memory.nbytes

    # -- memory ----------------------------------------------------------------------------------------------------------

    def _buffers(self, uses: list[Use]) -> list[Buffer]:
        moment = {}
        for call in self.calls:
            moment[call] = (call, call)
        for group in self.fused:  # its calls run block after block: to memory they are one moment
            for call in range(group.begin, group.end):
                moment[call] = (group.begin, group.end - 1)
        ending: dict[int, list[Buffer]] = {}  # buffers by the call that needs them last
        buffers: list[Buffer] = []
        for use in sorted(uses, key=lambda use: use.calls[0]):
            first, last = moment[use.calls[0]][0], moment[use.calls[-1]][1]
            buffer = self._in_place(use, ending)
            if buffer is None:
                buffer = Buffer(use.memory.nbytes, first, last, [use.memory])
                buffers.append(buffer)
            else:
                buffer.last = last
                buffer.what.append(use.memory)
            ending.setdefault(use.calls[-1], []).append(buffer)
        return buffers

    def _in_place(self, use: Use, ending: dict[int, list[Buffer]]) -> Buffer | None:
        """Return the buffer of an input that the call which first writes `use` may write over."""
        call = use.calls[0]
        outputs = [t.array for t in self.calls[call].touches if t.written]
        if not self.calls[call].items or len(outputs) != 1 or not self._is_whole(outputs[0], use.memory):
            return None
        for buffer in ending.get(call, []):
            memory = buffer.what[-1]
            inputs = [t.array for t in self.calls[call].touches if t.key == memory.key]
            if buffer.size == use.memory.nbytes and all(self._is_whole(a, memory) for a in inputs):
                ending[call].remove(buffer)
                return buffer
        return None

    def _move(self) -> None:
        start = address(self.arena)
        for buffer in self.buffers:
            for memory in buffer.what:
                use = self.uses[memory.key]
                for call in use.calls:
                    for array in self._arrays(call, use):
                        old = array.ctypes.data
                        self.native.move(call, old, start + buffer.offset + old - memory.address)

    # -- once it is made -------------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Give back the memory in which the recorded run left its intermediate results: replays have the arena."""
        for use in self.uses.values():
            if not self.keeps(use.memory):
                use.memory.owner = None
        for entry in self.calls.values():
            entry.touches = [touch._replace(array=None) for touch in entry.touches]

    def keeps(self, memory: Memory) -> bool:
        """Tell whether memory is still where it was while recording."""
        return id(memory) not in self._moved
