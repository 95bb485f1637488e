"""Adaptive pooling: so many windows, however large the input is."""

from __future__ import annotations

from typing import Any

from stepgrad import config, ops
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice, check_tuple


class AdaptivePooling(Layer):
    """Pool into `output_size` windows; `rank` and `pool` come from the subclass."""

    rank = 2
    pool: Any = None

    def __init__(self, output_size: int | tuple[int, ...], data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.output_size = check_tuple(self, "output_size", output_size, self.rank)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return self.pool(inputs, self.output_size, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


@LAYERS.register
class AdaptiveAveragePooling1D(AdaptivePooling):
    """The mean of windows of which `output_size` fit on the sequence.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAveragePooling1D(2)(np.ones((1, 7, 3))).shape
    (1, 2, 3)
    """

    rank = 1
    pool: Any = staticmethod(ops.adaptive_average_pool)


@LAYERS.register
class AdaptiveAveragePooling2D(AdaptivePooling):
    """The mean of windows of which `output_size` fit on the image.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAveragePooling2D(2)(np.ones((1, 7, 5, 3))).shape
    (1, 2, 2, 3)
    """

    rank = 2
    pool: Any = staticmethod(ops.adaptive_average_pool)


@LAYERS.register
class AdaptiveAveragePooling3D(AdaptivePooling):
    """The mean of windows of which `output_size` fit on the volume.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAveragePooling3D(2)(np.ones((1, 7, 5, 4, 3))).shape
    (1, 2, 2, 2, 3)
    """

    rank = 3
    pool: Any = staticmethod(ops.adaptive_average_pool)


@LAYERS.register
class AdaptiveMaxPooling1D(AdaptivePooling):
    """The maximum of windows of which `output_size` fit on the sequence.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPooling1D(2)(np.ones((1, 7, 3))).shape
    (1, 2, 3)
    """

    rank = 1
    pool: Any = staticmethod(ops.adaptive_max_pool)


@LAYERS.register
class AdaptiveMaxPooling2D(AdaptivePooling):
    """The maximum of windows of which `output_size` fit on the image.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPooling2D(2)(np.ones((1, 7, 5, 3))).shape
    (1, 2, 2, 3)
    """

    rank = 2
    pool: Any = staticmethod(ops.adaptive_max_pool)


@LAYERS.register
class AdaptiveMaxPooling3D(AdaptivePooling):
    """The maximum of windows of which `output_size` fit on the volume.

    Parameters
    ----------
    output_size : int or tuple of int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPooling3D(2)(np.ones((1, 7, 5, 4, 3))).shape
    (1, 2, 2, 2, 3)
    """

    rank = 3
    pool: Any = staticmethod(ops.adaptive_max_pool)
