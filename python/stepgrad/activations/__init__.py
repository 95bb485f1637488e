"""Activation functions by name: Keras's `activations`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad import ops
from stepgrad.utils.serialization import Registry

ACTIVATIONS = Registry("activations")
_NAMES = (
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "sigmoid", "hard_sigmoid", "hard_silu", "softplus",
    "softsign", "tanh", "softmax", "log_softmax", "log_sigmoid", "mish", "hard_tanh", "tanh_shrink", "soft_shrink",
    "hard_shrink", "sparse_plus", "squareplus", "glu", "threshold",
)  # fmt: skip
_ALIASES = {"silu": ("swish",), "hard_silu": ("hard_swish",)}


@ACTIVATIONS.register
def linear(x: Any) -> Any:
    """Return the input itself: no activation."""
    return x


@ACTIVATIONS.register
def exponential(x: Any) -> Any:
    """Return e to the power of x."""
    return ops.exp(x)


for _name in _NAMES:
    if hasattr(ops, _name):
        globals()[_name] = ACTIVATIONS.register(*_ALIASES.get(_name, (_name,)))(getattr(ops, _name))


def get(identifier: Any) -> Callable:
    """Return the activation that an argument such as ``activation="relu"`` means; None means `linear`.

    Examples
    --------
    >>> get("relu")([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    >>> get("rleu")
    Traceback (most recent call last):
    ...
    stepgrad.errors.ArgumentError: there is no 'rleu' in stepgrad.activations
      fix:      did you mean 'relu'? For an object of your own, see register_keras_serializable and custom_object_scope.
    """
    return linear if identifier is None else ACTIVATIONS.get(identifier)


def serialize(activation: Any) -> Any:
    """Return the saved form: the name for one of the functions here.

    Examples
    --------
    >>> serialize(get("relu"))
    'relu'
    """
    name = getattr(activation, "__name__", None)
    return name if name and ACTIVATIONS.find(name) is activation else ACTIVATIONS.serialize(activation)


deserialize = get
__all__ = ["deserialize", "get", "serialize", *ACTIVATIONS.names()]
