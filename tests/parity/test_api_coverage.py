"""docs/api_coverage.md is true: the code covers at least as much of Keras's API as the page says."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("api_coverage", ROOT / "tools" / "docs" / "api_coverage.py")
api_coverage = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(api_coverage)

ROW = re.compile(r"^\| `(?P<name>[\w.]+)` \|.*\| (?P<equal>[\d.]+) \| (?P<present>[\d.]+) \|$", re.M)
ROWS = {
    row["name"]: (float(row["equal"]), float(row["present"]))
    for row in ROW.finditer(api_coverage.PAGE.read_text(encoding="utf-8"))
}


def test_every_package_is_on_the_page():
    assert list(ROWS) == api_coverage.SECTIONS


@pytest.mark.parametrize("name", api_coverage.SECTIONS)
def test_the_page_does_not_promise_too_much(name):
    """The page rounds to 0.1; it may lag behind the code, which then needs `python tools/docs/api_coverage.py`."""
    found = api_coverage.compare(name)
    equal, present = ROWS[name]
    missing = [word for word, (kind, _) in found.items() if kind != api_coverage.EQUAL]
    assert api_coverage.share(found) >= equal - 0.06, missing
    assert api_coverage.share(found, equal=False) >= present - 0.06, missing


GOALS = {
    **dict.fromkeys(
        "layers losses metrics optimizers callbacks activations initializers regularizers constraints".split(),
        90,
    ),
    "ops": 75,
}


@pytest.mark.parametrize("name", GOALS)
def test_the_goals_hold(name):
    assert ROWS[name][0] >= GOALS[name]
