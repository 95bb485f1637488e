"""Rate: how many steps an optimizer has done, and the learning rate of the next one."""

from __future__ import annotations

from typing import Any

from stepgrad.device_arrays import to_host
from stepgrad.errors import DTypeError
from stepgrad.optimizers.schedules import LearningRateSchedule
from stepgrad.optimizers.state import State
from stepgrad.tape import Variable, wrap


class Rate(State):
    """The numbers that Python reads in every step."""

    gradient_accumulation_steps: int | None
    _iterations: Variable
    _learning_rate: Any  # a Variable, a schedule, or a function without arguments

    def _add_number(self, name: str, dtype: str, initializer: str = "zeros") -> Variable:
        """Add a number that Python reads in every step: it lies on the host, so that no step waits for a GPU."""
        variable = self.add_variable((), initializer, dtype, name)
        variable.array = to_host(variable.array)
        self._numbers.append(variable)
        return variable

    @property
    def iterations(self) -> Any:
        """Number of updates so far."""
        if self.gradient_accumulation_steps:
            return wrap(self._iterations.array // self.gradient_accumulation_steps)
        return self._iterations

    @property
    def _t(self) -> int:
        """The t of the formulas: the number of this update, from 1."""
        return self._iterations.array.item() // (self.gradient_accumulation_steps or 1) + 1

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step."""
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self._iterations) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(self._learning_rate, Variable):
            if callable(value):
                self._variables = [v for v in self._variables if v is not self._learning_rate]
                self._learning_rate = value
            else:
                self._set_rate(value)
        elif callable(value):
            self._learning_rate = value
        else:
            raise DTypeError(
                "this optimizer's learning rate follows a schedule and cannot be set to a number",
                got=f"{value} for {type(self._learning_rate).__name__}",
                fix="create the optimizer with a float learning_rate, or assign another schedule",
            )

    def _set_rate(self, value: Any) -> None:
        self._given_rate = _number(value)
        self._learning_rate.assign(self._given_rate)

    def _rate(self) -> float:
        """Return the learning rate of the next step as a number."""
        rate = self._learning_rate
        return rate.array.item() if isinstance(rate, Variable) else float(self.learning_rate)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DTypeError(
            "a learning rate is a number, a LearningRateSchedule or a function without arguments",
            got=repr(value),
        ) from None
