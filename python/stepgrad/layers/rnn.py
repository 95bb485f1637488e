"""RNN: a cell applied to one time step after the other."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.layers.calling import parameters
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.stacked_rnn_cells import StackedRNNCells, output_size, zero_states
from stepgrad.tape import Variable, no_grad, scope, wrap
from stepgrad.utils.serialization import deserialize_object, serialize_object
from stepgrad.utils.tree import flatten, map_structure, pack


@LAYERS.register
class RNN(Layer):
    """Run a cell over the time steps of a sequence, its state carried from step to step.

    Input shape (batch, time, ...). Output shape (batch, output size), or (batch, time, output size) with `return_sequences`; with
    `return_state` a tuple of the output and the states after the last step.

    Parameters
    ----------
    cell : layer, or list of them
        Has ``call(inputs, states)``, which returns (output, new states), and ``state_size``: an int, or one for each state. A
        list is stacked.
    return_sequences : bool
        Whether to return the output of every step, or that of the last one.
    return_state : bool
    go_backwards : bool
        Begin at the last step; the outputs come in the order in which they are made.
    stateful : bool
        Begin each batch with the states that the batch before left; `reset_state` sets them to zero.
    unroll : bool
        Taken for Keras programs: the steps always run one by one here.
    zero_output_for_mask : bool
        Whether the output of a masked step is zero, or that of the step before.

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> class Sum(layers.Layer):
    ...     state_size = 1
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> layers.RNN(Sum(), return_sequences=True)(np.array([[[1.0], [2.0], [4.0]]])).tolist()
    [[[1.0], [3.0], [7.0]]]
    """

    rounds_products = False  # the kernels for whole sequences have no bfloat16

    supports_masking = True
    states: Any  # of a stateful layer, nested like state_size

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ):
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        for word in ("call", "state_size"):
            if not hasattr(cell, word):
                raise ArgumentError(
                    f"the cell of an RNN has a {word}",
                    got=repr(cell),
                    fix="define call(self, inputs, states) and set self.state_size in the cell",
                )
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self._keep_states(None)

    @property
    def state_size(self) -> list:
        """The size of every state."""
        size = self.cell.state_size
        return [size] if isinstance(size, int) else list(size)

    def _keep_states(self, states: Any) -> None:
        object.__setattr__(self, "states", states)  # neither weights nor saved

    # -- shapes ----------------------------------------------------------------------------------------------------

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ShapeError(
                    "a stateful layer needs to know the size of a batch",
                    layer=self.name,
                    got=str(tuple(sequences_shape)),
                    fix="Input(batch_shape=(32, 10, 8))",
                )
            self._keep_states(
                map_structure(
                    lambda x: Variable(x.array, trainable=False, name="rnn_state"),
                    self.get_initial_state(sequences_shape[0]),
                )
            )

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        batch, time = sequences_shape[:2]
        size = output_size(self.cell)
        output = (batch, time, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return output
        return output, *[map_structure(lambda n: (batch, n), size) for size in self.state_size]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        mask = flatten(previous_mask)[0] if self.return_sequences else None
        return [mask, *[None for _ in flatten(self.state_size)]] if self.return_state else mask

    # -- state -----------------------------------------------------------------------------------------------------

    def get_initial_state(self, batch_size: int) -> list:
        """Return the states before the first step: zeros, unless the cell has a `get_initial_state` of its own."""
        states = zero_states(self.cell, batch_size, self.compute_dtype)
        return list(states) if isinstance(states, list | tuple) else [states]

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        for variable in flatten(self.states) if self.states is not None else ():
            variable.assign(variable.array * 0)

    reset_states = reset_state

    # -- running ---------------------------------------------------------------------------------------------------

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        given = initial_state is not None or self.stateful
        states = self._first_states(sequences.shape[0], initial_state)
        if isinstance(mask, list | tuple):
            mask = mask[0]
        if self.go_backwards:
            sequences = ops.flip(sequences, 1)
            mask = None if mask is None else ops.flip(mask, 1)
        try:
            output, states = self.inner_loop(sequences, states, mask, training, given)
        finally:
            _forget_dropout(self.cell)
        if self.stateful:
            with no_grad():
                for variable, state in zip(flatten(self.states), flatten(states), strict=True):
                    variable.assign(state.array)
        return (output, *states) if self.return_state else output

    def _first_states(self, batch: int, given: Any) -> list:
        if given is not None:
            return list(given) if isinstance(given, list | tuple) else [given]
        if not self.stateful:
            return self.get_initial_state(batch)
        size = len(flatten(self.states)[0])
        if size != batch:
            raise ShapeError(
                "a stateful layer was built for another size of batch",
                layer=self.name,
                expected=f"{size} samples",
                got=f"{batch}",
                fix="drop the last, smaller batch, or build a new model",
            )
        return map_structure(lambda v: wrap(v.array.copy()), self.states)  # the variables change below

    def inner_loop(
        self, sequences: Any, states: list, mask: Any, training: bool, states_given: bool = False
    ) -> tuple[Any, list]:
        """Run all steps; returns (output, states)."""
        takes_training = isinstance(self.cell, Layer) and "training" in parameters(type(self.cell).call)
        more = {"training": training} if takes_training else {}
        run = self.cell if callable(self.cell) else self.cell.call
        steps = ops.unstack(sequences, axis=1)
        masks = [None] * len(steps) if mask is None else ops.unstack(ops.cast(mask, "bool"), axis=1)
        if not steps:
            raise ShapeError(
                "a sequence without time steps has no output", layer=self.name, got=str(sequences.shape)
            )
        outputs: list = []
        for t, (x, m) in enumerate(zip(steps, masks, strict=True), 1):
            with scope(f"t{t}"):
                output, new = run(x, states, **more)
                new = list(new) if isinstance(new, list | tuple) else [new]
                if m is not None:
                    zero = not outputs or self.zero_output_for_mask
                    output = _select(m, output, ops.zeros_like(output) if zero else outputs[-1])
                    new = pack(
                        new, [_select(m, a, b) for a, b in zip(flatten(new), flatten(states), strict=True)]
                    )
            states = new
            outputs = [*outputs, output] if self.return_sequences else [output]
        return (ops.stack(outputs, axis=1) if self.return_sequences else outputs[-1]), states

    # -- config ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._flags(), "cell": serialize_object(self.cell)}

    def _flags(self) -> dict[str, Any]:
        return {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        return cls(**{**config, "cell": deserialize_object(config["cell"], custom_objects)})


def _select(mask: Any, new: Any, old: Any) -> Any:
    """Take `new` where the step counts; the mask is (batch,)."""
    return ops.where(ops.reshape(mask, (-1, *[1] * (new.ndim - 1))), new, old)


def _forget_dropout(cell: Any) -> None:
    """The next sequence draws new dropout masks."""
    for one in getattr(cell, "cells", [cell]):
        if hasattr(one, "reset_dropout_mask"):
            one.reset_dropout_mask()
            one.reset_recurrent_dropout_mask()
