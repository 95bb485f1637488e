"""SeparableConv1D and SeparableConv2D: a depthwise convolution, then one that mixes the channels of each pixel."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.conv import Conv
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import check_positive


class SeparableConv(Conv):
    """A depthwise convolution followed by a 1 x 1 convolution."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = check_positive(self, "depth_multiplier", depth_multiplier)
        self._describe("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._describe("pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self._create("depthwise", shape, name="depthwise_kernel")
        shape = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._create("pointwise", shape, name="pointwise_kernel")
        self.bias = self._create("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        return self._finish(
            ops.separable_conv(
                inputs, self.depthwise_kernel, self.pointwise_kernel, self.strides, self.padding, self.data_format,
                self.dilation_rate,
            )
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "depth_multiplier": self.depth_multiplier}
        unwanted = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
        config = {k: v for k, v in config.items() if k not in unwanted}
        return {**config, **self._described("depthwise", "pointwise")}


@LAYERS.register("SeparableConvolution1D")
class SeparableConv1D(SeparableConv):
    """Separable convolution of sequences; the arguments are those of `SeparableConv2D`.

    Examples
    --------
    >>> import numpy as np
    >>> SeparableConv1D(5, 3)(np.ones((2, 10, 4))).shape
    (2, 8, 5)
    """

    rank = 1


@LAYERS.register("SeparableConvolution2D")
class SeparableConv2D(SeparableConv):
    """Separable convolution of images: far fewer weights than a full one.

    Input shape (batch, height, width, channels); output shape (batch, new_height, new_width, filters).

    Parameters
    ----------
    filters : int
    kernel_size : int or (int, int)
    strides, padding, data_format, dilation_rate, activation, use_bias
        As in `Conv2D`.
    depth_multiplier : int
        Depthwise filters for each channel.
    depthwise_initializer, pointwise_initializer, ... : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = SeparableConv2D(5, 3)
    >>> layer(np.ones((2, 10, 10, 4))).shape, layer.count_params()
    ((2, 8, 8, 5), 61)
    """

    rank = 2
