"""The memory view: what the tape keeps for backward, and who keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.tape.step import Step, steps_of
from stepgrad.tape.tensor import Tensor
from stepgrad.tape.variable import Variable
from stepgrad.walk.columns import columns, human_bytes


class Keeper(NamedTuple):
    """A step that keeps an array: the number of the step, its op and layer, and what the array is to it."""

    step: int
    op: str
    layer: str
    role: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.op} ({self.role})" if self.layer else f"{self.op} ({self.role})"


@dataclass
class MemoryRow:
    """One block of memory that the tape keeps.

    Attributes
    ----------
    name : str
        The tensor's name, or the op that made the array.
    shape, dtype
        Of the array as its first keeper sees it.
    bytes : int
        Of the whole block: a view keeps all of the array that it looks into.
    variable : bool
        True for a Variable, which the model holds anyway.
    keepers : list of Keeper
        Every step that keeps it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    variable: bool
    keepers: list[Keeper]


class Memory:
    """What the tape keeps for the backward of some results; `stepgrad.memory` gives one.

    Attributes
    ----------
    rows : list of MemoryRow
        One row a block of memory, the largest first. Shared arrays are listed once.
    """

    def __init__(self, steps: list[Step]) -> None:
        self.released = any(step.released for step in steps)
        blocks: dict[int, MemoryRow] = {}
        for step in steps:
            for role, tensor, array in _kept(step):
                block = _block(array)
                row = blocks.get(id(block))
                if row is None:
                    name, variable = _name(step, role, tensor)
                    row = MemoryRow(name, array.shape, str(array.dtype), block.nbytes, variable, [])
                    blocks[id(block)] = row
                row.variable = row.variable or isinstance(tensor, Variable)
                row.keepers.append(Keeper(step.number, step.op.name, step.scope, role))
        self.rows = sorted(blocks.values(), key=lambda row: -row.bytes)

    @property
    def total(self) -> int:
        """Bytes of all that is kept, shared arrays counted once."""
        return sum(row.bytes for row in self.rows)

    @property
    def variables(self) -> int:
        """Bytes of the Variables among it, which the model holds anyway."""
        return sum(row.bytes for row in self.rows if row.variable)

    def summary(self) -> str:
        """Return the totals in one sentence."""
        if not self.rows:
            why = "backward has run and let go of it" if self.released else "no step needs anything"
            return f"Nothing is kept for backward: {why}."
        extra = self.total - self.variables
        keepers = len({keeper.step for row in self.rows for keeper in row.keepers})
        return (
            f"{human_bytes(self.total)} in {len(self.rows)} arrays, kept by {keepers} steps: {human_bytes(extra)} for "
            f"backward alone, {human_bytes(self.variables)} in variables that live anyway."
        )

    def __str__(self) -> str:
        if not self.rows:
            return self.summary()
        lines = [
            [human_bytes(r.bytes), r.name, str(r.shape), r.dtype, "; ".join(map(str, r.keepers))]
            for r in self.rows
        ]
        return (
            columns(["bytes", "array", "shape", "dtype", "kept by"], lines, right=["bytes"])
            + "\n\n"
            + self.summary()
        )


def memory(*results: Tensor) -> Memory:
    """Show what the tape keeps alive for the backward of `results`, and who keeps it.

    Parameters
    ----------
    *results : Tensor
        Usually the loss, before `backward()`.

    Returns
    -------
    Memory
        `print` it for a table; ``rows``, ``total`` and ``variables`` for the numbers.

    Raises
    ------
    ArgumentError
        If one of them is no Tensor.

    Examples
    --------
    >>> import numpy as np
    >>> import stepgrad as sg
    >>> w = sg.Variable(np.zeros((4, 2)), name="w")
    >>> loss = sg.ops.relu(sg.Tensor(np.ones((8, 4)), name="x") @ w).sum()
    >>> kept = memory(loss)
    >>> [(row.name, row.bytes, row.keepers[0].op) for row in kept.rows]
    [('x', 256, 'matmul'), ('matmul', 128, 'relu'), ('w', 64, 'matmul')]
    >>> loss.backward()
    >>> print(memory(loss))
    Nothing is kept for backward: backward has run and let go of it.
    """
    for result in results:
        if not isinstance(result, Tensor):
            raise ArgumentError(
                "memory() looks at the tape behind a Tensor", got=type(result).__name__, fix="memory(loss)"
            )
    return Memory(steps_of(*results))


def _kept(step: Step) -> Iterator[tuple[str, Tensor | None, np.ndarray]]:
    """Yield what a step keeps as (role, tensor if there is one, array)."""
    inputs = dict(zip((f"input {i}" for i in range(len(step.saved_inputs or ()))), step.saved_inputs or ()))
    for role, array in step.saved_arrays():
        yield role, inputs.get(role), array
    if not step.released:
        for name, value in step.attrs.items():
            yield from ((name, None, array) for array in _arrays(value))


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the arrays in an attribute, such as the index of getitem."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)


def _block(array: np.ndarray) -> np.ndarray:
    """Return the array that owns the memory which `array` looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _name(step: Step, role: str, tensor: Tensor | None) -> tuple[str, bool]:
    """Name an array after its tensor, or after the op that made it."""
    if tensor is None:
        return (step.op.name if role.startswith("output") else f"{step.op.name}.{role}"), False
    if isinstance(tensor, Variable):
        return tensor.path, True
    made = tensor.step.op.name if tensor.step is not None else "constant"
    return tensor.name or made, False
