"""Start values of weights: Keras 3's initializers, which return NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ShapeError
from stepgrad.initializers.constants import Constant, Identity, Ones, Zeros
from stepgrad.initializers.initializer import INITIALIZERS, Initializer
from stepgrad.initializers.random_distributions import RandomNormal, RandomUniform, TruncatedNormal
from stepgrad.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    VarianceScaling,
    compute_fans,
)

# Keras's second names
IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant, ones, zeros = Constant, Ones, Zeros
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling

deserialize = INITIALIZERS.deserialize


def serialize(initializer: Any) -> Any:
    """Return the saved form of a initializer: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(Zeros())["class_name"]
    'Zeros'
    """
    return INITIALIZERS.serialize(initializer)


def get(identifier: Any) -> Any:
    """Return the initializer that an argument such as ``kernel_initializer=`` means.

    Parameters
    ----------
    identifier : None, str, dict, class, callable, Initializer or array
        A name in either case style, a saved config, ``f(shape, dtype=None)``, or the start values themselves.

    Examples
    --------
    >>> get("he_normal")
    HeNormal(seed=None, input_axes=None, output_axes=None)
    >>> get([[1.0, 2.0]])((1, 2)).tolist()
    [[1.0, 2.0]]
    >>> get("he_nromal")
    Traceback (most recent call last):
    ...
    stepgrad.errors.ArgumentError: there is no 'he_nromal' in stepgrad.initializers
      fix:      did you mean 'he_normal'? For an object of your own, see register_keras_serializable and custom_object_scope.
    """
    if isinstance(identifier, (np.ndarray, list)) or hasattr(identifier, "numpy"):
        values = np.asarray(identifier.numpy() if hasattr(identifier, "numpy") else identifier)

        def start_values(shape: Sequence[int], dtype: Any = None) -> np.ndarray:
            if tuple(shape) != values.shape:
                raise ShapeError(
                    "the start values do not have the weight's shape",
                    expected=str(tuple(shape)),
                    got=str(values.shape),
                )
            return values.astype(dtype or config.floatx())

        return start_values
    return INITIALIZERS.get(identifier)


__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity",
    "IdentityInitializer", "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal",
    "OrthogonalInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "Zeros", "compute_fans", "constant", "deserialize", "get", "glorot_normal", "glorot_uniform",
    "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform", "ones", "orthogonal",
    "random_normal", "random_uniform", "serialize", "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip
