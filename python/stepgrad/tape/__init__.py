"""Tensors, variables, the tape and its hooks."""

from stepgrad.tape import step
from stepgrad.tape.gradient_tape import GradientTape, no_grad
from stepgrad.tape.hooks import Hook, hooks, silent
from stepgrad.tape.state import scope
from stepgrad.tape.step import Step, steps_of
from stepgrad.tape.symbolic import KerasTensor
from stepgrad.tape.tensor import Tensor, as_tensor, wrap
from stepgrad.tape.variable import Variable

__all__ = [
    "GradientTape", "Hook", "KerasTensor", "Step", "Tensor", "Variable", "as_tensor", "hooks", "no_grad", "scope",
    "silent", "is_compiled", "steps_of", "wrap",
]  # fmt: skip


def is_compiled() -> bool:
    """Tell whether the tape was compiled by Cython, and is not run as plain Python."""
    return not step.__file__.endswith(".py")
