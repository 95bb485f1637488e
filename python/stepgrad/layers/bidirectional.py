"""Bidirectional: a sequence read forwards and backwards."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice
from stepgrad.utils.serialization import deserialize_object, serialize_object


@LAYERS.register
class Bidirectional(Layer):
    """Run one recurrent layer from the first step to the last, another from the last to the first, and join the outputs.

    The two begin as copies of `layer`, without its weights. With `return_state` the states of both follow the output. Where a step is
    masked, the output of a sequence is zero.

    Parameters
    ----------
    layer : RNN, LSTM, GRU, ...
    merge_mode : {"concat", "sum", "mul", "ave", None}
        How the outputs are joined; None returns both.
    weights : list of array, optional
        The first values of the weights: those of the forward layer, then those of the backward layer.
    backward_layer : layer, optional
        Reads backwards (``go_backwards=True``), in place of a copy.

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> Bidirectional(layers.LSTM(4, return_sequences=True))(np.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    supports_masking = True
    _first_weights: Any

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for one in (layer, backward_layer) if backward_layer is not None else (layer,):
            if not isinstance(one, Layer):
                raise DTypeError("Bidirectional wraps recurrent layers", layer=self.name, got=repr(one))
        if merge_mode is not None:
            check_choice(self, "merge_mode", merge_mode, ("concat", "sum", "mul", "ave"))
        self.merge_mode = merge_mode
        self.forward_layer = _copy_of(layer, "forward")
        self.backward_layer: Any = backward_layer or _copy_of(layer, "backward", go_backwards=True)
        self._check()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        object.__setattr__(self, "_first_weights", weights)
        self.stateful, self.return_state = layer.stateful, layer.return_state
        self.return_sequences = layer.return_sequences
        self.input_spec = layer.input_spec

    def _check(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ArgumentError(
                "one of the two layers reads forwards and the other backwards",
                layer=self.name,
                got=f"go_backwards={forward.go_backwards} for both",
                fix="backward_layer=LSTM(..., go_backwards=True)",
            )
        for word in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, word) != getattr(backward, word):
                raise ArgumentError(
                    f"both layers need the same {word}",
                    layer=self.name,
                    got=f"{getattr(forward, word)} and {getattr(backward, word)}",
                )

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        output, states = (shape[0], shape[1:]) if self.return_state else (shape, ())
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        outputs = (output, output) if self.merge_mode is None else (output,)
        if self.return_state:
            return (*outputs, *states, *states)
        return outputs if self.merge_mode is None else output

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        mask = previous_mask if self.return_sequences else None
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            outputs += [None] * (2 * len(self.forward_layer.state_size))
        return outputs

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        first: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            half = len(initial_state) // 2
            first = initial_state[:half], initial_state[half:]
        layers = (self.forward_layer, self.backward_layer)
        results = [
            layer(sequences, initial_state=state, mask=mask, training=training)
            for layer, state in zip(layers, first, strict=True)
        ]
        states: tuple = ()
        if self.return_state:
            states = (*results[0][1:], *results[1][1:])
            results = [result[0] for result in results]
        y, y_back = results
        if self.return_sequences:
            y_back = ops.flip(y_back, 1)
        output = self._merge(y, y_back)
        if self.merge_mode is None:
            return (*output, *states)
        return (output, *states) if self.return_state else output

    def _merge(self, y: Any, y_back: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([y, y_back], axis=-1)
        if self.merge_mode == "mul":
            return y * y_back
        if self.merge_mode is None:
            return y, y_back
        return (y + y_back) * (0.5 if self.merge_mode == "ave" else 1.0)

    def reset_state(self) -> None:
        """Set the states of both layers to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self) -> Any:
        """The states of the forward layer, then those of the backward layer; None unless stateful."""
        states = self.forward_layer.states, self.backward_layer.states
        return None if None in states else (*states[0], *states[1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize_object(self.forward_layer),
            "backward_layer": serialize_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Bidirectional:
        layers = {
            w: deserialize_object(config[w], custom_objects)
            for w in ("layer", "backward_layer")
            if config.get(w)
        }
        return cls(**{**config, **layers})


def _copy_of(layer: Any, direction: str, **changes: Any) -> Any:
    """Return a new layer with the same settings, named after its direction."""
    saved = serialize_object(layer)
    name = f"{direction}_{layer.name.removeprefix(direction + '_')}"
    saved["config"] = {**saved["config"], "name": name, **changes}
    return deserialize_object(saved)
