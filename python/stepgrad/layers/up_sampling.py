"""UpSampling1D, 2D and 3D: every step, pixel or cell several times."""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice, check_positive, check_tuple


@LAYERS.register
class UpSampling1D(Layer):
    """Repeat every step.

    Parameters
    ----------
    size : int

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling1D(2)(np.ones((1, 3, 5))).shape
    (1, 6, 5)
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = check_positive(self, "size", size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs, self.size, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


@LAYERS.register
class UpSampling2D(Layer):
    """Repeat every row and column of pixels.

    Parameters
    ----------
    size : int or (int, int)
    data_format : {"channels_last", "channels_first"}, optional
    interpolation : {"nearest"}

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling2D((2, 3))(np.ones((1, 4, 4, 3))).shape
    (1, 8, 12, 3)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = check_tuple(self, "size", size, 2)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.interpolation = check_choice(self, "interpolation", interpolation, ("nearest",))
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        rows = ops.repeat(inputs, self.size[0], axis=first)
        return ops.repeat(rows, self.size[1], axis=first + 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


@LAYERS.register
class UpSampling3D(Layer):
    """Repeat every plane, row and column of a volume.

    Parameters
    ----------
    size : int or (int, int, int)
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling3D((1, 2, 3))(np.ones((1, 2, 2, 2, 1))).shape
    (1, 2, 4, 6, 1)
    """

    def __init__(
        self, size: int | tuple[int, int, int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.size = check_tuple(self, "size", size, 3)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        for axis, times in enumerate(self.size, first):
            inputs = ops.repeat(inputs, times, axis=axis)
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}
