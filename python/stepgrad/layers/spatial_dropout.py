"""SpatialDropout1D, 2D and 3D: whole channels are dropped, not single entries."""

from __future__ import annotations

from typing import Any

from stepgrad import config
from stepgrad.layers.dropout import Dropout
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import check_choice


class SpatialDropout(Dropout):
    """Drop whole channels: neighbours of an entry that was kept would tell too much. [Tompson et al., 2015]"""

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        ones = (1,) * self.rank
        self.noise_shape = (None, *ones, None) if self.data_format == "channels_last" else (None, None, *ones)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self) -> dict[str, Any]:
        settings = {**super().get_config(), "data_format": self.data_format}
        return {word: value for word, value in settings.items() if word not in ("noise_shape", "trainable")}


@LAYERS.register
class SpatialDropout1D(SpatialDropout):
    """Drop whole channels of sequences, shape (batch, steps, channels).

    Parameters
    ----------
    rate : float
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = SpatialDropout1D(0.5, seed=0)
    >>> y = layer(np.ones((1, 3, 4)), training=True).numpy()
    >>> bool((y == y[:, :1]).all())
    True
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ):
        super().__init__(rate, "channels_last", seed, name, dtype, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {word: value for word, value in super().get_config().items() if word != "data_format"}


@LAYERS.register
class SpatialDropout2D(SpatialDropout):
    """Drop whole channels of images.

    Parameters
    ----------
    rate : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> SpatialDropout2D(0.5)(np.ones((1, 3, 3, 2))).shape
    (1, 3, 3, 2)
    """

    rank = 2


@LAYERS.register
class SpatialDropout3D(SpatialDropout):
    """Drop whole channels of volumes.

    Parameters
    ----------
    rate : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional

    Examples
    --------
    >>> import numpy as np
    >>> SpatialDropout3D(0.5)(np.ones((1, 3, 3, 3, 2))).shape
    (1, 3, 3, 3, 2)
    """

    rank = 3
