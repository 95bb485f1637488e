"""What layers with a kernel and a bias share: their initializers, regularizers and constraints; checks of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import activations, constraints, initializers, ops, regularizers
from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.layers.layer import Layer
from stepgrad.ops.activation.bias_activation import ACTIVATIONS, bias_activation
from stepgrad.tape import Variable
from stepgrad.utils.serialization import serialize_object

FUSED = {getattr(activations, name): name for name in ACTIVATIONS}  # those that an op applies with its bias


class Weighted(Layer):
    """A layer whose weights are described by ``kernel_initializer``, ``kernel_regularizer``, ``kernel_constraint``, ..."""

    def _describe(self, weight: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """Keep how a weight will be made, under Keras's attribute names."""
        setattr(self, f"{weight}_initializer", initializers.get(initializer))
        setattr(self, f"{weight}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{weight}_constraint", constraints.get(constraint))

    def _create(self, weight: str, shape: tuple, trainable: bool = True, name: str | None = None) -> Variable:
        """Create a weight as it was described."""
        return self.add_weight(
            shape=shape,
            initializer=getattr(self, f"{weight}_initializer"),
            trainable=trainable,
            regularizer=getattr(self, f"{weight}_regularizer"),
            constraint=getattr(self, f"{weight}_constraint"),
            name=name or weight,
        )

    def _described(self, *weights: str) -> dict[str, Any]:
        """Return the part of get_config that describes weights."""
        return {
            f"{weight}_{word}": serialize_object(getattr(self, f"{weight}_{word}"))
            for weight in weights
            for word in ("initializer", "regularizer", "constraint")
        }


def add_bias(x: Any, bias: Any, activation: Any) -> Any:
    """Return ``activation(x + bias)``, in one pass over memory where the engine has one."""
    fused = FUSED.get(activation) if tuple(x.shape[-len(bias.shape) :]) == tuple(bias.shape) else None
    return bias_activation(x, bias, fused) if fused else activation(ops.add(x, bias))


def check_positive(layer: Layer, word: str, value: Any) -> int:
    """Return a count as an int, or raise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value <= 0:
        raise ArgumentError(f"{word} must be a positive integer", layer=layer.name, got=f"{word}={value!r}")
    return int(value)


def check_tuple(
    layer: Layer, word: str, value: Any, length: int, allow_zero: bool = False
) -> tuple[int, ...]:
    """Return one size for every axis, from an int or a tuple."""
    values = (value,) * length if isinstance(value, int | np.integer) else tuple(value)
    bad = len(values) != length or any(
        isinstance(v, bool) or not isinstance(v, int | np.integer) or v < (0 if allow_zero else 1)
        for v in values
    )
    if bad:
        raise ArgumentError(
            f"{word} must be an integer or {length} integers, {'not negative' if allow_zero else 'all positive'}",
            layer=layer.name,
            got=f"{word}={value!r}",
        )
    return tuple(int(v) for v in values)


def check_choice(layer: Layer, word: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words in lower case, or raise."""
    lowered = value.lower() if isinstance(value, str) else value
    if lowered not in allowed:
        raise ArgumentError(
            f"{word} must be one of {', '.join(map(repr, allowed))}",
            layer=layer.name,
            got=f"{word}={value!r}",
            fix=did_you_mean(value, allowed),
        )
    return lowered


def refuse(layer: Layer, **words: Any) -> None:
    """Raise if an argument is used that Keras has and this library has not: it is there for the sake of the order."""
    for word, value in words.items():
        if value:
            raise ArgumentError(
                f"{word} is not offered here", layer=layer.name, got=f"{word}={value!r}", fix="leave it out"
            )
