"""Conv: what the convolution layers share."""

from __future__ import annotations

from typing import Any

from stepgrad import activations, config, ops
from stepgrad.errors import ArgumentError
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.weighted import FUSED, Weighted, add_bias, check_choice, check_positive, check_tuple
from stepgrad.ops.convolution.conv import conv_bias


class Conv(Weighted):
    """A convolution over `rank` axes: ``activation(conv(x, kernel) + bias)``.

    The base of Conv1D, Conv2D and their relatives; these give `rank` and the kernel's shape.
    """

    rank = 2

    def __init__(
        self,
        filters: int | None,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        groups: int = 1,
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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters: Any = None if filters is None else check_positive(self, "filters", filters)
        self.kernel_size = check_tuple(self, "kernel_size", kernel_size, self.rank)
        self.strides = check_tuple(self, "strides", strides, self.rank)
        self.padding = check_choice(
            self, "padding", padding, ("valid", "same", "causal") if self.rank == 1 else ("valid", "same")
        )
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.dilation_rate = check_tuple(self, "dilation_rate", dilation_rate, self.rank)
        self.groups = check_positive(self, "groups", groups)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        if self.filters is not None and self.filters % self.groups:
            raise ArgumentError(
                "the filters must divide evenly among the groups",
                layer=self.name,
                got=f"{filters} filters, {groups} groups",
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                "a convolution has strides or dilation, not both",
                layer=self.name,
                got=f"{strides=}, {dilation_rate=}",
            )

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def _channels(self, input_shape: tuple) -> int:
        """Return the number of input channels and expect it from now on."""
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ArgumentError(
                "the number of channels of the input must be known",
                layer=self.name,
                got=f"shape {tuple(input_shape)}",
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def build(self, input_shape: tuple) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ArgumentError(
                "the channels must divide evenly among the groups",
                layer=self.name,
                got=f"{channels} channels, {self.groups} groups",
            )
        self.kernel = self._create("kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self.bias = self._create("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        geometry = self.strides, self.padding, self.data_format, self.dilation_rate
        fused = FUSED.get(self.activation)
        if self.use_bias and fused in ("relu", "linear", None):
            y = conv_bias(inputs, self.kernel, self.bias, fused == "relu", *geometry)
            return y if fused else self.activation(y)
        return self._finish(ops.conv(inputs, self.kernel, *geometry))

    def _finish(self, x: Any) -> Any:
        """Add the bias and apply the activation."""
        if not self.use_bias:
            return self.activation(x)
        bias = self.bias
        if self.data_format == "channels_first":
            bias = ops.reshape(bias, (-1,) + (1,) * self.rank)
        return add_bias(x, bias, self.activation)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._described("kernel", "bias"),
        }
