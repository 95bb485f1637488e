"""The compiled step: a training step that is written down once and replayed without Python.

`recorder` writes down, `arena` and `plan` make ready, `trust` checks, `step` decides when.
"""

from stepgrad.replay.plan import Plan
from stepgrad.replay.step import Compiled, compiled

__all__ = ["Compiled", "Plan", "compiled"]
