"""Variable: a tensor that can be assigned, the thing that training changes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from stepgrad import config, device_arrays
from stepgrad.errors import ShapeError
from stepgrad.tape.state import current, state
from stepgrad.tape.tensor import Tensor

structure = [0]  # counts changes of what is trainable: a compiled step is good for one state of it


changes = itertools.count(1)  # numbers the changes of all variables: a guard holds the number of the last one


class Variable(Tensor):
    """A tensor with a name that keeps its identity while its values change.

    Parameters
    ----------
    initializer : array_like or callable
        The values, or a function of (shape, dtype) that gives them.
    shape : tuple, optional
        Needed with a callable.
    dtype : str, optional
        ``config.floatx()`` for floats.
    trainable : bool
        Whether backward computes a gradient for it.
    name : str, optional

    Examples
    --------
    >>> import stepgrad as sg
    >>> w = sg.Variable([1.0, 2.0], name="w")
    >>> w.assign_add([1.0, 1.0])
    Variable([2., 3.], shape=(2,), dtype=float32, name='w')
    """

    def __init__(
        self,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        name: str | None = None,
    ):
        if callable(initializer):
            if shape is None:
                raise ShapeError(
                    "a Variable made by an initializer needs a shape", fix="Variable(init, shape=(...))"
                )
            initializer = initializer(tuple(shape), dtype=dtype or config.floatx())
        super().__init__(initializer, dtype=dtype)
        self.requires_grad = trainable and self.array.dtype.kind == "f"
        self.guard = [0]
        self.name = name or "variable"
        self.path = f"{state.scope}/{self.name}" if state.scope else self.name
        self.regularizer: Any = None
        self.constraint: Any = None

    @property
    def trainable(self) -> bool:
        """Whether backward computes a gradient for this variable."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        structure[0] += 1
        self.requires_grad = bool(value) and self.array.dtype.kind == "f"

    @property
    def value(self) -> Variable:
        """The variable itself, for Keras programs."""
        return self

    def numpy(self) -> np.ndarray:
        """Return a copy of the values."""
        return super().numpy().copy()

    def assign(self, value: Any) -> Variable:
        """Replace the values. Steps that saved the old ones raise when backward needs them."""
        now = current()
        if now.frozen:
            return self
        if now.recorder is not None:
            now.recorder.assigned(self, value)
        value = value.array if isinstance(value, Tensor) else device_arrays.as_array(value)
        if value.shape != self.array.shape:
            raise ShapeError(
                f"variable '{self.path}' keeps its shape",
                expected=str(self.array.shape),
                got=str(value.shape),
                fix="reshape the value, or create a new Variable",
            )
        self.array[...] = device_arrays.beside(self.array, value)
        self.changed()
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add to the values."""
        if state.frozen:
            return self
        return self.assign(self.array + self._fitting(value))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the values."""
        if state.frozen:
            return self
        return self.assign(self.array - self._fitting(value))

    def _fitting(self, value: Any) -> Any:
        array = device_arrays.as_array(value.array if isinstance(value, Tensor) else value)
        return device_arrays.beside(self.array, array.astype(self.array.dtype, copy=False))

    def changed(self) -> None:
        """Note that the array was written to; whoever writes into ``array`` must call this."""
        self.guard[0] = next(changes)
