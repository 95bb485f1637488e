"""ZeroPadding1D, 2D and 3D: zeros around."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.borders import Borders
from stepgrad.layers.layer import LAYERS


class ZeroPadding(Borders):
    """Put zeros around the spatial axes."""

    word = "padding"
    padding: tuple[tuple[int, int], ...]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        pairs = [(0, 0)] * inputs.ndim
        pairs[self._first : self._first + self.rank] = self.padding
        return ops.pad(inputs, tuple(pairs))


@LAYERS.register
class ZeroPadding1D(ZeroPadding):
    """Put zeros before and after a sequence.

    Parameters
    ----------
    padding : int or (int, int)
        How many, or how many before and after.
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding1D(2)(np.ones((1, 3, 5))).shape
    (1, 7, 5)
    """

    rank = 1


@LAYERS.register
class ZeroPadding2D(ZeroPadding):
    """Put zeros around an image.

    Parameters
    ----------
    padding : int, (int, int) or ((int, int), (int, int))
        Everywhere, or for height and width, or ((top, bottom), (left, right)).
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding2D((1, 2))(np.ones((1, 3, 3, 5))).shape
    (1, 5, 7, 5)
    """

    rank = 2


@LAYERS.register
class ZeroPadding3D(ZeroPadding):
    """Put zeros around a volume.

    Parameters
    ----------
    padding : int, three ints or three pairs
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding3D(1)(np.ones((1, 2, 2, 2, 1))).shape
    (1, 4, 4, 4, 1)
    """

    rank = 3

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(padding, data_format, **kwargs)
