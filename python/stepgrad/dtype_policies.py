"""What a layer stores and what it multiplies: Keras's dtype policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError

MIXED_BFLOAT16 = "mixed_bfloat16"


class DTypePolicy:
    """The dtypes of a layer, under one name.

    "mixed_bfloat16" keeps weights in float32 and rounds the two factors of every product to bfloat16, on the way forward
    and on the way back; sums are float32's. Micikevicius et al., "Mixed Precision Training", 2018, with a format that has
    float32's range, so that no loss scaling is needed. Rounded are, in a layer with this policy:

    - ``ops.matmul`` and ``@``, and what is made of them: Dense, EinsumDense, `einsum`, `tensordot`, `dot`;
    - images and filters of convolutions and transposed convolutions, and the gradients that they receive;
    - query, key, weights (before they are divided by their sum) and values of attention.

    Not rounded: sums, biases, activations, normalization, softmax, embeddings, recurrent layers, losses, optimizers. Arrays
    are float32 everywhere (Keras's are bfloat16 between the layers): ``layer.compute_dtype``, the dtype of a layer's
    arrays, is "float32", where the policy's `compute_dtype` is "bfloat16". Any float64 array is left alone.

    Parameters
    ----------
    name : str, optional
        A dtype, or "mixed_bfloat16"; the global policy's when left out.

    Raises
    ------
    ArgumentError
        For a policy that does not exist here.

    Examples
    --------
    >>> policy = DTypePolicy("mixed_bfloat16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None):
        self._name = config.dtype_policy().name if name is None else _known(name)

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """What the factors of a product are rounded to."""
        return "bfloat16" if self._name == MIXED_BFLOAT16 else self._name

    @property
    def variable_dtype(self) -> str:
        """The dtype of weights, and here of all arrays."""
        return "float32" if self._name == MIXED_BFLOAT16 else self._name

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's argument."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make a policy from what `get_config` returned."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


def _known(name: Any) -> str:
    if name == MIXED_BFLOAT16:
        return name
    try:
        return np.dtype(name).name
    except TypeError:
        mixed = str(name) == "mixed_float16"
        raise ArgumentError(
            "there is no such dtype policy",
            got=repr(name),
            fix="'mixed_bfloat16', which needs no loss scaling"
            if mixed
            else "'float32', 'float64' or 'mixed_bfloat16' (float32 weights, products of bfloat16)",
        ) from None


def get(identifier: Any = None) -> DTypePolicy:
    """Return the policy that a layer's ``dtype`` argument means: None, a name, a dtype, a policy or a saved policy.

    Examples
    --------
    >>> get("mixed_bfloat16")
    <DTypePolicy "mixed_bfloat16">
    >>> get(None).name
    'float32'
    """
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier is None:
        return config.dtype_policy()
    return DTypePolicy(getattr(identifier, "name", identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as a dict of plain values, as Keras saves it.

    Examples
    --------
    >>> serialize(DTypePolicy("float32"))["config"]
    {'name': 'float32'}
    """
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any]) -> DTypePolicy:
    """Return the policy of a saved dict; of the policies for maps and quantization only the name is looked at.

    Examples
    --------
    >>> deserialize(serialize(DTypePolicy("mixed_bfloat16")))
    <DTypePolicy "mixed_bfloat16">
    """
    return DTypePolicy(config.get("config", {}).get("name"))
