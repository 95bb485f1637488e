"""Models: layers that are trained, saved and summarized as one."""

from stepgrad.models.functional import Functional
from stepgrad.models.model import Model
from stepgrad.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential"]
