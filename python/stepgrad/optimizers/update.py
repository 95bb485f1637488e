"""Update: the rule of one optimizer as an entry of the kernel table, so that its rungs can be chosen and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.device_arrays import as_array, beside
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
    numbers : tuple of str
        The keyword arguments of `reference` in the order in which native kernels take them.
    """

    name = ""
    formula = ""
    source = ""
    in_place = True
    numbers: tuple[str, ...] = ()  # the keyword arguments in the order in which native kernels take them

    def __init__(self) -> None:
        kernels.declare(self)

    def __call__(self, variable: Variable, gradient: Any, *slots: Variable | None, **numbers: Any) -> None:
        """Update `variable` and the optimizer's `slots` for it (momentum, ...); None stands for a slot not in use."""
        self.all([variable], [gradient], [slots], **numbers)

    def all(
        self, variables: Sequence[Variable], gradients: Sequence[Any], slots: Sequence[tuple], **numbers: Any
    ) -> None:
        """Update many variables, each with its slots; a native kernel gets all that share a dtype in one call."""
        rows = [_arrays(*row) for row in zip(variables, gradients, slots, strict=True)]
        native = kernels.native_of(self.name)
        if native is not None and _alike(rows):
            native(*map(list, zip(*rows, strict=True)), *(numbers[word] for word in self.numbers))
        else:
            for row in rows:
                kernels.chosen[self.name](*row, **numbers)
        for variable, of_variable in zip(variables, slots, strict=True):
            variable.changed()
            for slot in of_variable:
                if slot is not None:
                    slot.changed()

    def ready(
        self, variables: Sequence[Variable], gradients: Sequence[Any], slots: Sequence[tuple]
    ) -> Callable[..., None] | None:
        """Return the native call for arrays that stay where they are, a function of the numbers; None without a kernel."""
        native: Any = kernels.native_of(self.name)
        if native is None or any(g is None for g in gradients):
            return None
        rows = [_arrays(*row) for row in zip(variables, gradients, slots, strict=True)]
        if not _alike(rows) or any(row[1] is not _array(g) for row, g in zip(rows, gradients)):
            return None
        return native.prepare(*map(list, zip(*rows, strict=True)))

    def launch(self, native: Any, *arrays: np.ndarray, **numbers: Any) -> Any:
        """Run a native kernel on one variable."""
        if not all(a.flags.c_contiguous for a in arrays):
            return NotImplemented
        native(*arrays, *(numbers[word] for word in self.numbers))
        return None

    def reference(self, w: np.ndarray, g: np.ndarray, *slots: np.ndarray, **numbers: Any) -> None:
        """Do the step with NumPy, writing into `w` and `slots`."""
        raise NotImplementedError(f"{type(self).__name__} must define reference(self, w, g, ...)")


def _arrays(variable: Variable, gradient: Any, slots: Sequence[Variable | None]) -> list[np.ndarray]:
    """Return w, g and the slots as arrays of one dtype; an empty one stands for a slot not in use."""
    w, g = variable.array, _array(gradient)
    if type(g) is not type(w) or g.dtype is not w.dtype or not g.flags.c_contiguous:
        g = beside(w, as_array(g)).astype(w.dtype, order="C", copy=False)
    arrays = [w, g]
    for slot in slots:
        arrays.append(kernels.empty((0,), w.dtype) if slot is None else slot.array)
    return arrays


def _array(gradient: Any) -> Any:
    return gradient.array if isinstance(gradient, Tensor) else gradient


def _alike(rows: list[list[np.ndarray]]) -> bool:
    """Tell whether a native kernel can take all rows at once: contiguous arrays of one dtype that it knows."""
    dtype = rows[0][0].dtype
    for row in rows:
        for a in row:
            if a.dtype != dtype or not a.flags.c_contiguous:
                return False
    return dtype.char in "fd"
