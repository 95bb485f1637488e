"""The README's programs run as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_the_program_runs(number, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAMS[number]], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr


def test_the_files_that_it_names_exist():
    text = README.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r"`((?:python|csrc)/[\w/.]+)`", text):
        assert (README.parent / path).exists(), path
