"""Wrapper: the base class of layers around another layer."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import DTypeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.utils.serialization import deserialize_object, serialize_object


@LAYERS.register
class Wrapper(Layer):
    """A layer around another one, which it builds and saves; the subclass writes `call`.

    Parameters
    ----------
    layer : Layer
    """

    def __init__(self, layer: Layer, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise DTypeError(f"{type(self).__name__} wraps a layer", layer=self.name, got=repr(layer))
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        return cls(**{**config, "layer": deserialize_object(config["layer"], custom_objects)})
