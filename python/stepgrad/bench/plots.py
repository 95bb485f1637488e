"""The plots: the ladders with their share of the best rate seen, and the ratios, other / ours, losses below 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from stepgrad import kernels
from stepgrad.bench.race import Result
from stepgrad.bench.report import best_seen
from stepgrad.bench.timing import geometric_mean
from stepgrad.errors import require

OURS, THEIRS, LOSS = "#2a7f62", "#8a8f98", "#c0392b"
SHOWN = (
    "matmul",
    "conv2d",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
    "softmax",
    "exp",
    "sum",
    "adam_update",
)


def save(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write ladders.png and ratios.png, as far as there are results for them."""
    require("matplotlib", "bench", "the plots of the benchmarks")
    figures = {"ladders.png": ladders(results), "ratios.png": ratios(results)}
    paths = []
    for name, figure in figures.items():
        if figure is not None:
            figure.savefig(folder / name, dpi=110)
            paths.append(folder / name)
    return paths


def ladders(results: Sequence[Result]):
    """Draw one panel an op: a bar for each rung, with its share of the best rate that was seen on this machine."""
    from matplotlib.figure import Figure

    peak = best_seen(results)
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


def _label(result: Result, peak: dict[tuple[str, int], float]) -> str:
    rate = result.rate or 0.0
    share = f", {rate / peak[result.unit, 1]:.0%} of the best seen" if result.unit == "GFLOP/s" else ""
    return f"{rate:.3g}{share}"


def ratios(results: Sequence[Result]):
    """Draw other / ours on a logarithmic axis: to the right of 1 we win, to the left we lose.

    Each training step has a bar; of the other sections, the geometric mean, with a line from the worst to the best.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    groups: dict[str, list[float]] = {}
    for r in results:
        if r.ratio and not r.own and r.section != "ladders":
            what = r.title if r.section == "steps" else r.section
            groups.setdefault(
                f"{what}, {r.threads} thread{'s' * (r.threads > 1)}: {r.contestant}", []
            ).append(r.ratio)
    if not groups:
        return None
    means = [geometric_mean(found) for found in groups.values()]
    figure = Figure(figsize=(11, 1.2 + 0.24 * len(groups)), layout="constrained")
    axes, places = figure.subplots(), range(len(groups))
    axes.barh(places, [m - 1 for m in means], left=1, color=[OURS if m >= 1 else LOSS for m in means])
    for place, mean, found in zip(places, means, groups.values(), strict=True):
        text = f"{mean:.2f}" + (
            f" ({min(found):.2f} to {max(found):.2f}, {len(found)} cases)" if len(found) > 1 else ""
        )
        axes.plot([min(found), max(found)], [place, place], color="black", linewidth=0.8)
        axes.text(max(*found, 1) * 1.03, place, text, va="center", fontsize=7)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.2)
    axes.set_yticks(places, list(groups), fontsize=7)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xlabel("time of the other / our time (below 1, red: we lose)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
