"""The tape and its replay run compiled and uncompiled; their tests must pass both ways."""

import os
import subprocess
import sys
from pathlib import Path

import stepgrad.tape.step

HERE = Path(__file__).parent
PATHS = [str(HERE), str(HERE.parent / "training" / "test_compiled.py")]


def test_the_tests_pass_uncompiled():
    if os.environ.get("STEPGRAD_PURE_PYTHON"):
        return  # this is the inner run
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-cov", *PATHS],
        env={**os.environ, "STEPGRAD_PURE_PYTHON": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout[-3000:]


def test_the_environment_decides_which_file_runs():
    pure = {**os.environ, "STEPGRAD_PURE_PYTHON": "1"}
    code = "import stepgrad.tape.step as step; print(step.__file__)"
    out = subprocess.run(
        [sys.executable, "-c", code], env=pure, capture_output=True, text=True, check=True
    ).stdout
    assert out.strip().endswith("step.py")
    if not os.environ.get("STEPGRAD_PURE_PYTHON") and stepgrad.kernels.compiled():
        assert not stepgrad.tape.step.__file__.endswith(".py") or "site-packages" not in stepgrad.__file__
