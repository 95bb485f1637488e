"""Worksheets: reading what a learner wrote (YAML or CSV), and making templates to fill in."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import io
import runpy
from pathlib import Path
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DataError, did_you_mean, require
from stepgrad.grade.problems import PROBLEMS, problem
from stepgrad.grade.solution import Solution

_LARGEST = 1_000_000  # bytes
_HEADINGS = ("problem", "learner")


@dataclasses.dataclass(frozen=True)
class Worksheet:
    """What was handed in: the problem, who worked on it, and the numbers as written."""

    problem: str
    numbers: dict[str, Any]
    learner: str = ""


def read(path: str | Path) -> Worksheet:
    """Read a worksheet from a file that ends in .yaml, .yml or .csv.

    Raises
    ------
    DataError
        If the file cannot be read as a worksheet.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(
            f"there is no file {path}", fix="stepgrad worksheet NAME > FILE.yaml makes a template"
        )
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path} is too large for a worksheet", expected=f"at most {_LARGEST} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text in UTF-8", fix="save it as UTF-8") from error
    if path.suffix.lower() == ".csv":
        return read_csv(text)
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_yaml(text)
    raise DataError(f"{path} is neither YAML nor CSV", fix="name it .yaml or .csv")


def read_csv(text: str) -> Worksheet:
    """Read CSV: a name and its numbers on a line; a matrix has one line a row, each with the name or with an empty first cell.

    Examples
    --------
    >>> read_csv("problem,line\\nZ1,0.1,0.2\\nZ1,0.3,\\n").numbers
    {'Z1': [['0.1', '0.2'], ['0.3', '']]}
    """
    headings: dict[str, str] = {}
    rows: dict[str, list[list[str]]] = {}
    name = ""
    for cells in csv.reader(io.StringIO(text)):
        cells = [cell.strip() for cell in cells]
        if not any(cells) or cells[0].startswith("#"):
            continue
        name = cells[0] or name
        if not name:
            raise DataError(
                "a line of numbers has no name",
                got=",".join(cells),
                fix="write the name into the first column",
            )
        if name.lower() in _HEADINGS:
            headings[name.lower()] = cells[1] if len(cells) > 1 else ""
        else:
            rows.setdefault(name, []).append(cells[1:])
    numbers: dict[str, Any] = {}
    for name, lines in rows.items():
        width = max(map(len, lines))
        lines = [line + [""] * (width - len(line)) for line in lines]
        numbers[name] = lines if len(lines) > 1 else lines[0]
    return _worksheet(headings, numbers)


def read_yaml(text: str) -> Worksheet:
    """Read YAML: problem, learner if wanted, and under `numbers` (or beside them) names with numbers, lists or lists of lists.

    Examples
    --------
    >>> read_yaml("problem: line\\nnumbers:\\n  Z1: [0.10, _]\\n").numbers
    {'Z1': ['0.10', '_']}
    """
    yaml = require("yaml", "grade", "reading YAML worksheets (CSV needs nothing)")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise DataError("a worksheet may not use YAML's * references", fix="write the numbers out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise DataError(
            f"this is not YAML{where}: {getattr(error, 'problem', error)}",
            fix="write  Z1: [0.1, 0.2]  on a line",
        ) from error
    content = _plain(node)
    if not isinstance(content, dict):
        raise DataError(
            "a worksheet has names and numbers",
            fix="problem: NAME, then  Z1: [0.1, 0.2]  on a line of its own",
        )
    headings = {key.lower(): str(value) for key, value in content.items() if key.lower() in _HEADINGS}
    rest = {key: value for key, value in content.items() if key.lower() not in _HEADINGS}
    numbers = rest.pop("numbers", {})
    if not isinstance(numbers, dict):
        raise DataError(
            "`numbers` must be names with their numbers",
            got=str(numbers) or "nothing",
            fix="numbers:\n    Z1: [0.1, 0.2]",
        )
    return _worksheet(headings, {**numbers, **rest})


def _plain(node: Any) -> Any:
    """Turn YAML's nodes into dicts, lists and strings; numbers stay as they were written."""
    if node is None:
        return ""
    if node.id == "scalar":
        return node.value
    if node.id == "sequence":  # in a list, YAML takes a lone ? for the beginning of a pair
        return [
            "" if part.id == "mapping" and _plain(part) == {"": ""} else _plain(part) for part in node.value
        ]
    result: dict[str, Any] = {}
    for key, value in node.value:
        if key.value in result:
            raise DataError(
                f"{key.value} is written twice, the second time in line {key.start_mark.line + 1}",
                fix="keep one",
            )
        result[key.value if isinstance(key.value, str) else str(key.value)] = _plain(value)
    return result


def _worksheet(headings: dict[str, str], numbers: dict[str, Any]) -> Worksheet:
    nested = [name for name, value in numbers.items() if isinstance(value, dict)]
    if nested:
        raise DataError(f"{nested[0]} is not a list of numbers", fix="write  name: [0.1, 0.2]")
    return Worksheet(headings.get("problem", "").strip(), numbers, headings.get("learner", ""))


def find_solution(name: str, may_run_files: bool = False) -> Solution:
    """Return the solution of a built-in problem, of a worked example, or of FILE.py:thing.

    Parameters
    ----------
    name : str
    may_run_files : bool
        Whether a Python file may be run: yes for what a teacher types, no for what a worksheet says.
    """
    if name in PROBLEMS:
        return problem(name)
    from stepgrad.walk import examples

    if ".py:" in name:
        if not may_run_files:
            raise ArgumentError(
                "a worksheet cannot choose a Python file to run",
                got=name,
                fix=f"name it yourself: --problem {name}",
            )
        return _from_file(name)
    from stepgrad.grade.from_walk import from_walk

    if name in examples.names:
        solution = from_walk(examples.get(name).walk())
        solution.title = name
        return solution
    fix = (
        did_you_mean(name, [*PROBLEMS, *examples.names])
        if name
        else "begin it with  problem: NAME, one of: " + ", ".join(PROBLEMS)
    )
    raise ArgumentError(
        f"there is no problem called {name!r}" if name else "the worksheet does not say which problem it is",
        fix=fix,
    )


def _from_file(name: str) -> Solution:
    from stepgrad.grade.from_walk import from_walk
    from stepgrad.walk.commands import from_file

    path, _, thing = name.rpartition(":")
    made = runpy.run_path(path, run_name="stepgrad_walk").get(thing) if Path(path).is_file() else None
    if inspect.isfunction(made) and inspect.signature(made).return_annotation in (Solution, "Solution"):
        made = made()
    return made if isinstance(made, Solution) else from_walk(from_file(name))


def template(solution: Solution, name: str, blank: float = 0.4, seed: int = 0) -> str:
    """Return a worksheet in YAML with a share of its numbers left open.

    Parameters
    ----------
    solution, name : Solution, str
        `name` is what the worksheet calls its problem.
    blank : float
        Share of the numbers that are left open, from 0 to 1.
    seed : int

    Examples
    --------
    >>> print(template(problem("softmax-cross-entropy"), "softmax-cross-entropy", blank=1).splitlines()[-8])
      Z: [[_, _, _]]
    """
    if not 0 <= blank <= 1:
        raise ArgumentError("the share of blanks is from 0% to 100%", got=f"{blank:.0%}")
    rng = np.random.default_rng(seed)
    sizes = [np.size(solution.truth[n]) for n in solution]
    open_ = np.zeros(sum(sizes), dtype=bool)
    open_[rng.permutation(open_.size)[: round(blank * open_.size)]] = True
    lines = [
        "# Replace every _ by a number, with as many digits as you are sure of; fractions such as 1/3 are fine.",
        "# Given:",
    ]
    lines += [f"#   {n} = {_text(value)}" for n, value in solution.given.items()]
    lines += [f"#   {n} = {value:g}" for n, value in solution.constants.items()]
    lines += [f"problem: {name}", "learner:", "numbers:"]
    for n, left_open in zip(solution, np.split(open_, np.cumsum(sizes)[:-1])):
        value = solution.truth[n]
        texts = np.array(
            ["_" if o else f"{v + 0.0:.6g}" for o, v in zip(left_open, value.flat)], dtype=object
        )
        key = f'"{n}"' if not n[0].isalpha() or ":" in n or "#" in n else n
        lines.append(f"  {key}: {_text(texts.reshape(value.shape))}")
    return "\n".join(lines) + "\n"


def _text(array: np.ndarray) -> str:
    if array.ndim == 0:
        return str(array.item()) if array.dtype == object else f"{array.item():.6g}"
    return "[" + ", ".join(_text(np.asarray(part, dtype=array.dtype)) for part in array) + "]"
