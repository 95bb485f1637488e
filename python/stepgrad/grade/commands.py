"""The commands `stepgrad grade` and `stepgrad worksheet`."""

from __future__ import annotations

import sys
from pathlib import Path

from stepgrad.errors import ArgumentError, StepgradError


def grade(worksheet: Path, html: Path | None = None, json: Path | None = None, problem: str = "") -> None:
    """Mark a hand-worked solution: WORKSHEET is YAML or CSV with names and numbers as the learner wrote them.

    Each number is judged against the truth and against what follows from the learner's own numbers before it.
    --problem names the problem instead of the worksheet: a built-in one, a worked example, or FILE.py:function.
    The exit status is 0 when all is right, 1 when something is wrong or left blank, 2 when the worksheet cannot be used.
    """
    from rich.console import Console

    from stepgrad.grade import marking, report
    from stepgrad.grade.worksheet import find_solution, read

    try:
        sheet = read(worksheet)
        solution = find_solution(problem or sheet.problem, may_run_files=bool(problem))
        marks = marking.grade(solution, sheet.numbers)
    except StepgradError as error:
        print(f"stepgrad: {worksheet} cannot be graded: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    console = Console()
    console.print(report.table(marks))
    console.print((f"{sheet.learner}: " if sheet.learner else "") + report.headline(marks), markup=False)
    for path, render in ((html, report.as_html), (json, report.as_json)):
        if path is not None:
            path.write_text(render(marks), encoding="utf-8")
    raise SystemExit(marks.exit_status)


def worksheet(name: str, blank: str = "40%", seed: int = 0) -> None:
    """Print a worksheet to fill in, for a built-in problem, a worked example or FILE.py:function.

    --blank is the share of the numbers that is left open; --seed chooses which.
    """
    from stepgrad.grade.worksheet import find_solution, template

    print(template(find_solution(name, may_run_files=True), name, share(blank), seed), end="")


def share(text: str) -> float:
    """Read a share: 40% or 0.4.

    Examples
    --------
    >>> share("40%"), share("0.25")
    (0.4, 0.25)
    """
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        raise ArgumentError("--blank is a share", expected="40% or 0.4", got=text) from None
    return number / 100 if text.endswith("%") else number
