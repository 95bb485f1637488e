"""Identity: returns its input."""

from __future__ import annotations

from typing import Any

from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Identity(Layer):
    """Return the input as it is: a placeholder.

    Examples
    --------
    >>> import numpy as np
    >>> Identity()(np.ones(2)).tolist()
    [1.0, 1.0]
    """

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs
