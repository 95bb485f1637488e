"""State: what an optimizer keeps beside the variables it changes, and how that is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config, initializers
from stepgrad.devices import move_variables
from stepgrad.errors import ArgumentError
from stepgrad.tape import Variable


class State:
    """The step count, the learning rate and a slot or more for each variable, in the order in which they were added."""

    def __init__(self, name: str):
        self.name = name
        self.built = False
        self._variables: list[Variable] = []
        self._numbers: list[Variable] = []  # those that Python reads in every step
        self._indices: dict[int, int] = {}  # id of a trainable variable -> its position

    @property
    def variables(self) -> list[Variable]:
        """Everything that saving must keep: the step count, the learning rate, and what belongs to each variable."""
        return list(self._variables)

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Add a variable that is saved with the optimizer."""
        variable = Variable(
            initializers.get(initializer), shape, dtype or config.floatx(), trainable=False, name=name
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Add a variable with the shape and dtype of another one."""
        name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name)

    def to(self, device: str) -> None:
        """Move what belongs to the weights to a device; the step count and the rate stay on the host, where Python reads them."""
        numbers = set(map(id, self._numbers))
        move_variables([v for v in self._variables if id(v) not in numbers], device)

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """Add one variable for each trainable one, or, for several names, several lists of them."""
        names = [name] if isinstance(name, str) else list(name)
        values = list(initializer) if isinstance(initializer, list | tuple) else [initializer] * len(names)
        slots: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for slot, one, value in zip(slots, names, values, strict=True):
                slot.append(self.add_variable_from_reference(variable, one, value))
        return slots[0] if isinstance(name, str) else slots

    def index_of(self, variable: Variable) -> int:
        """Return the position of a variable among those the optimizer was built for."""
        return self._indices[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """Replace a variable's values; with `assign_add` and `assign_sub` for optimizers written for Keras."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    _get_variable_index = index_of  # Keras's name, which optimizers written for Keras use

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the state into `store` as arrays, so that training can go on later from exactly here."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read the state that `save_own_variables` wrote; the optimizer must be built for the same variables."""
        if len(store.keys()) != len(self._variables):
            raise ArgumentError(
                f"the saved state does not belong to optimizer '{self.name}'",
                expected=f"{len(self._variables)} arrays",
                got=f"{len(store.keys())}",
                fix="build it with the same variables and settings first"
                if self.built
                else "call build(variables) first",
            )
        for i, variable in enumerate(self._variables):
            variable.assign(np.asarray(store[str(i)]))

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the state from a list of arrays."""
        self.load_own_variables({str(i): w for i, w in enumerate(weights)})
