"""Activation functions."""

from stepgrad.ops.activation.relu import relu

__all__ = ["relu"]
