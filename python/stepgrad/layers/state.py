"""State: the weights and losses of a layer and of all layers below it."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.devices import move_variables
from stepgrad.errors import ArgumentError, DTypeError, NotBuiltError, ShapeError
from stepgrad.layers.tracking import Tracking
from stepgrad.tape import KerasTensor, Tensor, Variable
from stepgrad.utils.nest import flatten


class State(Tracking):
    """The part of a layer that holds and lists its weights and losses."""

    built = False
    _trainable: bool
    _losses: list[Tensor]

    @property
    def trainable(self) -> bool:
        """Whether the optimizer changes the weights; setting it also sets all sublayers and weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._trainable_variables:
            variable.trainable = self._trainable
        for layer in self._layers:
            layer.trainable = self._trainable

    @property
    def weights(self) -> list[Variable]:
        """All weights: own trainable, own non-trainable, then those of the sublayers."""
        found = {id(v): v for v in (*self._trainable_variables, *self._non_trainable_variables)}
        for layer in self._layers:
            for variable in layer.weights:
                found.setdefault(id(variable), variable)
        return list(found.values())

    def to(self, device: str) -> Any:
        """Move all weights to a device, "cpu" or "cuda", and return the layer itself.

        Examples
        --------
        >>> import stepgrad as sg
        >>> dense = sg.layers.Dense(2)
        >>> dense.to("cpu") is dense
        True
        """
        move_variables(self.weights, device)
        return self

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer leaves alone."""
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def metrics(self) -> list:
        """The metrics that were set as attributes, here and in sublayers."""
        return [*self._metrics, *(metric for layer in self._layers for metric in layer.metrics)]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the values of `weights`."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: list) -> None:
        """Set the values of `weights`, in the same order."""
        variables = self.weights
        values = [np.asarray(value) for value in weights]
        if len(values) != len(variables):
            raise ArgumentError(
                "the number of arrays is not the number of weights",
                layer=self.name,
                expected=f"{len(variables)}: " + ", ".join(v.path for v in variables) if variables else "0",
                got=f"{len(values)}",
                fix=None
                if self.built
                else "build the layer first: call it on data, or layer.build(input_shape)",
            )
        for variable, value in zip(variables, values, strict=True):
            if variable.shape != value.shape:
                raise ShapeError(
                    f"the weight '{variable.path}' has another shape",
                    layer=self.name,
                    expected=str(variable.shape),
                    got=str(value.shape),
                )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    @property
    def _own_variables(self) -> list[Variable]:
        """The weights without those of the sublayers."""
        return [*self._trainable_variables, *self._non_trainable_variables]

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the own weights into `store` as arrays; a layer may override it to keep more, or less."""
        for i, variable in enumerate(self._own_variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        for i, variable in enumerate(self._own_variables):
            variable.assign(np.asarray(store[str(i)]))

    def zero_grad(self) -> None:
        """Forget the gradients of all weights, before the next ``loss.backward()``."""
        for variable in self.weights:
            variable.grad = None

    def count_params(self) -> int:
        """Return the number of entries of all weights."""
        if not self.built:
            raise NotBuiltError(
                "the layer has no weights yet",
                layer=self.name,
                fix="call it on data, or layer.build(input_shape), or start the model with Input",
            )
        return sum(variable.size for variable in self.weights)

    # -- losses ----------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or a list of them) to `losses`; to be used in `call`."""
        for one in flatten(loss):
            if isinstance(one, Tensor):
                self._losses.append(one)
            elif not isinstance(one, KerasTensor):
                raise DTypeError("add_loss takes a scalar tensor", layer=self.name, got=repr(one))

    @property
    def losses(self) -> list[Tensor]:
        """Scalars from `add_loss` (here and in sublayers) and the penalties of the regularized weights."""
        losses = [loss for layer in self._flatten_layers() for loss in layer._losses]
        return losses + [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()

    def _flatten_layers(self) -> list[State]:
        """Return the layer itself and everything below, each once."""
        found: dict[int, State] = {}
        stack = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                if layer._layers:
                    stack.extend(reversed(layer._layers))
        return list(found.values())
