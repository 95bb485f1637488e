"""Model: a layer that can be trained, saved and summarized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad import saving
from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.layers.layer import Layer
from stepgrad.models.trainer import Trainer
from stepgrad.tape import KerasTensor
from stepgrad.utils.nest import flatten
from stepgrad.utils.serialization import Registry

MODELS = Registry("models")


@MODELS.register
class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`.

    Use it in one of two ways: ``Model(inputs, outputs)`` from KerasTensors, or as the base of a class of your own that
    makes its layers in ``__init__`` and uses them in ``call(self, inputs, training=None)``.

    Examples
    --------
    >>> from stepgrad import layers
    >>> x = layers.Input(shape=(4,))
    >>> model = Model(inputs=x, outputs=layers.Dense(2)(x))
    >>> model.count_params()
    10
    >>> import numpy as np
    >>> class Twice(Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = layers.Dense(4)
    ...     def call(self, inputs):
    ...         return self.dense(self.dense(inputs))
    >>> Twice()(np.ones((1, 4))).shape
    (1, 4)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _functional_arguments(args, kwargs):
            from stepgrad.models.functional import Functional

            cls = Functional
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any):
        if _functional_arguments(args, kwargs):  # a subclass that calls super().__init__(inputs, outputs)
            from stepgrad.models.functional import Functional

            _put_functional_under(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        Layer.__init__(self, *args, **kwargs)
        self._start_trainer()

    supports_masking = True

    def to(self, device: str) -> Any:
        """Move all weights, and what the optimizer keeps for them, to a device, "cpu" or "cuda"; returns the model itself."""
        if self.optimizer is not None:
            self.optimizer.to(device)
        return super().to(device)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return None: what comes out of the layers inside carries its own mask."""
        return None

    def _start_trainer(self) -> None:
        Trainer.__init__(self)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; a class of your own writes this."""
        raise ArgumentError(
            f"the model {type(self).__name__} has no call()",
            layer=self.name,
            fix="define call(self, inputs, training=None)",
        )

    @property
    def layers(self) -> list[Layer]:
        """The layers that the model is made of, each once."""
        return list({id(layer): layer for layer in self._layers}.values())

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or by its index in `layers`."""
        if (name is None) == (index is None):
            raise ArgumentError(
                "get_layer takes a name or an index", layer=self.name, got=f"{name=}, {index=}"
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    f"there is no layer {index}", layer=self.name, expected=f"0 to {len(layers) - 1}"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ArgumentError(
            f"there is no layer '{name}'",
            layer=self.name,
            fix=did_you_mean(str(name), [layer.name for layer in layers]),
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, their output shapes and their numbers of weights as a table.

        Parameters
        ----------
        line_length : int, optional
            Width of the table.
        positions : list of float, optional
            Where the columns end, as fractions of the width.
        print_fn : callable, optional
            Gets the whole text, instead of `print`.
        expand_nested : bool
            Also show the layers inside of models that are used as layers.
        show_trainable : bool
            Also show which layers are trained.
        layer_range : (str, str), optional
            Names of (or patterns for) the first and the last layer to show.
        """
        from stepgrad.models.summary import summary_text

        (print_fn or print)(
            summary_text(self, line_length, positions, expand_nested, show_trainable, layer_range)
        )

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        """Make a model from what `get_config` returned."""
        if cls is Model or {"layers", "input_layers", "output_layers"} <= set(config):
            from stepgrad.models.functional import Functional

            return Functional.from_config(config, custom_objects)
        return cls(**config)


def copy_by_config(model: Any, memo: dict) -> Any:
    """Copy a model for `copy.deepcopy`: its graph refers to objects by identity and is built anew."""
    new = type(model).from_config(model.get_config())
    new.set_weights(model.get_weights())
    if model.compiled:
        new.compile_from_config(model.get_compile_config())
    return new


def reduce_to_bytes(model: Any) -> tuple:
    """Take a model apart for `pickle`, and so for the processes of other libraries: what `save` writes."""
    return _from_bytes, (type(model), saving.model_file.to_bytes(model))


def _from_bytes(cls: type, content: bytes) -> Any:
    return saving.model_file.from_bytes(content, {cls.__name__: cls})


def _functional_arguments(args: tuple, kwargs: dict) -> bool:
    if len(args) >= 2 or ("inputs" in kwargs and "outputs" in kwargs):
        return True
    if len(args) == 1 and "outputs" in kwargs:
        return True
    return bool(args) and any(isinstance(x, KerasTensor) for x in flatten(list(args)))


def _put_functional_under(cls: type, functional: type) -> None:
    """Make Functional the base of a subclass of Model, so that it gets the methods of functional models."""
    for base in cls.__mro__:
        if Model in base.__bases__ and base is not functional and not issubclass(base, functional):
            base.__bases__ = tuple(functional if b is Model else b for b in base.__bases__)
