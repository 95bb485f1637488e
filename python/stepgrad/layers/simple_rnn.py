"""SimpleRNN: h = tanh(x W + h U + b), step after step."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.recurrent import Cell, RecurrentLayer
from stepgrad.ops.recurrent.sequence import dropped_product


@LAYERS.register
class SimpleRNNCell(Cell):
    """One step of a simple recurrent network: ``h = activation(x @ kernel + h @ recurrent_kernel + bias)``.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation : str or callable, optional
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        The part of the inputs, and of the state, that is dropped while training; the same units at every step of a sequence.
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> h, states = SimpleRNNCell(4)(np.ones((2, 3)), [np.zeros((2, 4))])
    >>> h.shape, states[0] is h
    ((2, 4), True)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        arguments = {
            word: value for word, value in locals().items() if word not in ("self", "kwargs", "__class__")
        }
        self._start(arguments, **kwargs)

    def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
        several = isinstance(states, list | tuple)
        h = states[0] if several else states
        drop_x, drop_h = self._masks(sequence, h, training)
        z = dropped_product(sequence, self.kernel, drop_x)
        if self.use_bias:
            z = ops.add(z, self.bias)
        h = self.activation(z + dropped_product(h, self.recurrent_kernel, drop_h))
        return h, [h] if several else h


@LAYERS.register
class SimpleRNN(RecurrentLayer):
    """A recurrent network whose output is its state: ``h = activation(x @ kernel + h @ recurrent_kernel + bias)``.

    Input shape (batch, time, features); output shape (batch, units), or (batch, time, units) with `return_sequences`.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation : str or callable, optional
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    activity_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        The part of the inputs, and of the state, that is dropped while training; the same units at every step of a sequence.
    seed : int, optional
    return_sequences, return_state, go_backwards, stateful, unroll : bool
        As in `RNN`.

    Examples
    --------
    >>> import numpy as np
    >>> SimpleRNN(4, return_sequences=True)(np.ones((2, 10, 8))).shape
    (2, 10, 4)
    """

    cell_class, cell_name = SimpleRNNCell, "simple_rnn_cell"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ):
        arguments = {
            word: value for word, value in locals().items() if word not in ("self", "kwargs", "__class__")
        }
        self._start(arguments, kwargs)

    def _fits_one_kernel(self) -> bool:
        return False
