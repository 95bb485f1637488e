"""The plots: the ladders with their share of the measured peak, the roofline, and the ratios, other / ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stepgrad import kernels
from stepgrad.bench.race import Result
from stepgrad.bench.report import peak as peak_of
from stepgrad.bench.timing import geometric_mean
from stepgrad.errors import require

COLORS = [f"C{place}" for place in range(10)] * 2
OURS, THEIRS, LOSS = "#2a7f62", "#8a8f98", "#c0392b"
SHOWN = (
    "matmul",
    "conv2d",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
    "softmax",
    "attention",
    "lstm_sequence",
    "exp",
    "sum",
    "adam_update",
)


def save(results: Sequence[Result], folder: Path, machine: dict[str, Any]) -> list[Path]:
    """Write ladders.png, roofline.png and ratios.png, as far as there are results for them."""
    require("matplotlib", "bench", "the plots of the benchmarks")
    figures = {
        "ladders.png": ladders(results, machine),
        "roofline.png": roofline(results, machine),
        "ratios.png": ratios(results),
    }
    paths = []
    for name, figure in figures.items():
        if figure is not None:
            figure.savefig(folder / name, dpi=110)
            paths.append(folder / name)
    return paths


def ladders(results: Sequence[Result], machine: dict[str, Any]):
    """Draw one panel an op: a bar for each rung, with its share of the peak that was measured on this machine."""
    from matplotlib.figure import Figure

    peak = peak_of(results, machine).get(1, 0.0)
    of: dict[str, list[Result]] = {}
    for r in results:
        if r.section == "ladders" and r.threads == 1 and r.rate:
            of.setdefault(r.title, []).append(r)
    panels = [rows for title, rows in of.items() if title.split(":")[0] in SHOWN and len(rows) > 1]
    if not panels:
        return None
    columns = 2
    figure = Figure(figsize=(12, 2.4 * math.ceil(len(panels) / columns)), layout="constrained")
    for axes, rows in zip(
        figure.subplots(math.ceil(len(panels) / columns), columns, squeeze=False).flat, panels, strict=False
    ):
        colors = [THEIRS if r.contestant == kernels.REFERENCE else OURS for r in rows]
        bars = axes.barh([r.contestant for r in rows], [r.rate for r in rows], color=colors)
        axes.bar_label(bars, [_label(r, peak) for r in rows], padding=3, fontsize=8)
        axes.set_title(rows[0].title, fontsize=9, loc="left")
        axes.set_xlabel(rows[0].unit, fontsize=8)
        axes.margins(x=0.25)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in figure.axes[len(panels) :]:
        axes.set_visible(False)
    return figure


def _label(result: Result, peak: float) -> str:
    rate = result.rate or 0.0
    share = f", {rate / peak:.0%} of the peak" if result.unit == "GFLOP/s" and peak else ""
    return f"{rate:.3g}{share}"


def roofline(results: Sequence[Result], machine: dict[str, Any]):
    """Draw GFLOP/s over FLOPs a byte, one thread: no kernel can be above the roof that bandwidth and peak make.

    Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", 2009. A point above the slope
    found its arrays in the caches, which are faster than the memory that was measured.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    shown = [r for r in results if r.threads == 1 and r.rate and r.unit == "GFLOP/s" and r.intensity]
    peak, copy = peak_of(results, machine).get(1), machine.get("copy_gbs")
    if not shown or not peak or not copy:
        return None
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    xs = sorted([peak / copy, *(r.intensity for r in shown)])
    xs = [min(1.0, xs[0] / 2), peak / copy, xs[-1] * 2]
    axes.plot(xs, [min(peak, x * copy) for x in xs], color="black", linewidth=1.2)
    axes.annotate(f"{peak:.3g} GFLOP/s, in registers", (xs[-1], peak), ha="right", va="bottom", fontsize=8)
    axes.annotate(f"{copy:.3g} GB/s, copying", (xs[0], xs[0] * copy), ha="left", va="top", fontsize=8)
    groups: dict[str, list[Result]] = {}
    for r in shown:
        op = r.title.split(":")[0]
        if r.section != "ladders":
            groups.setdefault(f"{r.section}: {r.contestant}" if r.own else r.contestant, []).append(r)
        elif op in SHOWN:
            groups.setdefault(f"ladder of {op}", []).append(r)
    for place, (name, rows) in enumerate(groups.items()):
        xs, ys = [r.intensity for r in rows], [r.rate or 0.0 for r in rows]
        axes.plot(
            xs, ys, "os^vDPX*<>"[place % 10], color=COLORS[place % 10 + place // 10], markersize=5, label=name
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("FLOPs a byte, every array moved once")
    axes.set_ylabel("GFLOP/s, one thread")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=7)
    return figure


def ratios(results: Sequence[Result]):
    """Draw other / ours on a logarithmic axis: to the right of 1 we win, to the left we lose.

    Each training step has a bar; of the other sections, the geometric mean, with a line from the worst to the best.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    groups: dict[str, dict[int, list[float]]] = {}
    for r in results:
        if r.ratio and not r.own and r.section not in ("ladders", "busy neighbour"):
            what = r.title if r.section == "steps" else r.section
            groups.setdefault(f"{what}: {r.contestant}", {}).setdefault(r.threads, []).append(r.ratio)
    if not groups:
        return None
    counts = sorted({threads for of in groups.values() for threads in of})
    figure = Figure(figsize=(5 + 6 * len(counts), 1.2 + 0.2 * len(groups)), layout="constrained")
    for axes, threads in zip(figure.subplots(1, len(counts), squeeze=False, sharey=True).flat, counts):
        for place, of in enumerate(groups.values()):
            if threads in of:
                _bar(axes, place, of[threads])
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.margins(x=0.2)
        axes.set_yticks(range(len(groups)), list(groups), fontsize=7)
        axes.set_ylim(len(groups) - 0.4, -0.6)
        axes.set_title(f"{threads} thread{'s' * (threads > 1)}", fontsize=9, loc="left")
        axes.set_xlabel("time of the other / our time (below 1, red: we lose)", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _bar(axes: Any, place: int, found: list[float]) -> None:
    mean = geometric_mean(found)
    axes.barh(place, mean - 1, left=1, color=OURS if mean >= 1 else LOSS)
    axes.plot([min(found), max(found)], [place, place], color="black", linewidth=0.8)
    several = f" ({min(found):.2f} to {max(found):.2f}, {len(found)} cases)" if len(found) > 1 else ""
    axes.text(max(*found, 1) * 1.03, place, f"{mean:.2f}{several}", va="center", fontsize=7)
