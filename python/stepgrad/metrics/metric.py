"""Metric: a number that is gathered over the batches of an epoch. Computed with NumPy, outside of the tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config, device_arrays, initializers
from stepgrad.errors import NotBuiltError
from stepgrad.tape import Tensor, Variable, wrap
from stepgrad.tape.state import current
from stepgrad.utils.naming import auto_name
from stepgrad.utils.serialization import Registry

METRICS = Registry("metrics")
SEQUENCES = (list, tuple)


class Metric:
    """Base class of all metrics.

    Parameters
    ----------
    dtype : str, optional
        Of its variables and its result.
    name : str, optional
        The key under which `fit` reports it.

    Notes
    -----
    A metric of your own creates its variables in the constructor with `add_variable` and defines ``update_state`` and
    ``result``. `reset_state` sets all variables to zero.

    Examples
    --------
    >>> class Count(Metric):
    ...     def __init__(self, name="count", dtype=None):
    ...         super().__init__(dtype=dtype, name=name)
    ...         self.seen = self.add_variable((), "zeros", name="seen")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.seen.assign_add(len(y_pred))
    ...     def result(self):
    ...         return self.seen
    >>> count = Count()
    >>> count.update_state([0, 1], [0, 1])
    >>> float(count([1], [1]))
    3.0
    """

    def __init__(self, dtype: str | None = None, name: str | None = None):
        self.name = name or auto_name(type(self).__name__)
        self.dtype = dtype or config.floatx()
        self._variables: list[Variable] = []

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in one batch."""
        raise NotImplementedError(
            f"{type(self).__name__} must define update_state(y_true, y_pred, sample_weight=None)"
        )

    def result(self) -> Any:
        """Return the metric over all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            put(variable, 0)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def variables(self) -> list[Variable]:
        """The state: own variables, and those of metrics held as attributes."""
        variables = list(self._variables)
        for value in vars(self).values():
            for inner in value if isinstance(value, SEQUENCES) else (value,):
                if isinstance(inner, Metric):
                    variables += inner.variables
        return variables

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Add a variable to the state."""
        if "_variables" not in vars(self):
            raise NotBuiltError(
                f"{type(self).__name__} adds a variable before it is a Metric",
                fix="call super().__init__() first in __init__",
            )
        variable = Variable(
            initializers.get(initializer or "zeros"),
            tuple(shape),
            dtype or self.dtype,
            trainable=False,
            name=name,
        )
        variable.array = device_arrays.to_host(variable.array)  # where the numbers that are shown are made
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = None,
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Add a variable to the state."""
        return self.add_variable(shape, initializer, dtype, name)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Make the metric that a config describes, without state."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}>"


def to_numpy(x: Any, dtype: Any = None) -> np.ndarray:
    """Return the values of a tensor or array_like, without a copy where possible."""
    array = x.array if isinstance(x, Tensor) else x
    return np.asarray(
        device_arrays.to_host(array) if hasattr(array, "__cuda_array_interface__") else array, dtype
    )


def put(variable: Variable, number: Any) -> None:
    """Do ``variable.assign`` with a number for every entry, in a fraction of the time: a small net's step has several."""
    now = current()
    if now.frozen or now.recorder is not None:
        variable.assign(np.full(variable.shape, number, variable.dtype))
        return
    variable.array[()] = number
    variable.changed()


def as_it_lies(x: Any) -> Any:
    """Return the values of a tensor or array_like where they lie: those on a GPU stay there."""
    return device_arrays.as_array(x.array if isinstance(x, Tensor) else x)


def weights_beside(values: Any, sample_weight: Any, dtype: Any) -> Any:
    """Return sample weights as numbers of a dtype where the values lie that they belong to."""
    return device_arrays.beside(values, as_it_lies(sample_weight).astype(dtype, copy=False))


def add_gathered(variables: Sequence[Variable], amounts: Sequence[Any]) -> None:
    """Add to each variable what was gathered for it, where the predictions lie; all of it is fetched at once."""
    for variable, more in zip(variables, device_arrays.to_host(np.stack(amounts)), strict=True):
        variable.assign_add(more)


def together(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return the values of both where the predictions lie."""
    y_pred = as_it_lies(y_pred)
    return device_arrays.beside(y_pred, as_it_lies(y_true)), y_pred


def divide_no_nan(a: Any, b: Any) -> np.ndarray:
    """Divide; where the divisor is 0 the result is 0."""
    a, b = np.asarray(a), np.asarray(b)
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b))


def as_result(value: Any, dtype: str) -> Tensor:
    """Wrap a result, so that float(), .numpy() and .item() work on it."""
    return wrap(np.asarray(value, dtype=dtype))
