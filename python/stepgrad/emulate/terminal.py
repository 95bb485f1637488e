"""A recording in a terminal: what every line of the kernel costs, and the races."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stepgrad.emulate.recording import KINDS, LineCost, Recording


def show(recording: Recording) -> None:
    """Print one recording."""
    console = Console()
    for line in headline(recording):
        console.print(escape(line))
    table = Table("line", "what", "array", "requests", "cost", "at best", "verdict")
    for cost in recording.costs:
        unit = "sectors" if cost.array.space == "global" else "passes"
        line = cost.line.rpartition(":")[2]
        what = KINDS[cost.kind]
        table.add_row(
            line, what, f"{cost.array.space} {cost.array.name}", str(cost.requests), f"{cost.units} {unit}",
            str(cost.best), verdict(cost),
        )  # fmt: skip
    console.print(table)
    for race in recording.races:
        console.print(f"[bold red]race[/] on {escape(race.element)} ({race.elements} elements like it)")
        console.print(f"  {escape(race.first)}\n  {escape(race.second)}\n  no barrier between them")


def compare(recordings: Sequence[Recording]) -> None:
    """Print one row for each rung."""
    console = Console()
    table = Table("rung", "threads", "barriers", "global", "sectors", "shared", "passes")
    table.columns[0].no_wrap = True
    for r in recordings:
        threads = sum(_product(launch.grid) * _product(launch.block) for launch in r.launches)
        barriers = sum(not b.left_out for b in r.barriers)
        table.add_row(r.rung, *map(str, (threads, barriers)), *_total(r, "global"), *_total(r, "shared"))
    console.print(
        f"{recordings[0].op}: requests to global and shared memory; in brackets what their bytes could cost at best"
    )
    console.print(table)


def _total(recording: Recording, space: str) -> tuple[str, str]:
    requests, units, best = recording.total(space)
    return (str(requests), f"{units} ({best})") if requests else ("", "")


def headline(recording: Recording) -> list[str]:
    """Return what ran, whether its result is right, and what it asked of memory.

    Examples
    --------
    >>> from stepgrad.emulate import Recording
    >>> import numpy as np
    >>> from stepgrad.emulate.recording import ACCESS
    >>> empty = Recording("copy", "naive", "csrc/copy/naive.cu:9", [], np.zeros(0, ACCESS), [], [], {}, 0.0)
    >>> headline(empty)[-1]
    'the result is right'
    """
    lines = [f"{recording.op} ({recording.rung}), {recording.source}"]
    for launch in recording.launches:
        blocks, threads = _product(launch.grid), _product(launch.block)
        lines.append(
            f"launch of {launch.kernel or 'a kernel'}: {blocks} block{'s' * (blocks > 1)} of {threads} threads "
            f"({' x '.join(str(n) for n in launch.block if n > 1) or 1}), {-(-threads // 32)} warps a block"
        )
    met = sum(not b.left_out for b in recording.barriers)
    gone = sorted({b.line for b in recording.barriers if b.left_out})
    if met or gone:
        lines.append(f"barriers met: {met}" + "".join(f"; left out: {line}" for line in gone))
    if recording.error <= 1e-5:  # exp rounds; everything else is exact
        lines.append("the result is right")
    elif recording.error > 0:
        lines.append(f"the result is wrong, by up to {recording.error:.3g}")
    else:
        lines.append("the result is wrong: NaN, from shared memory that was read before it was written")
    return lines


def verdict(cost: LineCost) -> str:
    """Say what a line's requests cost, compared with the best that its bytes could cost."""
    if cost.units <= cost.best:
        return "coalesced" if cost.array.space == "global" else "no bank conflict"
    times = cost.units / cost.best
    if cost.array.space == "global":
        return f"{times:.1f} times the sectors it needs"
    return f"bank conflict: {times:.1f} times the passes"


def _product(extents: tuple[int, int, int]) -> int:
    return extents[0] * extents[1] * extents[2]
