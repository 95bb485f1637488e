"""RepeatVector: the same vector n times."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_positive


@LAYERS.register
class RepeatVector(Layer):
    """Repeat every sample n times: (batch, features) becomes (batch, n, features).

    Parameters
    ----------
    n : int

    Examples
    --------
    >>> import numpy as np
    >>> RepeatVector(3)(np.ones((2, 5))).shape
    (2, 3, 5)
    """

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = check_positive(self, "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
