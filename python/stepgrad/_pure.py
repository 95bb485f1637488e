"""Run the tape and its replay uncompiled when STEPGRAD_PURE_PYTHON=1, so that a debugger can step through it."""

import importlib.util
import os
import sys
from pathlib import Path

COMPILED = {
    "stepgrad.tape": ("state", "operators", "tensor", "step", "arrivals", "recipe", "backward"),
    "stepgrad.replay": ("kinds", "program"),
    "stepgrad.utils": ("nest",),
}


def use_pure_python_if_asked() -> None:
    """Load them from their .py files although compiled modules stand beside them."""
    if os.environ.get("STEPGRAD_PURE_PYTHON", "") not in ("", "0"):
        sys.meta_path.insert(0, _PureFinder())


class _PureFinder:
    def find_spec(self, name, path=None, target=None):
        package, _, module = name.rpartition(".")
        if module not in COMPILED.get(package, ()):
            return None
        folder = Path(__file__).parent / package.rpartition(".")[2]
        return importlib.util.spec_from_file_location(name, folder / f"{module}.py")
