"""Activation functions by name: Keras's `activations`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad import ops
from stepgrad.utils.serialization import Registry

ACTIVATIONS = Registry("activations")
_NAMES = (
    "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "sigmoid", "hard_sigmoid", "hard_silu", "softplus", "softsign", "tanh",
    "softmax", "log_softmax", "log_sigmoid", "mish", "hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "glu", "threshold",
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


@ACTIVATIONS.register
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Rectified linear unit, with Keras's options.

    Parameters
    ----------
    x : tensor
    negative_slope : float
        Slope below `threshold`: negative_slope * (x - threshold).
    max_value : float, optional
        Ceiling of the output.
    threshold : float
        Entries up to here are damped.

    Examples
    --------
    >>> relu([-2.0, 1.0, 9.0], negative_slope=0.5, max_value=4.0).tolist()
    [-1.0, 1.0, 4.0]
    """
    if not negative_slope and not threshold:
        if max_value is None:
            return ops.relu(x)
        return ops.relu6(x) if max_value == 6 else ops.clip(x, 0.0, float(max_value))
    y = ops.where(ops.greater(x, threshold), x, ops.subtract(x, threshold) * float(negative_slope))
    return y if max_value is None else ops.minimum(y, float(max_value))


@ACTIVATIONS.register
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit, exact by default (as in Keras's activations; `ops.gelu` approximates by default).

    Examples
    --------
    >>> round(gelu([1.0]).item(), 4)
    0.8413
    """
    return ops.gelu(x, approximate)


for _name in _NAMES:
    globals()[_name] = ACTIVATIONS.register(*_ALIASES.get(_name, (_name,)))(getattr(ops, _name))
swish, hard_swish = ops.silu, ops.hard_silu


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
    name = getattr(activation, "__name__", "")
    ours = ACTIVATIONS.find(name)
    if ours is not None and activation in (ours, getattr(ops, name, None)):
        return name
    return ACTIVATIONS.serialize(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Callable:
    """Return the activation that a saved form describes.

    Examples
    --------
    >>> deserialize("tanh")([0.0]).tolist()
    [0.0]
    """
    return linear if config is None else ACTIVATIONS.deserialize(config, custom_objects)


__all__ = ["deserialize", "get", "serialize", *ACTIVATIONS.names()]
