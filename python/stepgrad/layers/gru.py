"""GRU: a recurrent network with two gates. [Cho et al., 2014]"""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.recurrent import Cell, RecurrentLayer
from stepgrad.ops.recurrent.gru_sequence import gru_step


@LAYERS.register
class GRUCell(Cell):
    """One step of a gated recurrent unit: ``h = z * h + (1 - z) * g``.

    The update gate z and the reset gate r lie between 0 and 1; g is made of the input and of what r lets through of h. Weights hold
    the columns of z, r and g (Keras's h) in this order.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation, recurrent_activation : str or callable, optional
        Of what enters the state, and of the gates.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        The part of the inputs, and of the state, that is dropped while training; the same units at every step of a sequence.
    reset_after : bool
        Apply the reset gate after the product with the recurrent kernel (then there are two biases), or before.
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> h, states = GRUCell(4)(np.ones((2, 3)), [np.zeros((2, 4))])
    >>> h.shape
    (2, 4)
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ):
        arguments = {
            word: value for word, value in locals().items() if word not in ("self", "kwargs", "__class__")
        }
        self._start(arguments, **kwargs)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        several = isinstance(states, list | tuple)
        h = states[0] if several else states
        drop_x, drop_h = self._masks(inputs, h, training)
        weights = self.kernel, self.recurrent_kernel, self.bias
        settings = self.activation, self.recurrent_activation, self.reset_after
        h = gru_step(inputs, h, *weights, *settings, drop_x=drop_x, drop_h=drop_h)
        return h, [h] if several else h

    def _own_config(self) -> dict[str, Any]:
        return {**super()._own_config(), "reset_after": self.reset_after}


@LAYERS.register
class GRU(RecurrentLayer):
    """A gated recurrent unit: nearly as able as an LSTM, with three quarters of its weights and one state.

    Input shape (batch, time, features); output shape (batch, units), or (batch, time, units) with `return_sequences`; with
    `return_state` also h after the last step.

    With tanh, sigmoid, `reset_after`, no recurrent dropout and no `unroll` the whole sequence runs as one op, `ops.gru_sequence`.

    Parameters
    ----------
    units : int
        Size of the state, and of the output.
    activation, recurrent_activation : str or callable, optional
        Of what enters the state, and of the gates.
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
    reset_after : bool
        Apply the reset gate after the product with the recurrent kernel (then there are two biases), or before.
    use_cudnn : {"auto", True, False}
        Taken for Keras programs.

    Examples
    --------
    >>> import numpy as np
    >>> GRU(4)(np.ones((32, 10, 8))).shape
    (32, 4)
    """

    cell_class, cell_name = GRUCell, "gru_cell"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        use_cudnn: str | bool = "auto",
        **kwargs: Any,
    ):
        arguments = {
            word: value for word, value in locals().items() if word not in ("self", "kwargs", "__class__")
        }
        self._start(arguments, kwargs)

    def _fits_one_kernel(self) -> bool:
        return super()._fits_one_kernel() and self.cell.reset_after

    def _run_kernel(self, sequences: Any, states: list, mask: Any) -> tuple:
        weights = self.cell.kernel, self.cell.recurrent_kernel, self._bias()
        return ops.gru_sequence(sequences, *weights, *states, mask, self.return_sequences)
