"""DepthwiseConv1D and DepthwiseConv2D: every channel has filters of its own."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.conv import Conv
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import check_positive


class DepthwiseConv(Conv):
    """Convolve every channel with `depth_multiplier` filters of its own."""

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            None, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = check_positive(self, "depth_multiplier", depth_multiplier)
        self._describe("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        self.kernel = self._create(
            "depthwise", (*self.kernel_size, channels, self.depth_multiplier), name="kernel"
        )
        self.bias = self._create("bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        return self._finish(
            ops.depthwise_conv(
                inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
            )
        )

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "depth_multiplier": self.depth_multiplier}
        unwanted = ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
        return {**{k: v for k, v in config.items() if k not in unwanted}, **self._described("depthwise")}


@LAYERS.register
class DepthwiseConv1D(DepthwiseConv):
    """Depthwise convolution of sequences; the arguments are those of `DepthwiseConv2D`.

    Examples
    --------
    >>> import numpy as np
    >>> DepthwiseConv1D(3)(np.ones((2, 10, 4))).shape
    (2, 8, 4)
    """

    rank = 1


@LAYERS.register
class DepthwiseConv2D(DepthwiseConv):
    """Depthwise convolution of images.

    Input shape (batch, height, width, channels); output shape (batch, new_height, new_width, channels * depth_multiplier).

    Parameters
    ----------
    kernel_size : int or (int, int)
    strides : int or (int, int)
    padding : {"valid", "same"}
    depth_multiplier : int
        Filters for each channel.
    data_format, dilation_rate, activation, use_bias
        As in `Conv2D`.
    depthwise_initializer, depthwise_regularizer, depthwise_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> DepthwiseConv2D(3, depth_multiplier=2)(np.ones((2, 10, 10, 4))).shape
    (2, 8, 8, 8)
    """

    rank = 2
