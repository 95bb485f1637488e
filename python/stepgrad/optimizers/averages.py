"""Averages: weight decay, and moving averages of the weights."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stepgrad.errors import ArgumentError
from stepgrad.optimizers.rate import Rate
from stepgrad.tape import Variable


class Averages(Rate):
    """What happens to the weights before and after an update, whatever its rule."""

    weight_decay: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    _trainable_variables: list[Variable]
    _averages: list[Variable]
    _excluded: tuple[set[int], tuple[str, ...]]  # ids, patterns of names

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Keep variables from decaying: given ones, and those whose name holds one of the patterns `var_names`."""
        if self.built:
            raise ArgumentError("exclude_from_weight_decay must be called before the optimizer is built")
        self._excluded = ({id(v) for v in var_list or ()}, tuple(var_names or ()))

    def _decay(self, variables: list[Variable], learning_rate: float) -> None:
        if self.weight_decay is None:
            return
        ids, names = self._excluded
        for v in variables:
            if id(v) not in ids and not any(re.search(name, v.name) for name in names):
                v.array -= v.array * (self.weight_decay * learning_rate)
                v.changed()

    def _update_averages(self) -> None:
        momentum = (
            self.ema_momentum if int(self.iterations) else 0.0
        )  # the first step starts from the variables
        for variable, average in zip(self._trainable_variables, self._averages):
            average.assign(momentum * average.array + (1 - momentum) * variable.array)
        if self.ema_overwrite_frequency and (int(self.iterations) + 1) % self.ema_overwrite_frequency == 0:
            self.finalize_variable_values(self._trainable_variables)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Put the moving averages into the variables, at the end of training."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._averages[self.index_of(variable)])
