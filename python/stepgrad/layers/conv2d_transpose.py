"""Conv1DTranspose and Conv2DTranspose: convolution backwards, to enlarge."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.conv import Conv
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import check_tuple


class ConvTranspose(Conv):
    """The transposed convolution: what a convolution does to gradients, as a layer."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        data_format: str | None = None,
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
            filters, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, **kwargs,
        )  # fmt: skip
        if output_padding is not None:
            output_padding = check_tuple(self, "output_padding", output_padding, self.rank, allow_zero=True)
            if any(p >= s for p, s in zip(output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    "output_padding is smaller than strides",
                    layer=self.name,
                    got=f"{output_padding=}, {self.strides=}",
                )
        self.output_padding = output_padding

    def build(self, input_shape: tuple) -> None:
        self.kernel = self._create("kernel", (*self.kernel_size, self.filters, self._channels(input_shape)))
        self.bias = self._create("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        return self._finish(
            ops.conv_transpose(
                inputs,
                self.kernel,
                self.strides,
                self.padding,
                self.output_padding,
                self.data_format,
                self.dilation_rate,
            )
        )

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "output_padding": self.output_padding}
        return {word: value for word, value in config.items() if word != "groups"}


@LAYERS.register("Convolution1DTranspose")
class Conv1DTranspose(ConvTranspose):
    """Transposed convolution of sequences; the arguments are those of `Conv2DTranspose`.

    Examples
    --------
    >>> import numpy as np
    >>> Conv1DTranspose(3, 2, strides=2)(np.ones((2, 10, 4))).shape
    (2, 20, 3)
    """

    rank = 1


@LAYERS.register("Convolution2DTranspose")
class Conv2DTranspose(ConvTranspose):
    """Transposed convolution of images ("deconvolution").

    Input shape (batch, height, width, channels); output shape (batch, new_height, new_width, filters).

    Parameters
    ----------
    filters : int
    kernel_size : int or (int, int)
    strides : int or (int, int)
        By how much the image grows.
    padding : {"valid", "same"}
        "same" gives size * stride pixels.
    output_padding : int or (int, int), optional
        More pixels on one side; chooses among the sizes that a convolution with these strides maps to the input's.
    data_format, dilation_rate, activation, use_bias and the rest
        As in `Conv2D`.

    Examples
    --------
    >>> import numpy as np
    >>> Conv2DTranspose(3, 2, strides=2)(np.ones((2, 7, 7, 4))).shape
    (2, 14, 14, 3)
    """

    rank = 2
