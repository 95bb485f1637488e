"""PReLU: a ReLU that learns its slope below zero."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted


@LAYERS.register
class PReLU(Weighted):
    """x where x >= 0, alpha * x elsewhere, with a learned alpha for every entry of a sample. [He et al., 2015]

    Parameters
    ----------
    alpha_initializer : str or callable
    alpha_regularizer, alpha_constraint : str or callable, optional
    shared_axes : int or tuple of int, optional
        Axes along which alpha is shared, (1, 2) for one alpha a channel of images.

    Examples
    --------
    >>> import numpy as np
    >>> PReLU(alpha_initializer="ones")(np.array([[-1.0, 2.0]])).tolist()
    [[-1.0, 2.0]]
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | tuple[int, ...] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._describe("alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        self.shared_axes = (
            (shared_axes,) if isinstance(shared_axes, int) else shared_axes and tuple(shared_axes)
        )

    def build(self, input_shape: tuple) -> None:
        shared = [axis % len(input_shape) for axis in self.shared_axes or ()]
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        self.alpha = self._create("alpha", tuple(shape))
        axes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._described("alpha"), "shared_axes": self.shared_axes}
