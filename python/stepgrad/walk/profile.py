"""The profiler: time and bytes of every op, forward and backward, by op and by layer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ArgumentError
from stepgrad.tape.hooks import Hook, hooks
from stepgrad.tape.state import state
from stepgrad.tape.tensor import Tensor
from stepgrad.walk.columns import columns, human_bytes, human_seconds


class ProfileRow(NamedTuple):
    """What one kind of step cost: an op in a layer, forward or backward, on one rung."""

    op: str
    layer: str
    phase: str
    rung: str
    calls: int
    seconds: float
    bytes: int


class _Open:
    """An op, or the gradient of a step, that has begun and not ended."""

    def __init__(self, op: Any, backward: bool) -> None:
        self.op = op
        self.backward = backward
        self.before = 0.0  # seconds that the profiler took to begin it
        self.lost = 0.0  # seconds that the profiler took for the ops inside
        self.nested = 0.0  # seconds of the ops inside that have a row of their own
        self.bytes = 0
        self.rungs: dict[str, None] = {}  # of the ops inside a gradient, in the order in which they ran
        self.start = 0.0


class Profile(Hook):
    """A hook that adds up what every op costs; `stepgrad.profile` gives one.

    Attributes
    ----------
    rows : list of ProfileRow
        One row an (op, layer, phase, rung), the slowest first.
    seconds : float
        Time inside the block, from its first line to its last.
    hook_seconds : float
        The part of it that the profiler took. It is in no row.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.hook_seconds = 0.0
        self._totals: dict[tuple[str, str, str, str], list] = {}
        self._open: list[_Open] = []
        self._gradients: set[int] = set()  # ids of gradients that the tape may be about to add up

    def before_forward(self, op, inputs, attrs):
        self._begin(op, False)

    def after_forward(self, step, inputs, outputs):
        end = perf_counter()
        frame = self._pop(step.op)
        parent = self._open[-1] if self._open else None
        rung = kernels.current(step.op.name).rung
        moved = _moved(step.op, inputs, outputs)
        seconds = end - frame.start - frame.lost - frame.nested
        if parent is not None and parent.backward:
            parent.bytes += moved
            parent.rungs[rung] = None
        else:
            name, phase = step.op.name, "forward"
            if parent is None and self._adds_gradients(name, inputs, outputs):
                name, phase = "accumulate", "backward"
            self._add((name, state.scope, phase, rung), seconds, moved)
            if parent is not None:
                parent.nested += seconds + frame.nested
        self._end(frame, end)

    def before_backward(self, step, output_gradients):
        self._begin(step.op, True)

    def after_backward(self, step, output_gradients, input_gradients):
        end = perf_counter()
        frame = self._pop(step.op)
        seconds = end - frame.start - frame.lost
        self._add((step.op.name, step.scope, "backward", ", ".join(frame.rungs)), seconds, frame.bytes)
        self._gradients.update(id(g) for g in input_gradients if g is not None)
        self._end(frame, end)

    def _begin(self, op: Any, backward: bool) -> None:
        begin = perf_counter()
        frame = _Open(op, backward)
        self._open.append(frame)
        frame.start = perf_counter()
        frame.before = frame.start - begin

    def _pop(self, op: Any) -> _Open:
        while (frame := self._open.pop()).op is not op:
            pass  # it raised, and never ended
        return frame

    def _end(self, frame: _Open, end: float) -> None:
        """Take what the profiler took for this frame, and inside it, off the frame around it."""
        own = frame.before + perf_counter() - end
        self.hook_seconds += own
        if self._open:
            self._open[-1].lost += frame.lost + own

    def _add(self, key: tuple[str, str, str, str], seconds: float, moved: int) -> None:
        total = self._totals.setdefault(key, [0, 0.0, 0])
        total[0] += 1
        total[1] += seconds
        total[2] += moved

    def _adds_gradients(self, name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> bool:
        """Tell whether the tape adds up gradients here: an add that stands between the gradients of two steps."""
        if name == "add" and any(id(t) in self._gradients for t in inputs):
            self._gradients.add(id(outputs[0]))
            return True
        self._gradients.clear()
        return False

    @property
    def rows(self) -> list[ProfileRow]:
        """One row an (op, layer, phase, rung), the slowest first."""
        return self._sorted([ProfileRow(*key, *total) for key, total in self._totals.items()])

    def by_op(self) -> list[ProfileRow]:
        """Add up the layers."""
        return self._sum(lambda r: (r.op, "", r.phase, r.rung))

    def by_layer(self) -> list[ProfileRow]:
        """Add up the ops of every layer."""
        return self._sum(lambda r: ("", r.layer, r.phase, ""))

    def _sum(self, key: Callable[[ProfileRow], tuple]) -> list[ProfileRow]:
        sums: dict[tuple, list] = {}
        for row in self.rows:
            total = sums.setdefault(key(row), [0, 0.0, 0])
            total[:] = [a + b for a, b in zip(total, (row.calls, row.seconds, row.bytes))]
        return self._sorted([ProfileRow(*names, *total) for names, total in sums.items()])

    @staticmethod
    def _sorted(rows: list[ProfileRow]) -> list[ProfileRow]:
        return sorted(rows, key=lambda r: -r.seconds)

    @property
    def op_seconds(self) -> float:
        """Seconds inside ops and their gradients."""
        return sum(total[1] for total in self._totals.values())

    def summary(self) -> str:
        """Return where the time of the block went, in one sentence."""
        whole = self.seconds or self.op_seconds + self.hook_seconds
        between = max(whole - self.op_seconds - self.hook_seconds, 0.0)
        parts = (
            (self.op_seconds, "in ops"),
            (between, "in Python between them"),
            (self.hook_seconds, "in the profiler itself"),
        )
        shares = ", ".join(f"{human_seconds(t)} ({_percent(t, whole)}) {where}" for t, where in parts)
        return f"{human_seconds(whole)}: {shares}"

    def tables(self) -> list[tuple[list[str], list[list[str]]]]:
        """Return the two tables, by op and by layer, as heads and rows of text."""
        head = ["share", "calls", "time", "bytes"]
        by_op = [[r.op, r.phase, *self._figures(r), r.rung or "-"] for r in self.by_op()]
        by_layer = [[r.layer or "(no layer)", r.phase, *self._figures(r)] for r in self.by_layer()]
        return [(["op", "phase", *head, "rung"], by_op), (["layer", "phase", *head], by_layer)]

    def _figures(self, row: ProfileRow) -> list[str]:
        share = _percent(row.seconds, self.op_seconds)
        return [share, str(row.calls), human_seconds(row.seconds), human_bytes(row.bytes)]

    def __str__(self) -> str:
        right = ("share", "calls", "time", "bytes")
        return "\n\n".join([*(columns(head, rows, right) for head, rows in self.tables()), self.summary()])

    def _repr_html_(self) -> str:
        from stepgrad.walk.profile_page import fragment

        return fragment(self)

    def save(self, path: str | Path) -> Path:
        """Write a page (.html) or a picture (.png, .svg or .pdf; needs matplotlib): a bar an op, forward and backward.

        Examples
        --------
        >>> import stepgrad as sg
        >>> with sg.profile() as p:
        ...     _ = sg.ops.exp([1.0, 2.0])
        >>> p.save("profile.html").name
        'profile.html'
        """
        from stepgrad.walk import profile_page

        path = Path(path)
        if path.suffix == ".html":
            path.write_text(profile_page.page(self), encoding="utf-8")
        elif path.suffix in (".png", ".svg", ".pdf"):
            profile_page.picture(self).savefig(path)
        else:
            raise ArgumentError(
                "a profile is saved as a page or a picture",
                expected=".html, .png, .svg or .pdf",
                got=path.name,
            )
        return path


@contextlib.contextmanager
def profile() -> Iterator[Profile]:
    """Measure time and bytes of every op inside the block, forward and backward.

    Time is measured with `time.perf_counter` around each op. Ops that run inside an op's gradient are part of that
    gradient. `bytes` is the size of the arrays that the ops read and wrote; a view, such as a reshape, moves none. Gradients
    that the tape adds up, where a value was used twice, are listed as `accumulate`. The profiler measures its own
    time too, takes it off, and reports it.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> with profile() as p:
    ...     sg.ops.relu(x @ x.T).sum().backward()
    >>> sorted({(row.op, row.phase) for row in p.rows})[:3]
    [('accumulate', 'backward'), ('matmul', 'backward'), ('matmul', 'forward')]
    >>> all(row.seconds > 0 for row in p.rows)
    True

    `print(p)` shows the tables, `p.save("profile.html")` draws them.
    """
    measured = Profile()
    with hooks(measured):
        start = perf_counter()
        try:
            yield measured
        finally:
            measured.seconds += perf_counter() - start


def _moved(op: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> int:
    """How many bytes an op read and wrote."""
    if op.view and inputs and np.may_share_memory(inputs[0].array, outputs[0].array):
        return 0
    return sum(t.array.nbytes for t in (*inputs, *outputs))


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole if whole else 0:.1f}%"
