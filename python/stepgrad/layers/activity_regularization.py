"""ActivityRegularization: a penalty on what passes through."""

from __future__ import annotations

from typing import Any

from stepgrad import regularizers
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class ActivityRegularization(Layer):
    """Pass the input on, and add a penalty on its entries to the loss.

    Parameters
    ----------
    l1, l2 : float
        Factors of the sum of magnitudes and of the sum of squares.

    Examples
    --------
    >>> import numpy as np
    >>> layer = ActivityRegularization(l1=0.5)
    >>> _ = layer(np.array([[1.0, -2.0]]))
    >>> layer.losses[0].item()
    1.5
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        settings = super().get_config()
        del settings["activity_regularizer"]  # made of l1 and l2
        return {**settings, "l1": self.l1, "l2": self.l2}
