"""What SimpleRNN, LSTM and GRU share: their cells' arguments and dropout masks, and how a layer is made of a cell."""

from __future__ import annotations

from typing import Any

from stepgrad import activations, ops, random
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import Layer
from stepgrad.layers.rnn import RNN
from stepgrad.layers.weighted import Weighted, check_positive
from stepgrad.utils.serialization import serialize_object

FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class Cell(Weighted):
    """One step of a recurrent network: kernel [n, gates * units], recurrent_kernel [units, gates * units], bias."""

    rounds_products = False  # the kernels for whole sequences have no bfloat16

    gates = 1
    activation: Any
    recurrent_activation: Any
    bias_initializer: Any
    _dropout_mask: Any
    _recurrent_dropout_mask: Any

    def _start(self, arguments: dict[str, Any], **kwargs: Any) -> None:
        """Take over the arguments of the constructor, which are the same for all cells but for a few."""
        implementation = kwargs.pop("implementation", 2)
        Layer.__init__(self, **kwargs)
        self.units = check_positive(self, "units", arguments["units"])
        self.use_bias, self.seed = arguments["use_bias"], arguments["seed"]
        for word in ("activation", "recurrent_activation"):
            if word in arguments:
                setattr(self, word, activations.get(arguments[word]))
        for weight in ("kernel", "recurrent", "bias"):
            self._describe(
                weight,
                *[arguments[f"{weight}_{kind}"] for kind in ("initializer", "regularizer", "constraint")],
            )
        self.dropout = min(1.0, max(0.0, arguments["dropout"]))
        self.recurrent_dropout = min(1.0, max(0.0, arguments["recurrent_dropout"]))
        self.implementation = 1 if self.recurrent_dropout and self.gates > 1 else implementation
        self.seed_generator = random.SeedGenerator(self.seed)
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()
        self.state_size: Any = self.units
        self.output_size = self.units

    def build(self, input_shape: tuple) -> None:
        self.kernel = self._create("kernel", (input_shape[-1], self.gates * self.units))
        self.recurrent_kernel = self._create(
            "recurrent", (self.units, self.gates * self.units), name="recurrent_kernel"
        )
        self.bias = self._create("bias", self._bias_shape()) if self.use_bias else None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return zeros for every state."""
        sizes = [self.state_size] if isinstance(self.state_size, int) else self.state_size
        return [ops.zeros((batch_size, size), self.compute_dtype) for size in sizes]

    # -- dropout: one mask for all steps of a sequence --------------------------------------------------------------

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for the inputs, drawn at the first step: a tensor, or a tuple of one a gate; None without dropout."""
        if self._dropout_mask is None and self.dropout > 0:
            object.__setattr__(self, "_dropout_mask", self._draw(step_input, self.dropout))
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for the state, as `get_dropout_mask` does for the inputs."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            object.__setattr__(
                self, "_recurrent_dropout_mask", self._draw(step_input, self.recurrent_dropout)
            )
        return self._recurrent_dropout_mask

    def _draw(self, like: Any, rate: float) -> Any:
        ones = ops.ones_like(like)
        if self.implementation != 1 or self.gates == 1:
            return random.dropout(ones, rate, None, self.seed_generator)
        return tuple(random.dropout(ones, rate, None, self.seed_generator) for _ in range(self.gates))

    def reset_dropout_mask(self) -> None:
        """Draw a new mask next time; the layer does so after every sequence."""
        object.__setattr__(self, "_dropout_mask", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw a new mask for the state next time."""
        object.__setattr__(self, "_recurrent_dropout_mask", None)

    def _masks(self, inputs: Any, h: Any, training: bool) -> tuple[Any, Any]:
        if not training:
            return None, None
        return self.get_dropout_mask(inputs), self.get_recurrent_dropout_mask(h)

    # -- config ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._own_config()}

    def _own_config(self) -> dict[str, Any]:
        """The constructor's arguments, without those of every layer."""
        described = self._described("kernel", "recurrent", "bias")
        words = ("activation", "recurrent_activation")
        return {
            "units": self.units,
            **{w: activations.serialize(getattr(self, w)) for w in words if hasattr(self, w)},
            "use_bias": self.use_bias,
            **described,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


class RecurrentLayer(RNN):
    """An RNN that makes its own cell; the cell's settings can be read from the layer."""

    cell_class: Any = None
    cell_name = ""

    def _start(self, arguments: dict[str, Any], kwargs: dict[str, Any]) -> None:
        """Make the cell and the layer of the arguments of the constructor."""
        flags = {word: arguments.pop(word) for word in FLAGS}
        activity_regularizer = arguments.pop("activity_regularizer")
        arguments.pop("use_cudnn", None)
        implementation = kwargs.pop("implementation", 2)
        cell = self.cell_class(
            **arguments,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name=self.cell_name,
            implementation=implementation,
        )
        RNN.__init__(self, cell, **flags, activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, word: str) -> Any:
        cell = self.__dict__.get("cell")
        if cell is None or word.startswith("_") or word not in cell._own_config():
            raise AttributeError(f"{type(self).__name__} has no attribute '{word}'")
        return getattr(cell, word)

    def inner_loop(
        self, sequences: Any, states: list, mask: Any, training: bool, states_given: bool = False
    ) -> tuple[Any, list]:
        if not self._fits_one_kernel():
            return super().inner_loop(sequences, states, mask, training, states_given)
        if training and self.cell.dropout:  # the same units are dropped at every step
            sequences = sequences * ops.expand_dims(self.cell.get_dropout_mask(sequences[:, 0]), 1)
        output, *states = self._run_kernel(sequences, states, mask)
        if mask is not None and (self.zero_output_for_mask or states_given):
            output = self._masked_output(output, ops.cast(mask, "bool"))
        return output, states

    def _masked_output(self, output: Any, mask: Any) -> Any:
        """Zero the output of masked steps, or (without zero_output_for_mask) of those before the first step that counts."""
        if not self.zero_output_for_mask:
            mask = ops.cumsum(ops.cast(mask, "int32"), axis=1) > 0
        return ops.where(ops.expand_dims(mask, -1) if self.return_sequences else mask[:, -1:], output, 0.0)

    def _fits_one_kernel(self) -> bool:
        """Tell whether a whole sequence can run as one op."""
        cell = self.cell
        standard = cell.activation is ops.tanh and cell.recurrent_activation is ops.sigmoid
        one_mask = not cell.recurrent_dropout and not (cell.dropout and cell.implementation == 1)
        return standard and one_mask and not self.unroll

    def _run_kernel(self, sequences: Any, states: list, mask: Any) -> tuple:
        """Run the op on the whole sequence; returns (output, state, ...)."""
        raise NotImplementedError

    def _bias(self) -> Any:
        cell = self.cell
        return cell.bias if cell.use_bias else ops.zeros(cell._bias_shape(), cell.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        config = {**Layer.get_config(self), **self._flags(), **self.cell._own_config()}
        config["activity_regularizer"] = serialize_object(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        return cls(**config)
