"""The project's goals for kernels and steps, and how far this run is from each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from stepgrad.bench import bf16, gemm, nets, singles
from stepgrad.bench.libraries import (
    CHANNELS_LAST,
    COMPILED,
    FLUSHED,
    FUSED,
    JAX,
    MKL,
    OPENBLAS,
    STEPGRAD,
    TENSORFLOW,
    TORCH,
)
from stepgrad.bench.race import Result
from stepgrad.bench.timing import geometric_mean

CNN, DENSE, TINY, GPT, LSTM = (
    nets.NETS[name].title for name in ("s4-cifar", "s0-mlp", "tiny", "gpt", "s2-imdb-lstm")
)
CHAIN = next(name for name, single in singles.SINGLES.items() if single.ops > 1)


class Goal(NamedTuple):
    """What is measured, the least that must hold, and what done means. None: there is no such bound."""

    area: str
    measure: Callable[[list[Result]], float | None]
    floor: float | None
    goal: float | None
    lower_is_better: bool = False
    only: str = ""  # where alone it can be measured

    def state(self, value: float) -> str:
        """Say which bound a value reaches; nothing where there is none."""
        if self.floor is None and self.goal is None:
            return ""
        sign = -1 if self.lower_is_better else 1
        if self.goal is not None and sign * value >= sign * self.goal:
            return "goal reached"
        if self.floor is not None and sign * value < sign * self.floor:
            return "**below the floor**"
        return "floor holds" if self.floor is not None else "not yet"


def _ratios(
    results: list[Result], section: str, *others: str, keep: Callable[[str], bool] = lambda title: True
) -> list[float]:
    """Return other / ours in each race; of several others the fastest counts."""
    best: dict[str, float] = {}
    for r in results:
        if r.section == section and r.contestant in others and r.ratio and keep(r.title):
            best[r.title] = min(r.ratio, best.get(r.title, r.ratio))
    return list(best.values())


def _mean(section, *others, keep=lambda title: True):
    def measure(results):
        found = _ratios(results, section, *others, keep=keep)
        return geometric_mean(found) if found else None

    return measure


def _worst(section, *others):
    return lambda results: min(_ratios(results, section, *others), default=None)


def _step(title, *others):
    return _mean("steps", *others, keep=lambda found: found == title)


def _few_rows(shape: str) -> bool:
    return shape.startswith("NT") and gemm.parse(shape)[2] <= 96


def _convolutions(*others):
    """Sum the three passes of each convolution; of several layouts the fastest counts."""

    def measure(results):
        sums: dict[str, dict[str, float]] = {}
        for r in results:
            if r.section == "conv2d" and r.summary:
                of = sums.setdefault(r.title.rpartition(", ")[0], {})
                of[r.contestant] = of.get(r.contestant, 0.0) + r.summary.median
        found = [
            min(of[o] for o in others) / of["stepgrad"]
            for of in sums.values()
            if {"stepgrad", *others} <= set(of)
        ]
        return geometric_mean(found) if found else None

    return measure


def _one(section, title, value, contestant=STEPGRAD.name):
    def measure(results):
        found = [
            r
            for r in results
            if r.section == section and r.title == title and r.contestant == contestant and r.summary
        ]
        return value(found[0]) if found else None

    return measure


def _microseconds(result: Result) -> float:
    return result.summary.median * 1e6 if result.summary else 0.0


def _neighbour(library):
    """The step that suffers most: its time beside a busy neighbour / its time on one thread."""

    def measure(results):
        found = [
            r.ratio
            for r in results
            if r.section == "busy neighbour" and r.title.endswith(f": {library}") and r.ratio
        ]
        return max(found, default=None)

    return measure


def _size(title: str) -> int:
    return gemm.parse(title)[2]


def _bfloat16(rung: str, floor: float | None) -> tuple[Goal, ...]:
    """Return the goals of products of bfloat16 numbers for the CPUs on which `rung` is the top one."""
    section = bf16.SECTIONS[rung]
    only = f"only where the top rung is `{rung}`"
    bounds = (
        ("from 256 on, against our float32", bf16.FLOAT32, lambda title: _size(title) >= 256, floor, None),
        ("to 256, against PyTorch", TORCH.name, lambda title: _size(title) <= 256, None, 1.0),
        ("above 256, against PyTorch", TORCH.name, lambda title: _size(title) > 256, None, 0.9),
    )
    return tuple(
        Goal(f"products of {section} {what}", _mean(section, other, keep=keep), least, goal, only=only)
        for what, other, keep, least, goal in bounds
    )


DRAWN = "sgemm, drawn shapes"
EVERYBODY = [library.name for library in (TORCH, FUSED, COMPILED, JAX, TENSORFLOW)]
GOALS = (
    Goal("sgemm, drawn shapes, against OpenBLAS", _mean(DRAWN, OPENBLAS.name), 1.0, 1.1),
    Goal("- its worst shape", _worst(DRAWN, OPENBLAS.name), 0.75, None),
    Goal("sgemm, drawn shapes, against MKL", _mean(DRAWN, MKL.name), None, 0.9),
    Goal("sgemm, shapes of deep learning, against OpenBLAS", _mean("sgemm", OPENBLAS.name), 1.0, 1.15),
    Goal("sgemm, shapes of deep learning, against MKL", _mean("sgemm", MKL.name), None, 0.97),
    Goal(
        "sgemm NT with at most 96 rows, against OpenBLAS",
        _mean("sgemm", OPENBLAS.name, keep=_few_rows),
        1.3,
        1.6,
    ),
    Goal("sgemm NT with at most 96 rows, against MKL", _mean("sgemm", MKL.name, keep=_few_rows), None, 1.05),
    Goal("convolution, three passes, against PyTorch", _convolutions(TORCH.name), 1.15, None),
    Goal(
        "convolution, three passes, against PyTorch's better layout",
        _convolutions(TORCH.name, CHANNELS_LAST.name),
        None,
        1.1,
    ),
    Goal("CNN step, against PyTorch", _step(CNN, TORCH.name), 1.5, 2.2),
    Goal(
        "CNN step, against the best of channels_last and TensorFlow",
        _step(CNN, CHANNELS_LAST.name, TENSORFLOW.name),
        None,
        1.5,
    ),
    Goal("dense step, against PyTorch", _step(DENSE, TORCH.name), 2.5, 3.0),
    Goal("dense step, against PyTorch with fused Adam", _step(DENSE, FUSED.name), 1.0, None),
    Goal("dense step, against the best of fused Adam and JAX", _step(DENSE, FUSED.name, JAX.name), None, 1.2),
    Goal("LSTM step, against PyTorch", _step(LSTM, TORCH.name), 3.0, None),
    Goal("LSTM step, against PyTorch with denormals flushed", _step(LSTM, FLUSHED.name), 1.5, 2.2),
    Goal(
        "LSTM step, against the best of TensorFlow and JAX", _step(LSTM, TENSORFLOW.name, JAX.name), None, 2.5
    ),
    Goal("LSTM, other shapes, against PyTorch with denormals flushed", _mean("lstm", FLUSHED.name), 1.0, 1.2),
    Goal("GPT step, against the best of the others", _step(GPT, *EVERYBODY), 1.0, 1.3),
    Goal("3-3-3-3 step, against PyTorch", _step(TINY, TORCH.name), 5.0, 15.0),
    Goal(
        "3-3-3-3 step, against the best of fused Adam and JAX", _step(TINY, FUSED.name, JAX.name), None, 8.0
    ),
    Goal(
        "one small op, forward and backward, us",
        _one("single ops", CHAIN, _microseconds),
        1.0,
        0.35,
        True,
    ),
    Goal("- the same in PyTorch, us", _one("single ops", CHAIN, _microseconds, TORCH.name), None, None),
    Goal(
        "one small op, against PyTorch (the bounds in us were set where it needs 5.7 us)",
        _mean("single ops", TORCH.name, keep=lambda title: title == CHAIN),
        5.7,
        16.0,
    ),
    Goal(
        "a busy neighbour: step on all threads / on one, at its worst",
        _neighbour(STEPGRAD.name),
        1.6,
        1.2,
        True,
    ),
    Goal("- the same in PyTorch, fused Adam", _neighbour(FUSED.name), None, None),
    # 3 is a goal for tiles. Dot products do twice the multiply-adds of float32, so there is no more than 2 to be had.
    *_bfloat16("amx", 3.0),
    *_bfloat16("dot_product", None),
    Goal("page faults of a CNN step", _one("steps", CNN, lambda r: r.faults), 1.0, 1.0, True),
)


def table(results: Sequence[Result]) -> str:
    """Return the goals as a Markdown table: ratios are time of the other / ours."""
    lines = ["|  | threads | measured | floor | goal |  |", "| --- | --: | --: | --: | --: | --- |"]
    for goal in GOALS:
        measured = {
            threads: goal.measure([r for r in results if r.threads == threads])
            for threads in sorted({r.threads for r in results})
        }
        bounds = " | ".join("" if bound is None else f"{bound:g}" for bound in (goal.floor, goal.goal))
        rows = [
            f"| {goal.area} | {threads} | {value:.2f} | {bounds} | {goal.state(value)} |"
            for threads, value in measured.items()
            if value is not None
        ]
        absent = f"not measured: {goal.only}" if goal.only else "not measured"
        lines += rows or [f"| {goal.area} |  | {absent} | {bounds} |  |"]
    return "\n".join(lines)
