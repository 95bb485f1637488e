"""Tensors, variables, the tape and its hooks."""

from stepgrad.tape.core import Step, Tensor, as_tensor, scope, steps_of, wrap
from stepgrad.tape.gradient_tape import GradientTape, no_grad
from stepgrad.tape.hooks import Hook, hooks, silent
from stepgrad.tape.symbolic import KerasTensor
from stepgrad.tape.variable import Variable

__all__ = [
    "GradientTape", "Hook", "KerasTensor", "Step", "Tensor", "Variable", "as_tensor", "hooks", "no_grad", "scope",
    "silent", "steps_of", "wrap",
]  # fmt: skip
