"""The step-through: one training step, recorded through the tape's hooks, with its formulas and numbers."""

from stepgrad.walk.nan_finder import find_nan
from stepgrad.walk.recorder import Value, Walk, WalkStep, walk

__all__ = ["Value", "Walk", "WalkStep", "find_nan", "walk"]
