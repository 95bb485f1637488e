"""The step-through: one training step, recorded through the tape's hooks, with its formulas and numbers."""

from stepgrad.walk.memory import Memory, memory
from stepgrad.walk.naming import named
from stepgrad.walk.nan_finder import find_nan
from stepgrad.walk.profile import Profile, profile
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Value, Walk, WalkStep

__all__ = ["Memory", "Profile", "Value", "Walk", "WalkStep", "find_nan", "memory", "named", "profile", "walk"]
