"""One op's ladder: every rung verified against float64, then timed in turn, and drawn while it is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from stepgrad import kernels
from stepgrad.bench.cases import Case, case
from stepgrad.bench.timing import Sample, Summary, calibrate, contest, summarize, take_sample
from stepgrad.bench.verify import TOLERANCE as TOLERANCE  # a race asks each of its kinds for one
from stepgrad.bench.verify import verify

SAMPLE_SECONDS = 0.03
NAME, BAR = 14, 32  # characters


class Rung:
    """One line of the ladder: what it computes with, what was measured, and what is wrong with it."""

    def __init__(self, kernel: kernels.Kernel):
        self.kernel = kernel
        self.samples: list[Sample] = []
        self.error: float | None = None
        self.refused = ""  # wrong, or too slow for the budget

    @property
    def name(self) -> str:
        return self.kernel.rung

    @property
    def summary(self) -> Summary | None:
        return summarize(self.samples) if self.samples else None


class Ladder:
    """The rungs of an op on one case.

    Parameters
    ----------
    op : str
    size : int, optional
        See `stepgrad.bench.cases.case`.
    threads : int
    budget : float
        Seconds for each rung. One that would need longer for a single call is not timed, and says so.

    Examples
    --------
    >>> ladder = Ladder("matmul", 16, budget=0.01)
    >>> ladder.verify()
    >>> ladder.rungs[0].name, ladder.rungs[0].refused
    ('numpy', '')
    """

    def __init__(self, op: str, size: int | None = None, threads: int = 1, budget: float = 1.0):
        self.case = case(op, size)
        self.small = case(op, max(1, size // 4)) if size else None
        self.rungs = [Rung(kernel) for kernel in kernels.rungs(op)]
        self.cpu_clock, self.budget = threads == 1, budget
        self.work, self.unit = 0.0, ""

    def verify(self, on_change: Callable[[], Any] = lambda: None) -> None:
        """Compare each rung with float64. What is wrong, and what one call of would take too long, is never timed."""
        expected = self.case.expected()
        self.work, self.unit = self.case.work(expected)
        for rung in self.rungs:
            seconds = self._predicted(rung)
            if seconds > 5 * self.budget:
                rung.refused = f"cut off: one call would take about {seconds:.0f} s"
            else:
                rung.error, problem = verify(
                    self.case.results(rung.kernel.function), expected, self.case.tolerance
                )
                rung.refused = problem and f"WRONG, not timed: {problem}"
            on_change()

    def _predicted(self, rung: Rung) -> float:
        """Guess the time of one call from a quarter of the size."""
        if self.small is None:
            return 0.0
        outputs = self.small.results(rung.kernel.function)  # the first call also warms up
        start = time.perf_counter()
        self.small.results(rung.kernel.function)
        return (time.perf_counter() - start) * self.work / self.small.work(outputs)[0]

    def time(self, rounds: int = 9, on_change: Callable[[], Any] = lambda: None) -> None:
        """Time the verified rungs, A B B A."""
        timed = {rung.name: rung for rung in self.rungs if not rung.refused}
        takers = {name: self._sampler(rung) for name, rung in timed.items()}
        for name, sample in contest(takers, rounds, self.budget):
            timed[name].samples.append(sample)
            on_change()

    def _sampler(self, rung: Rung) -> Callable[[], Sample]:
        run = call(self.case, rung.kernel.function)
        return partial(take_sample, run, calibrate(run, SAMPLE_SECONDS), self.cpu_clock)

    def rate(self, rung: Rung) -> float | None:
        """Return GFLOP/s or GB/s."""
        return self.work / rung.summary.median / 1e9 if rung.summary else None

    def faster_than(self, rung: Rung, other: Rung | None) -> float | None:
        """Return how many times faster `rung` is than `other`."""
        if other is None or other is rung or not (rung.summary and other.summary):
            return None
        return other.summary.median / rung.summary.median

    def below(self, rung: Rung) -> Rung | None:
        """Return the native rung below; NumPy's stands beside the ladder."""
        native = [r for r in self.rungs if r.name != kernels.REFERENCE]
        place = native.index(rung) if rung in native else 0
        return native[place - 1] if place else None


def call(of: Case, function: Callable) -> Callable[[], Any]:
    """Return a call of a rung without arguments; in-place ops get arrays of their own."""
    arrays = [a.copy() for a in of.arrays] if of.in_place else of.arrays
    return partial(function, *arrays, **of.attrs)


def load(library: str, op: str, size: int | None, rung: str) -> tuple[Callable[[], Any], tuple]:
    """Return (a call of one rung without arguments, what it computed), for a worker."""
    of = case(op, size)
    [kernel] = [k for k in kernels.rungs(op) if k.rung == rung]
    return call(of, kernel.function), of.results(kernel.function)


def expected(op: str, size: int | None, rung: str) -> tuple:
    """Return what the reference computes in float64."""
    return case(op, size).expected()


def draw(ladder: Ladder) -> Any:
    """Return the ladder for Rich: two lines a rung, a bar with its speed and the reason for it."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    lines: list[Any] = [Text(f"{ladder.case.op}: {ladder.case.label}", style="bold")]
    lines.append(
        Text(f"{'':{NAME + BAR}}{ladder.unit or 'speed':>10}{'rung below':>12}{'NumPy':>9}", style="dim")
    )
    rates = {rung.name: ladder.rate(rung) for rung in ladder.rungs}
    best = max((rate for rate in rates.values() if rate), default=1.0)
    for rung in ladder.rungs:
        rate, text = rates[rung.name], Text(f"{rung.name:<{NAME}}", style="bold")
        if rung.refused:
            text.append(rung.refused, style="bold red" if rung.error is not None else "yellow")
        elif not rate:
            text.append("..." if rung.error is None else "verified", style="dim")
        else:
            relative = [
                ladder.faster_than(rung, ladder.below(rung)),
                ladder.faster_than(rung, ladder.rungs[0]),
            ]
            below, numpy = (f"{x:.2f}x" if x else "" for x in relative)
            text.append(f"{'█' * int(rate / best * BAR) or '▏':<{BAR}}", style="cyan")
            text.append(f"{rate:>10.3g}{below:>12}{numpy:>9}", style="not bold")
        count = len(rung.samples)
        few = f" ({count} sample{'s' * (count > 1)} only: slow)" if 0 < count < 5 else ""
        lines += [text, Padding(Text(rung.kernel.summary + few, style="dim"), (0, 0, 0, NAME))]
    return Group(*lines)
