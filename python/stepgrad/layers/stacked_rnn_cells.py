"""StackedRNNCells: several cells, each fed by the one below, that look like one."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.calling import parameters
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.utils.serialization import deserialize_object, serialize_object


@LAYERS.register
class StackedRNNCells(Layer):
    """A stack of cells as one cell: the output of each is the input of the next.

    Parameters
    ----------
    cells : list of cells

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> cells = StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)])
    >>> cells.state_size
    [[4, 4], 3]
    >>> layers.RNN(cells)(np.ones((2, 5, 6))).shape
    (2, 3)
    """

    rounds_products = False  # the kernels for whole sequences have no bfloat16

    def __init__(self, cells: Any, **kwargs: Any):
        super().__init__(**kwargs)
        for cell in cells:
            for word in ("call", "state_size"):
                if not hasattr(cell, word):
                    raise ArgumentError(f"every cell has a {word}", layer=self.name, got=repr(cell))
        self.cells = list(cells)

    @property
    def state_size(self) -> list:
        """The state sizes of the cells."""
        return [list(size) if isinstance(size := c.state_size, list | tuple) else size for c in self.cells]

    @property
    def output_size(self) -> int:
        """The output size of the last cell."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int) -> list:
        """Return the states of all cells before the first step."""
        return [zero_states(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: tuple) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: list, training: bool = False) -> Any:
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            takes_training = isinstance(cell, Layer) and "training" in parameters(type(cell).call)
            one = not isinstance(state, list | tuple)
            run = cell if callable(cell) else cell.call
            inputs, new = run(
                inputs, [state] if one else list(state), **({"training": training} if takes_training else {})
            )
            new = list(new) if isinstance(new, list | tuple) else [new]
            new_states.append(new[0] if one else new)
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> StackedRNNCells:
        return cls(**{**config, "cells": [deserialize_object(c, custom_objects) for c in config["cells"]]})


def output_size(cell: Any) -> int:
    """Return the size of what a cell puts out: its `output_size`, else its first state's size."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size
    return size if isinstance(size, int) else size[0]


def zero_states(cell: Any, batch_size: int, dtype: str) -> Any:
    """Return a cell's states before the first step, nested like its `state_size`."""
    if hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=batch_size)
        return states[0] if isinstance(cell.state_size, int) and isinstance(states, list | tuple) else states
    if isinstance(cell.state_size, int):
        return ops.zeros((batch_size, cell.state_size), dtype)
    return [ops.zeros((batch_size, size), dtype) for size in cell.state_size]
