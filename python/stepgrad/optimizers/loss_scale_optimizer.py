"""LossScaleOptimizer: keeps small gradients of a narrow dtype from becoming 0, by a factor that finds its own size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import NotBuiltError
from stepgrad.optimizers.optimizer import OPTIMIZERS, Optimizer
from stepgrad.tape import Tensor, Variable
from stepgrad.utils.serialization import deserialize_object, serialize_object


@OPTIMIZERS.register
class LossScaleOptimizer(Optimizer):
    """Multiply the loss by a factor, divide its gradients by it, and let another optimizer do the step.

    A gradient that is not finite halves the factor, and that step is left out; `dynamic_growth_steps` good ones double it.

    Parameters
    ----------
    inner_optimizer : Optimizer
    initial_scale : float
    dynamic_growth_steps : int
    name : str, optional

    Examples
    --------
    >>> from stepgrad.optimizers import SGD
    >>> w = Variable([1.0])
    >>> optimizer = LossScaleOptimizer(SGD(0.5), initial_scale=8.0)
    >>> optimizer.apply([[8.0]], [w])
    >>> w.tolist()
    [0.5]
    """

    def __init__(
        self,
        inner_optimizer: Any,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ):
        super().__init__(0.0, name=name)
        self.inner_optimizer, self.initial_scale = inner_optimizer, initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # one factor is enough

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.step_counter = self._add_number("step_counter", "int32")
        self.dynamic_scale = self._add_number("dynamic_scale", "float32")
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then the inner optimizer's."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        if not self.built:
            if trainable_variables is None:
                raise NotBuiltError(
                    f"optimizer '{self.name}' does not know its variables yet", fix="apply(grads, variables)"
                )
            self.build(list(trainable_variables))
        scale = float(self.dynamic_scale)
        arrays = [None if g is None else g.array if isinstance(g, Tensor) else np.asarray(g) for g in grads]
        if not all(g is None or np.isfinite(g).all() for g in arrays):
            self.step_counter.assign(0)
            self.dynamic_scale.assign(scale / 2)
            return
        self.inner_optimizer.apply([None if g is None else g / scale for g in arrays], trainable_variables)
        if int(self.step_counter) == self.dynamic_growth_steps - 1:
            self.step_counter.assign(0)
            self.dynamic_scale.assign(scale * 2)
        else:
            self.step_counter.assign_add(1)

    def to(self, device: str) -> None:
        """Move what the inner optimizer keeps for the weights to a device."""
        self.inner_optimizer.to(device)

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by the factor."""
        return loss * (float(self.dynamic_scale) if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Let the inner optimizer put its moving averages into the variables."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> LossScaleOptimizer:
        inner = deserialize_object(config["inner_optimizer"], custom_objects)
        known = {
            word: config[word] for word in ("initial_scale", "dynamic_growth_steps", "name") if word in config
        }
        return cls(inner, **known)
