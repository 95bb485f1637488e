"""Timing: which clock, how many repetitions, in which order, and what becomes of the samples."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

try:
    import resource
except ImportError:  # Windows: nothing tells whether the process was preempted
    resource = None  # type: ignore[assignment]

FEWEST_CLEAN = 3  # with fewer undisturbed samples than this, the disturbed ones are used too


class Sample(NamedTuple):
    """Seconds of one call, averaged over a burst of them, and whether another process interrupted the burst."""

    seconds: float
    preempted: bool


class Summary(NamedTuple):
    """Median and quartiles of the samples that count."""

    median: float
    q1: float
    q3: float
    samples: int
    dropped: int
    busy: bool  # nearly every sample was interrupted, so interrupted ones had to be counted


def preemptions() -> int:
    """Return how often this process had to leave its CPU to another one."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw if resource else 0


def peak_memory() -> float:
    """Return the most memory that this process has held, in MiB; 0 where the system does not tell."""
    status = Path("/proc/self/status")  # on Linux ru_maxrss begins with what the parent held, this does not
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if resource else 0.0


def page_faults(run: Callable[[], object], calls: int = 2) -> float:
    """Return how many pages of fresh memory one call takes from the system: 0 where buffers are used again."""
    if not resource:
        return 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(calls):
        run()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / calls


def take_sample(run: Callable[[], object], repetitions: int, cpu_clock: bool) -> Sample:
    """Time a burst of calls.

    Parameters
    ----------
    run : callable
    repetitions : int
    cpu_clock : bool
        The CPU time of the process, which a busy neighbour cannot stretch: for one thread. Otherwise the wall clock.
    """
    clock = time.process_time if cpu_clock else time.perf_counter
    before = preemptions()
    start = clock()
    for _ in range(repetitions):
        run()
    seconds = clock() - start
    return Sample(seconds / repetitions, preemptions() > before)


def calibrate(run: Callable[[], object], target: float) -> int:
    """Return how many calls take about `target` seconds."""
    repetitions = 1
    while True:
        start = time.perf_counter()
        for _ in range(repetitions):
            run()
        seconds = time.perf_counter() - start
        if seconds > target / 4:
            return max(1, round(repetitions * target / seconds))
        repetitions *= 4


def contest(
    contestants: Mapping[str, Callable[[], Sample]], rounds: int, budget: float = float("inf")
) -> Iterator[tuple[str, Sample]]:
    """Take samples of all contestants in turn, A B B A, so that a slow drift of the machine meets all of them alike.

    Parameters
    ----------
    contestants : mapping of name to a function that takes one sample
    rounds : int
    budget : float
        A contestant that has used up so many seconds of wall clock is left out of the rounds that remain.

    Examples
    --------
    >>> "".join(name for name, _ in contest({"A": lambda: Sample(1, False), "B": lambda: Sample(2, False)}, 2))
    'ABBA'
    """
    spent = dict.fromkeys(contestants, 0.0)
    for turn in range(rounds):
        for name in list(contestants)[:: -1 if turn % 2 else 1]:
            if spent[name] < budget:
                start = time.perf_counter()
                sample = contestants[name]()
                spent[name] += time.perf_counter() - start
                yield name, sample


def summarize(samples: Sequence[Sample]) -> Summary:
    """Return median and quartiles, without the samples in which the process was preempted.

    Examples
    --------
    >>> summarize([Sample(1.0, False), Sample(2.0, False), Sample(3.0, False), Sample(9.0, True)])
    Summary(median=2.0, q1=1.5, q3=2.5, samples=3, dropped=1, busy=False)
    """
    clean = [s.seconds for s in samples if not s.preempted]
    busy = len(clean) < min(FEWEST_CLEAN, len(samples))
    counted = [s.seconds for s in samples] if busy else clean
    q1, median, q3 = (
        counted * 3 if len(counted) == 1 else statistics.quantiles(counted, n=4, method="inclusive")
    )
    return Summary(median, q1, q3, len(counted), len(samples) - len(counted), busy)


def ratio(other: Sequence[Sample], ours: Sequence[Sample]) -> float:
    """Return how many times longer `other` takes: the median of the ratios within each round, 1 and below is a loss.

    Examples
    --------
    >>> ratio([Sample(2.0, False), Sample(8.0, False), Sample(6.0, False)], [Sample(1.0, False)] * 3)
    6.0
    """
    pairs = list(zip(other, ours, strict=False))  # one that used up its budget has fewer rounds
    clean = [(a, b) for a, b in pairs if not (a.preempted or b.preempted)]
    if len(clean) < FEWEST_CLEAN:
        return summarize(other).median / summarize(ours).median
    return statistics.median(a.seconds / b.seconds for a, b in clean)


def geometric_mean(ratios: Sequence[float]) -> float:
    """Return the mean that treats 2 and 1/2 as opposites.

    Examples
    --------
    >>> geometric_mean([4.0, 1.0])
    2.0
    """
    return statistics.geometric_mean(ratios)
