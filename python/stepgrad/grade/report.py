"""What the grader says: for the terminal, as a page, and as JSON for use in a course."""

from __future__ import annotations

import html
import json
from typing import Any

import numpy as np

from stepgrad.grade.marking import BLANK, FOLLOWS, RIGHT, WRONG, Grade, StepMark

_NAMED = 3  # explanations shown a step
_COLUMNS = ("step", "formula", "yours", "right", "from your numbers", "verdict")
WORDS = {
    RIGHT: "right",
    FOLLOWS: "follows from your own numbers",
    WRONG: "wrong",
    BLANK: "left blank",
}


def headline(grade: Grade) -> str:
    """Say in one or two sentences how it went."""
    parts = [f"{grade.count(RIGHT)} right"]
    if grade.count(FOLLOWS):
        parts.append(f"{grade.count(FOLLOWS)} not right but rightly worked out from your own numbers before")
    if grade.count(WRONG):
        parts.append(f"{grade.count(WRONG)} wrong")
    if grade.count(BLANK):
        parts.append(f"{grade.count(BLANK)} left blank")
    text = ", ".join(parts) + "."
    first = grade.first_wrong
    return text + (f" The first wrong step is {first.name}." if first is not None else "")


def remarks(step: StepMark) -> list[str]:
    """Return what is to be said about a step: what may have gone wrong, or that nothing known explains it."""
    lines = []
    for i, e in enumerate(step.explanations[:_NAMED]):
        which = "" if e.entries.sum() == (step.status == WRONG).sum() else f" (at {_places(e.entries)})"
        other = f", or: {e.also[0]}" if e.also else ""
        rivals = any((e.entries & before.entries).any() for before in step.explanations[:i])
        lines.append(f"{'or ' if rivals else ''}{e.mistake}{which}: {e.text}{other}")
    if step.unexplained.any():
        at = f" at {_places(step.unexplained)}" if step.unexplained.ndim and step.explanations else ""
        lines.append(f"no mistake that I know gives the number{at}")
    return lines


def table(grade: Grade) -> Any:
    """Return a Rich table."""
    from rich.table import Table
    from rich.text import Text

    colours = {RIGHT: "green", FOLLOWS: "yellow", WRONG: "red", BLANK: "dim"}
    view = Table(*_COLUMNS, title=grade.solution.title, show_lines=True)
    for step in grade.steps:
        yours = Text()
        for i, (index, text) in enumerate(np.ndenumerate(step.answer.text)):
            yours.append(_between(i, step) + (text or "_"), style=colours[str(step.status[index])])
        verdict = Text(_verdict(grade, step), style=colours[step.verdict])
        for line in remarks(step):
            verdict.append("\n" + line, style="default")
        view.add_row(step.name, Text(step.formula), yours, *_comparison(step), verdict)
    return view


def as_dict(grade: Grade) -> dict:
    """Return everything as plain lists and dicts."""
    first = grade.first_wrong
    return {
        "problem": grade.solution.title,
        "summary": {word: grade.count(word) for word in (RIGHT, FOLLOWS, WRONG, BLANK)},
        "first_wrong": first.name if first is not None else None,
        "all_right": grade.exit_status == 0,
        "steps": [_step_dict(step) for step in grade.steps],
    }


def as_json(grade: Grade) -> str:
    """Return the grade as JSON text."""
    return json.dumps(as_dict(grade), indent=1, allow_nan=False)


def as_html(grade: Grade) -> str:
    """Return a page that needs nothing else."""
    rows = []
    for step in grade.steps:
        yours = "".join(
            f'{_between(i, step)}<span class="{status}" title="{WORDS[status]}">{html.escape(text) or "_"}</span>'
            for i, (text, status) in enumerate(zip(step.answer.text.flat, step.status.flat))
        )
        right, follows = _comparison(step)
        said = "".join(f"<li>{html.escape(line)}</li>" for line in remarks(step))
        verdict = f'<span class="{step.verdict}">{_verdict(grade, step)}</span>' + (
            f"<ul>{said}</ul>" if said else ""
        )
        cells = zip(
            _COLUMNS[1:], (f"<code>{html.escape(step.formula)}</code>", yours, right, follows, verdict)
        )
        row = "".join(f'<td data-label="{label}">{cell}</td>' for label, cell in cells)
        rows.append(f'<tr><th scope="row">{html.escape(step.name)}</th>{row}</tr>')
    title = html.escape(grade.solution.title)
    columns = "".join(f"<th>{label}</th>" for label in _COLUMNS)
    return _PAGE.format(
        columns=columns, title=title, headline=html.escape(headline(grade)), rows="\n".join(rows)
    )


def _step_dict(step: StepMark) -> dict:
    return {
        "name": step.name,
        "formula": step.formula,
        "phase": step.phase,
        "verdict": step.verdict,
        "written": step.answer.text.tolist(),
        "right": _finite(step.truth),
        "follows": _finite(step.expected),
        "status": step.status.tolist(),
        "explanations": [
            {
                "mistake": e.mistake,
                "text": e.text,
                "also": list(e.also),
                "step": e.step,
                "entries": e.entries.tolist(),
            }
            for e in step.explanations
        ],
        "unexplained": step.unexplained.tolist(),
    }


def _finite(array: np.ndarray) -> Any:
    """JSON has no NaN and no infinity."""
    return np.where(np.isfinite(array), array.astype(object), np.array(None)).tolist()


def _verdict(grade: Grade, step: StepMark) -> str:
    return WORDS[step.verdict] + (": the first wrong step" if step is grade.first_wrong else "")


def _comparison(step: StepMark) -> tuple[str, str]:
    """Return the right numbers and those that follow, where something is not right; blanks are not given away."""
    if step.verdict not in (WRONG, FOLLOWS):
        return "", ""
    return _numbers(step.truth, step), _numbers(step.expected, step)


def _between(i: int, step: StepMark) -> str:
    """What stands before entry `i`: every row of a matrix begins a line."""
    shape = step.status.shape
    return "" if i == 0 else "\n" if len(shape) > 1 and i % shape[-1] == 0 else " "


def _numbers(array: np.ndarray, step: StepMark) -> str:
    """Write the numbers with one digit more than the learner gave, and ? where the learner wrote nothing."""
    text = ""
    for i, (x, half, blank) in enumerate(zip(array.flat, step.answer.half.flat, step.answer.blank.flat)):
        places = min(12, max(0, 1 - int(np.floor(np.log10(2 * half) + 1e-9)))) if half > 0 else 0
        text += _between(i, step) + (
            "?" if blank else f"{x + 0.0:.{places}f}" if half > 0 else f"{x + 0.0:.6g}"
        )
    return text


def _places(entries: np.ndarray) -> str:
    return ", ".join(str([int(i) for i in index]) for index in np.argwhere(entries))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: marks</title>
<style>
:root {{ color-scheme: light dark; --right: #18794e; --follows: #8a5a00; --wrong: #c1121f; --line: #8884; }}
@media (prefers-color-scheme: dark) {{ :root {{ --right: #5dd39e; --follows: #ffc145; --wrong: #ff7b85; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top; }}
td {{ font-variant-numeric: tabular-nums; white-space: pre-line; }}
.right {{ color: var(--right); }}
.follows {{ color: var(--follows); }}
.wrong {{ color: var(--wrong); font-weight: 600; text-decoration: underline; }}
.blank {{ opacity: .6; }}
ul {{ margin: .2rem 0 0; padding-left: 1.1rem; }}
@media (max-width: 45rem) {{
  thead {{ display: none; }}
  table, tbody, tr, th, td {{ display: block; }}
  tr {{ border-bottom: 1px solid var(--line); padding: .5rem 0; }}
  th, td {{ border: 0; padding: .1rem 0; }}
  td:empty {{ display: none; }}
  td::before {{ content: attr(data-label) ": "; opacity: .7; }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{headline}</p>
<table>
<thead><tr>{columns}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""
