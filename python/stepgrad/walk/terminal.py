"""A walk in the terminal: step by step with keys, or all of it when the output goes into a file or pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from stepgrad.errors import require
from stepgrad.walk.examples.example import Example, Row
from stepgrad.walk.latex import digits_of, number, plain
from stepgrad.walk.markdown import summary
from stepgrad.walk.steps import Value, Walk, WalkStep
from stepgrad.walk.table import HEADS, cells, verdict

COLOURS = {"forward": "cyan", "loss": "yellow", "backward": "red", "update": "green"}
_ROWS, _COLUMNS = 6, 8  # of a matrix that are shown


def show(
    walk: Walk,
    example: Example | None = None,
    rows: list[Row] | None = None,
    keys: Callable[[], str] | None = None,
) -> None:
    """Show a walk: with keys when standard output is a terminal, everything otherwise.

    Parameters
    ----------
    keys : callable, optional
        Returns "forward", "back", "first", "last" or "quit"; the keyboard if left out.
    """
    console = require("rich.console", "cli", "the terminal view").Console()
    if example is not None:
        console.print(
            f"[bold]{example.title}[/bold]\n{example.about}\n[dim]{example.source}[/dim]\n", highlight=False
        )
    if keys is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        for step in walk:
            console.print(panel(step, len(walk)))
    else:
        with contextlib.nullcontext(keys) if keys is not None else keyboard() as read:
            _browse(console, walk, read)
    if rows:
        console.print(table(rows))
        console.print(verdict(rows), highlight=False)


def panel(step: WalkStep, total: int) -> Any:
    """Return one step as a Rich panel: sentence, formula, formula with numbers, values."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    parts: list[Any] = [Text(step.sentence)]
    if step.formula:
        parts.append(Text(plain(step.formula), style="dim"))
    scalars = all(v.array.size == 1 for v in (*step.inputs, *step.outputs))  # matrices are printed below
    parts += [
        Text(plain(line), style="bold")
        for line in (step.numbers if scalars else step.named)
        if line != step.formula
    ]
    for title, values in (("in", step.inputs), ("out", step.outputs)):
        parts += [Text.assemble((f"{title:<4}", "dim"), numbers(v)) for v in values]
    where = [f"op: {step.op_source}"] * bool(step.op_source) + [
        f"kernel: {step.rung} ({step.source})"
    ] * bool(step.rung)
    parts.append(Text("   ".join(where), style="dim"))
    layer = f" in {step.layer}" if step.layer else ""
    title = f"{step.number}/{total}  {step.phase}: {step.op}{layer}"
    return Panel(Group(*parts), title=Text(title), title_align="left", border_style=COLOURS[step.phase])


def numbers(value: Value) -> str:
    """Return a value's name with its numbers, or with a corner and statistics when it is large."""
    array = value.array
    if array.ndim == 0 or array.size == 1:
        return (
            f"{value.name} = {number(array.reshape(-1)[0], digits_of(array))}"
            if array.size
            else summary(value)
        )
    flat = array.reshape(-1, array.shape[-1]) if array.size else array.reshape(0, 0)
    digits = min(digits_of(array), 8)
    words = [[number(x, digits) for x in row[:_COLUMNS]] for row in flat[:_ROWS]]
    width = max((len(w) for row in words for w in row), default=0)
    dots = " ..." if flat.shape[1] > _COLUMNS else ""
    lines = ["      " + " ".join(w.rjust(width) for w in row) + dots for row in words]
    if len(flat) > _ROWS:
        lines.append("      ...")
    head = summary(value) if array.size > 12 else f"{value.name} {list(array.shape)}"
    return "\n".join([head, *lines])


def table(rows: list[Row]) -> Any:
    """Return the table of a worked example."""
    from rich.table import Table

    result = Table(box=None, header_style="bold", pad_edge=False)
    follows = any(row.printed.follows is not None for row in rows)
    for head in HEADS:
        if head != "follows" or follows:
            result.add_column(
                head or "what is wrong",
                justify="left" if head in ("name", "") else "right",
                no_wrap=bool(head),
            )
    for row in rows:
        line = cells(row)
        result.add_row(
            *(line if follows else line[:2] + line[3:]), style="yellow" if row.printed.erratum else ""
        )
    return result


def _browse(console: Any, walk: Walk, keys: Callable[[], str]) -> None:
    """Show one step at a time."""
    at = 0
    while True:
        console.clear()
        console.print(panel(walk[at], len(walk)))
        console.print("[dim]right, space: forward   left: back   home, end   q: quit[/dim]", highlight=False)
        move = keys()
        if move == "quit" or (move == "forward" and at == len(walk) - 1):
            return
        at = {"forward": at + 1, "back": max(at - 1, 0), "first": 0, "last": len(walk) - 1}.get(move, at)


_KEYS = {
    "\x1b[C": "forward", "\x1bOC": "forward", " ": "forward", "\r": "forward", "\n": "forward", "n": "forward", "l": "forward",
    "\x1b[D": "back", "\x1bOD": "back", "\x7f": "back", "b": "back", "p": "back", "h": "back", "\x1b[H": "first", "\x1b[F": "last",
    "q": "quit", "\x1b": "quit", "\x03": "quit", "\x04": "quit", "\xe0M": "forward", "\xe0K": "back", "": "quit",
}  # fmt: skip


@contextlib.contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """Let keys arrive one by one inside the block; yields a function that waits for a key and returns what it means."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield lambda: _meaning(_windows_key)
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield lambda: _meaning(lambda: _unix_key(file))
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _meaning(read: Callable[[], str]) -> str:
    """Read until a key means something."""
    while (key := read()) not in _KEYS:
        pass
    return _KEYS[key]


def _unix_key(file: int) -> str:
    import os
    import select

    key = os.read(file, 1)
    while (
        key[:1] == b"\x1b" and len(key) < 3 and select.select([file], [], [], 0.05)[0]
    ):  # the rest of an arrow key
        key += os.read(file, 1)
    return key.decode(errors="replace")


def _windows_key() -> str:
    import msvcrt

    key = msvcrt.getwch()  # type: ignore[attr-defined]
    return "\xe0" + msvcrt.getwch() if key in "\x00\xe0" else key  # type: ignore[attr-defined]
