"""The report: JSON for programs, Markdown for people, and the tables between markers in a README."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stepgrad import kernels
from stepgrad.bench import bf16, goals
from stepgrad.bench.race import Result
from stepgrad.bench.timing import Sample, Summary, geometric_mean

HEADLINES = {
    "steps": ("Training steps", "Forward, backward and Adam."),
    "sgemm": ("Matrix products: the shapes of deep learning", "C = A B; T marks a matrix stored transposed; MxNxK. MKL has slower code for CPUs that are not Intel's."),
    "sgemm, drawn shapes": ("Matrix products: shapes that nobody tuned on", "Drawn at random from the seed of this run."),
    "conv2d": ("Convolutions", "Images x height x width x channels to filters; forward, gradient of the input, gradient of the weights."),
    "lstm": ("Recurrent networks of other shapes", "Sequences of outputs; PyTorch with denormals flushed, as our kernels do."),
    **{section: (f"Products of {section}", "Ours take and return float32 and round the factors; PyTorch's take and return bfloat16.") for section in bf16.SECTIONS.values()},
    "busy neighbour": ("Beside a busy neighbour", "Training steps on all threads while another process keeps one core busy, against the same step on one thread."),
    "single ops": ("Single ops through the tape", "Forward and backward, unless said."),
    "ladders": ("The ladders", "Every rung of every kernel; GB/s where memory is the limit, every array counted once."),
}  # fmt: skip


def to_json(results: Sequence[Result], machine: dict[str, Any], settings: dict[str, Any]) -> str:
    """Return everything that was measured, a result a line."""
    rows = []
    for result in results:
        row = asdict(result)
        row["samples"] = [[float(f"{s.seconds:.4g}"), s.preempted] for s in result.samples]
        row["summary"] = result.summary and result.summary._asdict()
        rows.append(json.dumps(row))
    head = f'"machine": {json.dumps(machine)},\n"settings": {json.dumps(settings)},\n"results": [\n'
    return "{" + head + ",\n".join(rows) + "\n]}\n"


def from_json(text: str) -> tuple[list[Result], dict[str, Any], dict[str, Any]]:
    """Return (results, machine, settings) of what `to_json` wrote, to go on with or to draw again."""
    data = json.loads(text)
    results = []
    for row in data["results"]:
        row["samples"] = [Sample(seconds, preempted) for seconds, preempted in row["samples"]]
        row["summary"] = row["summary"] and Summary(**row["summary"])
        results.append(Result(**row))
    return results, data["machine"], data["settings"]


def to_markdown(results: Sequence[Result], machine: dict[str, Any], settings: dict[str, Any]) -> str:
    """Return the whole report."""
    parts = [
        "# Benchmarks",
        "",
        *describe(machine, settings),
        "",
        READING,
        "",
        "## Goals",
        "",
        goals.table(results),
        "",
    ]
    for section, (title, remark) in HEADLINES.items():
        if any(r.section == section for r in results):
            parts += [f"## {title}", "", remark, "", table(section, results, machine), ""]
    left_out = sorted({(r.contestant, r.note) for r in results if r.note})
    if left_out:
        parts += ["## Left out", "", *(f"- {name}: {note}" for name, note in left_out), ""]
    return "\n".join(parts)


READING = (
    "In brackets: time of the other / our time in the same run, so **below 1 we lose** (marked). Medians, ± half the distance of the quartiles; every result was "
    "compared with float64 before it was timed. One thread: CPU time of the process. More: wall clock."
)


def describe(machine: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """Return the lines that say where and how the numbers were taken."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    busy = machine["load"] is not None and machine["load"] > 0.5
    limits = list(settings.get("limits", ()))
    if at_once := sorted(settings.get("cores_at_once", ())):
        limits.append(
            f"all cores at once reach {at_once[len(at_once) // 2]:g} times the peak of one, before the worst of the races on several "
            f"threads {at_once[0]:g} times (a virtual machine's CPUs may share a core for a while)"
        )
    return [
        f"- {machine['date']}, {machine['cpu']}, {machine['cores']} cores ({' '.join(machine['flags'])}), {machine['system']}",
        f"- kernels: {machine['isa']}, compiler {machine['compiler']}; OpenBLAS's kernels: {machine.get('openblas') or 'none'}; tape: {machine['tape']}; Python {machine['python']}; {versions}",
        f"- {'busy' if busy else 'quiet'} machine (load {machine['load']} before the run); {settings['rounds']} rounds, seed {settings['seed']}, "
        f"{settings['minutes']:.1f} minutes",
        *(f"- {line}" for line in limits),
    ]


def table(section: str, results: Sequence[Result], machine: dict[str, Any]) -> str:
    """Return the Markdown table of one section."""
    rows = [r for r in results if r.section == section]
    if section == "ladders":
        return _ladders(rows, peak(results, machine))
    return _neighbours(rows) if section == "busy neighbour" else _comparison(rows)


def _neighbours(rows: list[Result]) -> str:
    contestants = list(dict.fromkeys(r.contestant for r in rows))
    lines = [
        _row(["", "threads", *contestants, "times as long"]),
        _row(["---"] + ["--:"] * (len(contestants) + 2)),
    ]
    for title, threads in dict.fromkeys((r.title, r.threads) for r in rows):
        found = [r for r in rows if (r.title, r.threads) == (title, threads)]
        times = [duration(r.summary.median) if r.summary else "failed" for r in found]
        ratio = next((f"{r.ratio:.2f}" for r in found if r.ratio), "")
        lines.append(_row([title, str(threads), *times, ratio]))
    return "\n".join(lines)


def _comparison(rows: list[Result]) -> str:
    contestants = list(dict.fromkeys(r.contestant for r in rows))
    by_line: dict[tuple[str, int], dict[str, Result]] = {}
    for r in rows:
        by_line.setdefault((r.title, r.threads), {})[r.contestant] = r
    memory = any(r.memory for r in rows)
    unit = rows[0].unit if rows[0].unit != "ms" else "time"
    lines = [_row(["", "threads", *contestants]), _row(["---", "--:"] + ["--:"] * len(contestants))]
    for (title, threads), found in by_line.items():
        lines.append(_row([title, str(threads), *(_cell(found.get(name), memory) for name in contestants)]))
    for threads in sorted({r.threads for r in rows}):
        means = [
            _mean(
                [
                    r.ratio
                    for r in rows
                    if r.contestant == n and r.threads == threads and r.ratio and not r.own
                ]
            )
            for n in contestants
        ]
        lines.append(_row(["**geometric mean**", str(threads), *means]))
    remark = (
        f"{unit}; in square brackets: most memory of the process in MiB, page faults of one step"
        if memory
        else unit
    )
    return "\n".join([f"({remark})", "", *lines])


def _mean(ratios: list[float]) -> str:
    return f"({verdict(geometric_mean(ratios))}, worst {min(ratios):.2f})" if ratios else ""


def _cell(result: Result | None, memory: bool) -> str:
    if result is None:
        return ""
    if result.summary is None:
        return "**WRONG**" if "WRONG" in result.note else "failed" if "failed" in result.note else "-"
    value = f"{result.rate:.3g}" if result.rate else duration(result.summary.median)
    value += f" ±{(result.summary.q3 - result.summary.q1) / 2 / result.summary.median:.0%}"
    if result.ratio:
        value += f" ({result.ratio:.2f})" if result.own else f" ({verdict(result.ratio)})"
    return value + (f" [{result.memory:.0f}, {result.faults:.0f}]" if memory and result.memory else "")


def verdict(ratio: float) -> str:
    """Return a ratio for people; a loss is marked.

    Examples
    --------
    >>> verdict(2.0), verdict(0.8)
    ('2.00', '**0.80 loss**')
    """
    return f"{ratio:.2f}" if round(ratio, 2) >= 1 else f"**{ratio:.2f} loss**"


def duration(seconds: float) -> str:
    """Return a time with the unit that suits it.

    Examples
    --------
    >>> duration(0.0123), duration(4.2e-7)
    ('12.3 ms', '0.42 us')
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _ladders(rows: list[Result], peak: dict[int, float]) -> str:
    lines = [
        _row(["", "rung", "threads", "speed", "of the peak", "rung below", "NumPy", "what it is"]),
        _row(["---", "---", "--:", "--:", "--:", "--:", "--:", "---"]),
    ]
    for line in dict.fromkeys((r.title, r.threads) for r in rows):
        below = numpy = None
        for r in (r for r in rows if (r.title, r.threads) == line):
            label, op = (line[0] if r.contestant == kernels.REFERENCE else ""), line[0].split(":")[0]
            if r.summary is None:
                lines.append(_row([label, r.contestant, str(r.threads), _cell(r, False), "", "", "", r.note]))
                continue
            seconds = r.summary.median
            share = f"{r.rate / peak[r.threads]:.0%}" if r.rate and r.unit == "GFLOP/s" else ""
            against = [f"{below / seconds:.2f}x" if below else "", verdict(numpy / seconds) if numpy else ""]
            lines.append(
                _row(
                    [
                        label,
                        r.contestant,
                        str(r.threads),
                        f"{r.rate:.3g} {r.unit}",
                        share,
                        *against,
                        summary(op, r.contestant),
                    ]
                )
            )
            if r.contestant == kernels.REFERENCE:
                numpy = seconds
            else:
                below = seconds
    return "\n".join(lines)


def summary(op: str, rung: str) -> str:
    """Return the one line on why a rung is faster, from the kernel table."""
    return next((kernel.summary for kernel in kernels.rungs(op) if kernel.rung == rung), "")


def peak(results: Sequence[Result], machine: dict[str, Any]) -> dict[int, float]:
    """Return the GFLOP/s to compare with, by threads: those of one core in registers, times the threads.

    Where there was nothing to measure them with, the best rate of anybody on any shape stands in.
    """
    best: dict[int, float] = {}
    for r in results:
        if r.rate and r.unit == "GFLOP/s":
            best[r.threads] = max(best.get(r.threads, 0.0), r.rate)
    core = machine.get("peak_gflops")
    return {threads: core * threads if core else rate for threads, rate in best.items()}


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def refresh(
    readme: Path, results: Sequence[Result], machine: dict[str, Any], settings: dict[str, Any]
) -> list[str]:
    """Rewrite what stands between ``<!-- bench:SECTION -->`` and ``<!-- /bench:SECTION -->``, and nothing else.

    SECTION is "machine", "goals" or one of the sections, and one without results is left as it is.

    Returns
    -------
    list of str
        The sections that were rewritten.
    """
    if not readme.exists():
        return []
    done, have = [], {r.section for r in results}

    def fill(match: re.Match) -> str:
        section = match[1]
        if section == "machine":
            text = "\n".join(describe(machine, settings))
        elif section == "goals":
            text = goals.table(results)
        elif section in have:
            text = table(section, results, machine)
        else:
            return match[0]
        done.append(section)
        return f"<!-- bench:{section} -->\n{text}\n<!-- /bench:{section} -->"

    text = readme.read_text(encoding="utf-8")
    new = re.sub(r"<!-- bench:([\w ,]+?) -->.*?<!-- /bench:\1 -->", fill, text, flags=re.DOTALL)
    if new != text:
        readme.write_text(new, encoding="utf-8")
    return done
