"""Models: layers that are trained, saved and summarized as one."""

from stepgrad.models.cloning import clone_model
from stepgrad.models.functional import Functional
from stepgrad.models.model import Model
from stepgrad.models.sequential import Sequential
from stepgrad.saving import load_model, save_model

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "save_model"]
