"""Update: the rule of one optimizer as an entry of the kernel table, so that its rungs can be chosen and shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.tape import Tensor, Variable


class Update:
    """One step of one variable, in place.

    Attributes
    ----------
    name : str
        Its name in the kernel table, "adam_update".
    formula : str
        LaTeX, for the step-through: w the variable, g its gradient, \\eta the learning rate, t the number of the step.
    source : str
        Where the formula comes from.
    """

    name = ""
    formula = ""
    source = ""

    def __init__(self) -> None:
        kernels.declare(self)

    def __call__(self, variable: Variable, gradient: Any, *slots: Variable | None, **numbers: Any) -> None:
        """Update `variable` and the optimizer's `slots` for it (momentum, ...); None stands for a slot not in use."""
        w = variable.array
        g = np.asarray(gradient.array if isinstance(gradient, Tensor) else gradient, dtype=w.dtype, order="C")
        arrays = [np.empty(0, w.dtype) if slot is None else slot.array for slot in slots]
        kernels.chosen[self.name](w, g, *arrays, **numbers)
        for changed in (variable, *slots):
            if changed is not None:
                changed.changed()

    def reference(self, w: np.ndarray, g: np.ndarray, *slots: np.ndarray, **numbers: Any) -> None:
        """Do the step with NumPy, writing into `w` and `slots`."""
        raise NotImplementedError(f"{type(self).__name__} must define reference(self, w, g, ...)")


def flat(*arrays: np.ndarray) -> list[np.ndarray] | None:
    """Return one-dimensional views into contiguous arrays, or None where a view is not possible."""
    if not all(a.flags.c_contiguous for a in arrays):
        return None
    return [a.reshape(-1) for a in arrays]
