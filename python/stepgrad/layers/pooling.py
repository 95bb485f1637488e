"""Pooling and GlobalPooling: what the pooling layers share."""

from __future__ import annotations

from typing import Any

from stepgrad import config
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import Layer
from stepgrad.layers.weighted import check_choice, check_tuple

_FORMATS = ("channels_last", "channels_first")


class Pooling(Layer):
    """One number for every window; `rank` and `pool` come from the subclass."""

    rank = 2
    pool: Any = None

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.pool_size = check_tuple(self, "pool_size", pool_size, self.rank)
        self.strides = check_tuple(self, "strides", pool_size if strides is None else strides, self.rank)
        self.padding = check_choice(self, "padding", padding, ("valid", "same"))
        self.data_format = check_choice(
            self, "data_format", data_format or config.image_data_format(), _FORMATS
        )
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return self.pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }


class AveragePooling(Pooling):
    """A pooling whose window must be given."""

    def __init__(
        self,
        pool_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class GlobalPooling(Layer):
    """One number for every channel; `rank` and `reduce` come from the subclass."""

    rank = 2
    reduce: Any = None

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = check_choice(
            self, "data_format", data_format or config.image_data_format(), _FORMATS
        )
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        return self.reduce(inputs, axis=tuple(range(first, first + self.rank)), keepdims=self.keepdims)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}
