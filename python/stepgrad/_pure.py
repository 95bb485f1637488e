"""Run the tape uncompiled when STEPGRAD_PURE_PYTHON=1, so that a debugger can step through it."""

import importlib.util
import os
import sys
from pathlib import Path


def use_pure_python_if_asked() -> None:
    """Load stepgrad.tape.core from its .py file although a compiled module stands beside it."""
    if os.environ.get("STEPGRAD_PURE_PYTHON", "") not in ("", "0"):
        sys.meta_path.insert(0, _PureFinder())


class _PureFinder:
    def find_spec(self, name, path=None, target=None):
        if name != "stepgrad.tape.core":
            return None
        return importlib.util.spec_from_file_location(name, Path(__file__).parent / "tape" / "core.py")
