"""Reshape: the same entries of each sample in another shape."""

from __future__ import annotations

import math
from typing import Any

from stepgrad import ops
from stepgrad.errors import ShapeError
from stepgrad.layers.layer import LAYERS, Layer


@LAYERS.register
class Reshape(Layer):
    """Give every sample another shape.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch axis; one size may be -1.

    Examples
    --------
    >>> import numpy as np
    >>> Reshape((2, -1))(np.ones((3, 8))).shape
    (3, 2, 4)
    """

    def __init__(self, target_shape: int | tuple[int, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        batch, sizes = inputs.shape[0], inputs.shape[1:]
        target = self.target_shape
        if None not in sizes:
            known = math.prod(size for size in target if size != -1)
            rest, over = divmod(math.prod(sizes), known) if known else (0, math.prod(sizes))
            if over or (-1 not in target and rest != 1 and math.prod(sizes) != known):
                raise ShapeError(
                    "the number of entries of a sample must stay the same",
                    layer=self.name,
                    expected=f"{known if -1 not in target else 'a multiple of ' + str(known)} entries for {target}",
                    got=f"{math.prod(sizes)} in samples of shape {tuple(sizes)}",
                )
            target = tuple(rest if size == -1 else size for size in target)
        return ops.reshape(inputs, (-1 if batch is None and -1 not in target else batch, *target))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}
