"""Permute: the axes of each sample in another order."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Permute(Layer):
    """Reorder the axes of every sample.

    Parameters
    ----------
    dims : tuple of int
        The axes in their new order, counted from 1; the batch axis stays.

    Examples
    --------
    >>> import numpy as np
    >>> Permute((2, 1))(np.ones((2, 10, 64))).shape
    (2, 64, 10)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                "dims holds every axis once",
                layer=self.name,
                expected=f"1 to {len(self.dims)}",
                got=f"{dims=}",
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}
