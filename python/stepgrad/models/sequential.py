"""Sequential: layers in a row."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.layers.calling import NotConnectedError, context, parameters
from stepgrad.layers.input_layer import InputLayer
from stepgrad.layers.layer import Layer
from stepgrad.layers.masks import with_mask
from stepgrad.models.functional import Functional
from stepgrad.models.model import MODELS, Model, copy_by_config, reduce_to_bytes
from stepgrad.tape import KerasTensor
from stepgrad.utils.serialization import deserialize_object, serialize_object
from stepgrad.utils.tree import is_shape


@MODELS.register
class Sequential(Model):
    """A stack of layers, each of which gets what the one before returned.

    With an `Input` in front the model is built at once; without, on the first call.

    Parameters
    ----------
    layers : list of Layer, optional
    trainable : bool
    name : str, optional

    Examples
    --------
    >>> from stepgrad import layers
    >>> model = Sequential([layers.Input(shape=(4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
    >>> model.output_shape, model.count_params()
    ((None, 2), 23)
    >>> model.pop().units, model.output_shape
    (2, (None, 3))
    """

    _functional: Functional | None
    _tensors: list[KerasTensor]

    def __init__(
        self, layers: list[Layer | KerasTensor] | None = None, trainable: bool = True, name: str | None = None
    ):
        super().__init__(trainable=trainable, name=name)
        object.__setattr__(self, "_functional", None)
        object.__setattr__(self, "_tensors", [])  # the symbolic input, and what each layer made of it
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._rebuild()

    # -- the stack -------------------------------------------------------------------------------------------------

    def add(self, layer: Layer | KerasTensor, rebuild: bool = True) -> None:
        """Put a layer on top."""
        if isinstance(layer, KerasTensor) and layer.node and isinstance(layer.node.operation, InputLayer):
            layer = layer.node.operation
        if not isinstance(layer, Layer):
            raise DTypeError(
                "only layers can be added to a Sequential model",
                layer=self.name,
                got=f"{type(layer).__name__}: {layer!r:.60}",
                fix="layers.Activation('relu') or layers.Lambda(function) for a function; Dense(3), not Dense",
            )
        if any(layer.name == other.name for other in self._layers):
            raise ArgumentError(
                f"the model already has a layer '{layer.name}'",
                layer=self.name,
                fix="give one of them another name=; to use one layer twice, use a functional Model",
            )
        if isinstance(layer, InputLayer) and self._layers:
            raise ArgumentError(
                "an Input can only come first", layer=self.name, got=f"{len(self._layers)} layer(s) before it"
            )
        self._layers.append(layer)
        if not self.trainable:
            layer.trainable = False
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the layer on top away and return it."""
        if not self.layers:
            raise ArgumentError("there is no layer to take away", layer=self.name)
        layer = self._layers.pop()
        del self._tensors[len(self._layers) :]
        if rebuild:
            self._rebuild()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        layers = list(self._layers)
        return layers[1:] if layers and isinstance(layers[0], InputLayer) else layers

    def _rebuild(self) -> None:
        """Connect the layers as far as the shape of the input is known."""
        object.__setattr__(self, "_functional", None)
        self.built = False
        if len(self._layers) < 2 and not self._tensors:
            return
        if isinstance(self._layers[0], InputLayer):
            self.build(self._layers[0].batch_shape)
        elif isinstance(self._layers[0], Functional) and is_shape(self._layers[0].input_shape):
            self.build(self._layers[0].input_shape)

    def _lock_state(self) -> None:
        """The stack may change at any time."""

    # -- running ---------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Build every layer, given the shape of the input with its batch axis."""
        if not is_shape(input_shape):
            return  # several inputs: the layers are called one after the other
        input_shape = tuple(input_shape)
        if not self._layers:
            raise ArgumentError(
                "a model without layers cannot be built", layer=self.name, fix="model.add(layer)"
            )
        if not isinstance(self._layers[0], InputLayer):
            first = InputLayer(batch_shape=input_shape, dtype=self._layers[0].compute_dtype)
            self._layers.insert(0, first)
        elif self._layers[0].batch_shape != input_shape:
            raise ArgumentError(
                "the model already has an Input of another shape",
                layer=self.name,
                expected=str(self._layers[0].batch_shape),
                got=str(input_shape),
            )
        with context.tracing_calls(False):
            self._connect()

    def _connect(self) -> None:
        tensors = self._tensors
        tensors[:] = tensors or [self._layers[0].output]
        for layer in self._layers[len(tensors) :]:
            try:
                tensors.append(layer(tensors[-1]))
            except (AttributeError, DTypeError) as error:
                if "KerasTensor" not in str(error):
                    raise
                return  # a layer that needs values: it runs, but its output shape is not known
        functional = Functional(tensors[0], tensors[-1], name=self.name)
        object.__setattr__(self, "_functional", functional)
        self.input_spec = functional.input_spec

    def _convert(self, x: Any, positional: bool = False) -> Any:
        if self._functional is not None:
            return self._functional._convert(x, positional)
        return super()._convert(x, positional)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask)
        if mask is not None:
            with_mask(inputs, mask)
        for layer in self.layers:
            takes = training is not None and "training" in parameters(type(layer).call)
            inputs = layer(inputs, training=training) if takes else layer(inputs)
        return inputs

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return (
            self._functional.compute_output_spec(inputs)
            if self._functional is not None
            else self.call(inputs)
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._functional is not None:
            return self._functional.compute_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def _known(self, word: str) -> Any:
        if self._functional is None:
            raise NotConnectedError(
                f"the model has no {word} yet",
                layer=self.name,
                fix="start it with Input(shape=...), call it on data, or model.build((None, ...))",
            )
        return getattr(self._functional, word)

    input_shape = property(lambda self: self._known("input_shape"), doc="Shape of the input.")
    output_shape = property(lambda self: self._known("output_shape"), doc="Shape of the output.")
    inputs = property(lambda self: self._known("inputs"), doc="The symbolic input, in a list.")
    outputs = property(lambda self: self._known("outputs"), doc="The symbolic output, in a list.")
    input = property(lambda self: self._known("input"), doc="The symbolic input.")
    output = property(lambda self: self._known("output"), doc="The symbolic output.")
    input_names = property(lambda self: self._known("input_names"), doc="The name of the input, in a list.")
    output_names = property(
        lambda self: self._known("output_names"), doc="The name of the last layer, in a list."
    )

    # -- config ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "layers": [serialize_object(layer) for layer in self._layers]}
        if self._functional is not None:
            config["build_input_shape"] = self._layers[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Sequential:
        model = cls(name=config.get("name"))
        for layer in config["layers"]:
            model.add(deserialize_object(layer, custom_objects), rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if model._functional is None and shape and is_shape(shape) and model._layers:
            model.build(tuple(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model

    __deepcopy__ = copy_by_config
    __reduce__ = reduce_to_bytes
