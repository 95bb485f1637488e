"""Every tutorial runs from top to bottom, and its exercises tell a slip from a solution."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "tutorials"
TUTORIALS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LIMIT = 120  # seconds; each takes a few on an idle core


def exercises_of(path):
    """Names of the functions that carry the mark of an exercise."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f.name for f in functions if any(getattr(d, "id", "") == "exercise" for d in f.decorator_list)]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs(path, tmp_path):
    environment = os.environ | {
        "MPLBACKEND": "Agg",
        "PYTHONWARNINGS": "error",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    run = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    for name in exercises_of(path):
        exercise = name.replace("check_", "exercise ")
        assert f"{exercise}: open." in run.stdout
        assert f"a typical slip -> {exercise}: not yet. " in run.stdout
        assert f"a solution     -> {exercise}: right." in run.stdout


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_is_a_lesson(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# %% [markdown]\n# # " + path.stem[:2])
    assert "**Goal.**" in text and 'tags=["solution"]' in text
    assert 2 <= len(exercises_of(path)) <= 3


def test_every_tutorial_is_in_the_table():
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert TUTORIALS
    assert [path.name for path in TUTORIALS if f"({path.name})" not in table] == []
