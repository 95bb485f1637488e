"""The compiled step: a training step that is written down once and replayed without Python.

`recorder` writes down, `arena` and `plan` make ready, `trust` checks, `compiled` decides when.
"""

from stepgrad.replay.compiled import Compiled, compiled
from stepgrad.replay.plan import Plan

__all__ = ["Compiled", "Plan", "compiled"]
