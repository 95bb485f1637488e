"""docs/programs.md is what its script writes from the figures beside it."""

import importlib.util
import json
from pathlib import Path

from stepgrad import programs

ROOT = Path(__file__).parents[2]


def test_the_page_is_the_scripts():
    spec = importlib.util.spec_from_file_location(
        "make_programs_page", ROOT / "tools" / "make_programs_page.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    found = json.loads((ROOT / "docs" / "programs.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "programs.md").read_text(encoding="utf-8") == script.page(found)
    assert list(found) == list(programs.NAMES)


def test_every_program_has_a_script_and_a_line():
    table = (ROOT / "tutorials" / "programs" / "README.md").read_text(encoding="utf-8")
    for name in programs.NAMES:
        file = name.lower().replace("-", "_") + ".py"
        assert (ROOT / "tutorials" / "programs" / file).exists() and f"[{name}]({file})" in table
