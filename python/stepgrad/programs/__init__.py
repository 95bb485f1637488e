"""Nine programs from articles on deep learning: as printed, corrected, and run on real data.

``stepgrad run --list`` names them, ``stepgrad run S4-cifar`` runs one. Each is one file here, to be read; what they share is in
`program` (what a program is made of), `running`, `against` (the same beside Keras or PyTorch) and `report`.
"""

from __future__ import annotations

import importlib

from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.programs.program import Data, Mistake, Program, Row

NAMES = (
    "S0-mlp",
    "S1-worked",
    "S1-simple",
    "S2-text-cnn",
    "S2-cnn-mse",
    "S2-imdb-lstm",
    "S3-cnn",
    "S4-cifar",
    "S4-128",
)

__all__ = ["NAMES", "Data", "Mistake", "Program", "Row", "get"]


def get(name: str) -> Program:
    """Return a program by its name.

    Examples
    --------
    >>> get("S4-cifar").epochs
    10
    """
    if name not in NAMES:
        raise ArgumentError(f"there is no program {name!r}", fix=did_you_mean(name, NAMES))
    return importlib.import_module(f"stepgrad.programs.{name.lower().replace('-', '_')}").PROGRAM
