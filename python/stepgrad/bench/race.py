"""A race: several contestants do the same work, verified, then timed in turn, each library in its own process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stepgrad.bench.libraries import FIT, KERAS_TORCH, LIBRARIES, STEPGRAD, missing
from stepgrad.bench.timing import Sample, Summary, contest, ratio, summarize
from stepgrad.bench.verify import verify
from stepgrad.bench.worker import KINDS
from stepgrad.bench.workers import Worker, WorkerError, busy_neighbour

# Seconds between two samples on several threads: workers of OpenBLAS spin for about 30 ms before they sleep, and would take
# the cores of the next contestant.
PAUSE = 0.1


class Entry(NamedTuple):
    """A contestant: who computes, what it is told to load, and on how many threads where that is not what the race says."""

    library: str
    spec: dict[str, Any]
    threads: int = 0


@dataclass
class Race:
    """One line of a table.

    Attributes
    ----------
    section, title : str
    kind : str
        See `stepgrad.bench.worker.KINDS`.
    entries : dict of contestant to Entry
    ours : str
        The contestant that the others are compared with.
    work, unit
        Work of one call, and what it is counted in; 0 where only the time is of interest.
    fresh : bool
        Whether each contestant gets a new process, whose peak of memory is then reported.
    calls : int
        How many calls one run holds; the time of one is reported.
    intensity : float
        FLOPs for each byte when every array is moved once; 0 where FLOPs are not counted.
    neighbour : bool
        Whether another process keeps one core busy meanwhile. All samples count then: being interrupted is the matter.
    tolerance : float, optional
        How far from float64 a result may end; that of its kind when left out.
    """

    section: str
    title: str
    kind: str
    entries: dict[str, Entry]
    ours: str = STEPGRAD.name
    work: float = 0.0
    unit: str = "ms"
    fresh: bool = False
    calls: int = 1
    intensity: float = 0.0
    neighbour: bool = False
    tolerance: float | None = None


@dataclass
class Result:
    """What became of one contestant in one race."""

    section: str
    title: str
    contestant: str
    threads: int
    note: str = ""  # why there are no samples
    error: float | None = None  # against float64
    summary: Summary | None = None
    rate: float | None = None
    unit: str = "ms"
    ratio: float | None = None  # its time / ours: below 1, we lose
    memory: float | None = None  # MiB, the most that the process held
    faults: float | None = None  # pages taken from the system by one call
    intensity: float = 0.0  # FLOPs a byte, every array moved once
    samples: list[Sample] = field(default_factory=list)

    @property
    def own(self) -> bool:
        """Whether this is another way to use stepgrad, not another library."""
        return self.contestant.startswith(STEPGRAD.name)


class Track:
    """Runs races, and keeps the processes of the libraries from one race to the next.

    Parameters
    ----------
    threads, rounds : int
    seconds : float
        Length of one sample.
    budget : float
        Seconds for one contestant in one race.
    """

    def __init__(self, threads: int = 1, rounds: int = 10, seconds: float = 0.03, budget: float = 1.5):
        self.threads, self.rounds, self.seconds, self.budget = threads, rounds, seconds, budget
        self._workers: dict[str, Worker] = {}

    def __enter__(self) -> Track:
        return self

    def __exit__(self, *_: Any) -> None:
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def run(self, race: Race) -> list[Result]:
        """Verify and time all contestants of a race."""
        results = {
            name: Result(
                race.section, race.title, name, self.threads, unit=race.unit, intensity=race.intensity
            )
            for name in race.entries
        }
        for name, entry in race.entries.items():
            absent = missing(LIBRARIES[entry.library])
            results[name].note = f"not installed: {', '.join(absent)}" if absent else ""
        workers: dict[str, Worker] = {}
        try:
            for name in race.entries:
                if not results[name].note:
                    workers[name] = self._worker(race, name)
            self._verify(race, workers, results)
            self._time(race, workers, results)
        finally:
            for worker in set(workers.values()) if race.fresh else ():
                worker.close()
        self._compare(race, results)
        return list(results.values())

    def _worker(self, race: Race, name: str) -> Worker:
        library = LIBRARIES[race.entries[name].library]
        if race.fresh:
            return Worker(library, race.entries[name].threads or self.threads)
        if library.name not in self._workers:
            self._workers[library.name] = Worker(library, self.threads)
        return self._workers[library.name]

    def _verify(self, race: Race, workers: dict[str, Worker], results: dict[str, Result]) -> None:
        """Load everywhere at once, since importing takes long, and compare with float64."""
        rules = KINDS[race.kind]
        with tempfile.TemporaryDirectory() as folder:
            files = {name: str(Path(folder) / f"{i}.npz") for i, name in enumerate(workers)}
            for name in workers:
                request = {
                    "do": "load",
                    "name": name,
                    "kind": race.kind,
                    "spec": race.entries[name].spec,
                    "file": files[name],
                }
                self._guard(name, workers, results, partial(workers[name].send, **request))
            want = rules.expected(**next(iter(race.entries.values())).spec)
            for name in workers:
                if (
                    not results[name].note
                    and self._guard(name, workers, results, workers[name].answer) is not None
                ):
                    with np.load(files[name]) as got:
                        verdict = verify(
                            [got[key] for key in got.files], want, race.tolerance or rules.TOLERANCE
                        )
                    results[name].error = verdict.error
                    results[name].note = verdict.problem and f"WRONG, not timed: {verdict.problem}"

    def _time(self, race: Race, workers: dict[str, Worker], results: dict[str, Result]) -> None:
        def sample(name: str) -> Sample:
            if self.threads > 1:
                time.sleep(PAUSE)
            answer = self._guard(name, workers, results, partial(workers[name].ask, do="sample", name=name))
            return Sample(**answer) if answer else Sample(float("nan"), True)

        for name in workers:
            if not results[name].note:
                request = {"do": "calibrate", "name": name, "seconds": self.seconds}
                self._guard(name, workers, results, partial(workers[name].ask, **request))
        ready = {name: partial(sample, name) for name in workers if not results[name].note}
        with busy_neighbour() if race.neighbour else nullcontext():
            for name, taken in contest(ready, self.rounds, self.budget):
                preempted = taken.preempted and not race.neighbour
                results[name].samples.append(Sample(taken.seconds / race.calls, preempted))
        for name, worker in workers.items():
            if race.fresh and not results[name].note:
                answer = (
                    self._guard(name, workers, results, partial(worker.ask, do="memory", name=name)) or {}
                )
                results[name].memory, results[name].faults = answer.get("peak"), answer.get("faults")
            elif not race.fresh:
                self._guard(name, workers, results, partial(worker.ask, do="drop", name=name))

    def _guard(
        self, name: str, workers: dict[str, Worker], results: dict[str, Result], ask: Callable[[], Any]
    ) -> Any:
        """Ask a worker; when it fails, note why, and give it up if its process is gone."""
        try:
            return ask() or {}
        except WorkerError as problem:
            results[name].note = results[name].note or f"failed: {problem}"
            return None

    def _compare(self, race: Race, results: dict[str, Result]) -> None:
        for result in results.values():
            if result.note or not result.samples:
                result.samples = []
                continue
            result.summary = summarize(result.samples)
            result.rate = race.work / result.summary.median / 1e9 if race.work else None
            ours = results.get(FIT.name if result.contestant == KERAS_TORCH.name else race.ours)
            if ours is not None and ours is not result and ours.samples and not ours.note:
                result.ratio = ratio(result.samples, ours.samples)
