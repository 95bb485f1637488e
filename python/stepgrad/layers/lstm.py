"""LSTM: a recurrent network that learns what to keep. [Hochreiter and Schmidhuber, 1997]"""

from __future__ import annotations

from typing import Any

from stepgrad import initializers, ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.recurrent import Cell, RecurrentLayer
from stepgrad.ops.recurrent.lstm_sequence import lstm_step


@LAYERS.register
class LSTMCell(Cell):
    """One step of a long short-term memory, with states h and c.

    The gates i, f, o lie between 0 and 1: ``c = f * c + i * g`` and ``h = o * activation(c)``. Weights hold the columns of i, f, g
    (Keras's c) and o in this order.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation, recurrent_activation : str or callable, optional
        Of what enters the state, and of the gates.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    unit_forget_bias : bool
        Begin with a bias of 1 at the forget gate. [Jozefowicz et al., 2015]
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        The part of the inputs, and of the state, that is dropped while training; the same units at every step of a sequence.
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> h, states = LSTMCell(4)(np.ones((2, 3)), [np.zeros((2, 4)), np.zeros((2, 4))])
    >>> h.shape, len(states)
    ((2, 4), 2)
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def build(self, input_shape: tuple) -> None:
        described = self.bias_initializer
        if self.unit_forget_bias and self.use_bias:
            self.bias_initializer = self._forget_bias(described)
        super().build(input_shape)
        self.bias_initializer = described

    def _forget_bias(self, rest: Any) -> Any:
        n, ones = self.units, initializers.get("ones")

        def initialize(_: Any, dtype: Any = None) -> Any:
            return ops.concatenate(
                [rest((n,), dtype=dtype), ones((n,), dtype=dtype), rest((2 * n,), dtype=dtype)]
            )

        return initialize

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        h, c = states
        drop_x, drop_h = self._masks(inputs, h, training)
        weights = self.kernel, self.recurrent_kernel, self.bias
        h, c = lstm_step(
            inputs, h, c, *weights, self.activation, self.recurrent_activation, drop_x=drop_x, drop_h=drop_h
        )
        return h, [h, c]

    def _own_config(self) -> dict[str, Any]:
        return {**super()._own_config(), "unit_forget_bias": self.unit_forget_bias}


@LAYERS.register
class LSTM(RecurrentLayer):
    """A long short-term memory: a recurrent network whose gates decide what to let in, what to keep and what to show.

    Input shape (batch, time, features); output shape (batch, units), or (batch, time, units) with `return_sequences`; with
    `return_state` also h and c after the last step.

    With tanh, sigmoid, no recurrent dropout and no `unroll` the whole sequence runs as one op, `ops.lstm_sequence`.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation, recurrent_activation : str or callable, optional
        Of what enters the state, and of the gates.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    unit_forget_bias : bool
        Begin with a bias of 1 at the forget gate. [Jozefowicz et al., 2015]
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    activity_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        The part of the inputs, and of the state, that is dropped while training; the same units at every step of a sequence.
    seed : int, optional
    return_sequences, return_state, go_backwards, stateful, unroll : bool
        As in `RNN`.
    use_cudnn : {"auto", True, False}
        Taken for Keras programs.

    Examples
    --------
    >>> import numpy as np
    >>> LSTM(4)(np.ones((32, 10, 8))).shape
    (32, 4)
    >>> output, h, c = LSTM(4, return_sequences=True, return_state=True)(np.ones((32, 10, 8)))
    >>> output.shape, h.shape, c.shape
    ((32, 10, 4), (32, 4), (32, 4))
    """

    cell_class, cell_name = LSTMCell, "lstm_cell"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        use_cudnn: str | bool = "auto",
        **kwargs: Any,
    ):
        arguments = {
            word: value for word, value in locals().items() if word not in ("self", "kwargs", "__class__")
        }
        self._start(arguments, kwargs)

    def _run_kernel(self, sequences: Any, states: list, mask: Any) -> tuple:
        weights = self.cell.kernel, self.cell.recurrent_kernel, self._bias()
        return ops.lstm_sequence(sequences, *weights, *states, mask, self.return_sequences)
