"""ELU: negative entries approach -alpha."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class ELU(Layer):
    """x where x >= 0, alpha * (exp(x) - 1) elsewhere. [Clevert et al., 2015]

    Parameters
    ----------
    alpha : float

    Examples
    --------
    >>> import numpy as np
    >>> ELU()(np.array([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}
