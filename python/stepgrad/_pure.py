"""Run the tape uncompiled when STEPGRAD_PURE_PYTHON=1, so that a debugger can step through it."""

import importlib.util
import os
import sys
from pathlib import Path

COMPILED = ("state", "operators", "tensor", "step", "recipe", "backward")


def use_pure_python_if_asked() -> None:
    """Load the tape from its .py files although compiled modules stand beside them."""
    if os.environ.get("STEPGRAD_PURE_PYTHON", "") not in ("", "0"):
        sys.meta_path.insert(0, _PureFinder())


class _PureFinder:
    def find_spec(self, name, path=None, target=None):
        package, _, module = name.rpartition(".")
        if package != "stepgrad.tape" or module not in COMPILED:
            return None
        return importlib.util.spec_from_file_location(name, Path(__file__).parent / "tape" / f"{module}.py")
