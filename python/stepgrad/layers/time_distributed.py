"""TimeDistributed: the same layer for every time step."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ShapeError
from stepgrad.layers.calling import parameters
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.wrapper import Wrapper


@LAYERS.register
class TimeDistributed(Wrapper):
    """Apply a layer to every time step by itself, always with the same weights.

    Input shape (batch, time, ...); output shape (batch, time) and what the layer makes of the rest.

    Parameters
    ----------
    layer : Layer

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> TimeDistributed(layers.Conv2D(4, 3))(np.ones((2, 5, 8, 8, 3))).shape
    (2, 5, 6, 6, 4)
    """

    supports_masking = True

    def __init__(self, layer: Layer, **kwargs: Any):
        super().__init__(layer, **kwargs)

    def _of_one_step(self, input_shape: tuple) -> tuple:
        if len(input_shape) < 3:
            raise ShapeError(
                "TimeDistributed needs a time axis and at least one more",
                layer=self.name,
                expected="(batch, time, ...)",
                got=str(tuple(input_shape)),
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: tuple) -> None:
        super().build(self._of_one_step(input_shape))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, *rest = self.layer.compute_output_shape(self._of_one_step(input_shape))
        return (batch, input_shape[1], *rest)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ShapeError(
                "the mask does not fit the input",
                layer=self.name,
                expected=f"(batch, time) = {tuple(inputs.shape[:2])}",
                got=str(tuple(mask.shape)),
            )
        known = parameters(type(self.layer).call)
        more = {"training": training} if "training" in known else {}
        steps = ops.unstack(inputs, axis=1)
        masks = ops.unstack(mask, axis=1) if mask is not None and "mask" in known else None
        if masks is None:
            outputs = [self.layer(x, **more) for x in steps]
        else:
            outputs = [self.layer(x, mask=m, **more) for x, m in zip(steps, masks, strict=True)]
        return ops.stack(outputs, axis=1)
