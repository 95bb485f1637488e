"""Data before they reach a model, with NumPy."""

from stepgrad.preprocessing import images

__all__ = ["images"]
