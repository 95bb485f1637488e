"""Conv3D and Conv3DTranspose: filters that slide over volumes and videos."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.conv import Conv
from stepgrad.layers.conv2d_transpose import ConvTranspose
from stepgrad.layers.layer import LAYERS


@LAYERS.register("Convolution3D")
class Conv3D(Conv):
    """Three-dimensional convolution.

    Input shape (batch, depth, height, width, channels); output shape (batch, *windows, filters).

    Parameters
    ----------
    filters : int
    kernel_size, strides, dilation_rate : int or (int, int, int)
    padding, data_format, activation, use_bias and the rest
        As in `Conv2D`. Only groups=1 is offered.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3D(2, 3)(np.ones((1, 5, 6, 7, 1))).shape
    (1, 3, 4, 5, 2)
    """

    rank = 3

    def build(self, input_shape: tuple) -> None:
        if self.groups != 1:
            raise ArgumentError("Conv3D has no groups here", layer=self.name, got=f"groups={self.groups}")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        x = ops.conv3d(inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(x)


@LAYERS.register("Convolution3DTranspose")
class Conv3DTranspose(ConvTranspose):
    """Transposed convolution of volumes.

    Input shape (batch, depth, height, width, channels); output shape (batch, *sizes, filters).

    Parameters
    ----------
    filters : int
    kernel_size, strides, output_padding, dilation_rate : int or (int, int, int)
    padding, data_format, activation, use_bias and the rest
        As in `Conv2DTranspose`.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3DTranspose(2, 2, strides=2)(np.ones((1, 2, 3, 4, 1))).shape
    (1, 4, 6, 8, 2)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: int | tuple[int, ...] | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, **kwargs,
        )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        return self._finish(
            ops.conv3d_transpose(
                inputs,
                self.kernel,
                self.strides,
                self.padding,
                self.output_padding,
                self.data_format,
                self.dilation_rate,
            )
        )
