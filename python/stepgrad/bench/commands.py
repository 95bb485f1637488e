"""The commands `stepgrad ladder` and `stepgrad bench`."""

from __future__ import annotations

from pathlib import Path

from stepgrad.errors import ArgumentError, KernelError


def ladder(op: str, size: int = 0, threads: int = 1, budget: float = 1.0) -> None:
    """Print the kernels of one op from the plainest to the fastest: verified, timed, and why each is faster.

    --size is N for matmul, height and width for images, the length of a row for softmax and sums, entries otherwise.
    With one thread the clock is the CPU time of the process, with more it is the wall clock. --budget is in seconds a rung.
    """
    from rich.console import Console
    from rich.live import Live

    from stepgrad.bench.ladder import Ladder, draw
    from stepgrad.bench.threads import set_threads

    if size < 0 or threads < 1:
        raise ArgumentError("sizes and threads are counted from 1", got=f"--size {size} --threads {threads}")
    set_threads(threads)
    rungs = Ladder(op, size or None, threads, budget)
    console = Console()
    with Live(draw(rungs), console=console, auto_refresh=False, transient=True) as live:

        def redraw():
            live.update(draw(rungs), refresh=True)

        rungs.verify(redraw)
        rungs.time(on_change=redraw)
    console.print(draw(rungs))
    clock = (
        "CPU time of 1 thread"
        if threads == 1
        else f"wall clock, {threads} threads for the rungs that use threads"
    )
    samples = [rung.summary for rung in rungs.rungs if rung.summary]
    dropped = sum(s.dropped for s in samples)
    busy = "; the machine is busy, take this as a sketch" if any(s.busy for s in samples) else ""
    console.print(
        f"Medians, {clock}. {dropped} interrupted samples dropped{busy}. Each rung that was timed agreed with float64 first."
    )
    wrong = [rung.name for rung in rungs.rungs if rung.refused.startswith("WRONG")]
    if wrong:
        raise KernelError(
            f"wrong results from {', '.join(wrong)}", op=op, fix="run the op tests: pytest tests/ops"
        )


def bench(
    quick: bool = False,
    out: Path = Path("benchmarks/results"),
    only: str = "",
    threads: str = "",
    seed: int = 0,
    resume: bool = False,
) -> None:
    """Verify, then time: kernels, single ops and training steps, ours and those of the libraries that are installed.

    Writes results.json after every race; at the end results.md and the plots into --out, and refreshes the tables between
    markers in the README.md of the current folder. --resume keeps what results.json holds and runs only what it lacks, and what
    failed: a run that was cut off goes on, and a whole one is reported again. --only is kernels, ops or steps, or several with
    commas. --threads is 1,2 for instance; 1 and all CPUs if left out, 1 with --quick. --seed draws the shapes that nobody
    tuned on.
    """
    import os
    import time

    from rich.console import Console

    from stepgrad.bench import machine, report, suite
    from stepgrad.bench.race import Track
    from stepgrad.bench.threads import set_threads

    sections = tuple(only.split(",")) if only else suite.SECTIONS
    if not set(sections) <= set(suite.SECTIONS):
        raise ArgumentError(
            "there is no such section", expected=f"--only with {', '.join(suite.SECTIONS)}", got=only
        )
    if not all(count.isdigit() and int(count) for count in threads.split(",") if threads):
        raise ArgumentError("--threads is a list of numbers", expected="--threads 1,2", got=threads)
    path = out / "results.json"
    out.mkdir(parents=True, exist_ok=True)
    if resume and path.exists():
        results, description, settings = report.from_json(path.read_text(encoding="utf-8"))
        if (settings["quick"], settings["seed"]) != (quick, seed):
            raise ArgumentError(
                f"{path} was measured otherwise",
                expected=f"--seed {settings['seed']}, {'' if settings['quick'] else 'not '}--quick",
                got=f"--seed {seed}, {'' if quick else 'not '}--quick",
            )
    else:
        results, description, settings = [], {**machine.describe(), **machine.limits()}, {}
    every = {1} if quick else {1, description["cores"] or os.cpu_count() or 1}
    counts = [int(count) for count in threads.split(",")] if threads else sorted(every)
    rounds, seconds, budget = (5, 0.015, 0.4) if quick else (9, 0.02, 0.8)
    settings |= {"quick": quick, "rounds": rounds, "seed": seed, "limits": _limits(description)}
    settings["threads"] = sorted({*counts, *settings.get("threads", ())})

    set_threads(1)  # of this process, which computes in float64 what is expected while the contestants load
    console, start, before = Console(), time.perf_counter(), settings.get("minutes", 0.0)
    done, results = _done(results)
    for count in counts:
        with Track(count, rounds, seconds, budget) as track:
            for race in suite.races(sections, count, quick, seed):
                if (race.section, race.title, count) in done:
                    continue
                if count > 1 and description["peak_gflops"]:
                    at_once = machine.cores_at_once(count, description["peak_gflops"])
                    settings.setdefault("cores_at_once", []).append(at_once)
                results += track.run(race)
                _print_race(console, results[-len(race.entries) :])
                settings["minutes"] = before + (time.perf_counter() - start) / 60
                _save(path, report.to_json(results, description, settings))
    _write(out, results, description, settings, console)


def _save(path: Path, text: str) -> None:
    """Write a file whole or not at all, whenever the run is cut off."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _limits(description) -> list[str]:
    """Return the lines on what the machine can do at most, and on what no benchmark looks at."""
    from stepgrad.bench import suite

    peak = description["peak_gflops"]
    limits = [f"measured peak: {peak} GFLOP/s a core, multiply-adds in registers"] if peak else []
    limits.append(f"copying 192 MiB: {description['copy_gbs']} GB/s read and written, 1 thread")
    without = suite.without_case()
    return limits + (
        [f"ops with native kernels that no benchmark has inputs for: {', '.join(without)}"] if without else []
    )


def _done(results) -> tuple[set, list]:
    """Return the races in which nobody failed, as (section, title, threads), and their results."""
    failed = {(r.section, r.title, r.threads) for r in results if r.note.startswith("failed")}
    kept = [r for r in results if (r.section, r.title, r.threads) not in failed]
    return {(r.section, r.title, r.threads) for r in kept}, kept


def _print_race(console, results) -> None:
    from stepgrad.bench.report import duration, verdict

    parts = []
    for r in results:
        if r.summary is not None:
            value = f"{r.rate:.3g} {r.unit}" if r.rate else duration(r.summary.median)
            parts.append(
                f"{r.contestant} {value}" + (f" ({verdict(r.ratio).replace('*', '')})" if r.ratio else "")
            )
        elif "not installed" not in r.note:
            parts.append(f"{r.contestant} {r.note}")
    first = results[0]
    console.print(
        f"{first.section}, {first.title}, {first.threads} thread{'s' * (first.threads > 1)}: {'; '.join(parts)}",
        markup=False,
    )


def _write(out: Path, results, description, settings, console) -> None:
    from stepgrad.bench import plots, report

    _save(out / "results.json", report.to_json(results, description, settings))
    (out / "results.md").write_text(report.to_markdown(results, description, settings), encoding="utf-8")
    written = [out / "results.json", out / "results.md", *plots.save(results, out, description)]
    refreshed = report.refresh(Path("README.md"), results, description, settings)
    console.print("written: " + ", ".join(map(str, written)), markup=False)
    if refreshed:
        console.print(f"README.md: {', '.join(refreshed)}", markup=False)
    absent = sorted({f"{r.contestant} ({r.note})" for r in results if "not installed" in r.note})
    if absent:
        console.print(f"left out: {'; '.join(absent)}", markup=False)
    wrong = sorted({f"{r.title}: {r.contestant}" for r in results if "WRONG" in r.note})
    if wrong:
        raise KernelError(
            f"wrong results, not timed: {'; '.join(wrong)}", fix="see results.md, and run the op tests"
        )
