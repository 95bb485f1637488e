"""Cropping1D, 2D and 3D: cut the borders away."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ShapeError
from stepgrad.layers.borders import Borders
from stepgrad.layers.layer import LAYERS


class Cropping(Borders):
    """Cut from both ends of the spatial axes."""

    word = "cropping"
    cropping: tuple[tuple[int, int], ...]

    def call(self, inputs: Any) -> Any:
        key = [slice(None)] * inputs.ndim
        for axis, (before, after) in enumerate(self.cropping, self._first):
            size = inputs.shape[axis]
            if size is not None and before + after >= size:
                raise ShapeError(
                    "nothing would be left",
                    layer=self.name,
                    expected=f"more than {before + after} on axis {axis}",
                    got=str(size),
                )
            key[axis] = slice(before, -after if after else None)
        return inputs[tuple(key)]


@LAYERS.register
class Cropping1D(Cropping):
    """Cut the beginning and the end of a sequence.

    Parameters
    ----------
    cropping : int or (int, int)

    Examples
    --------
    >>> import numpy as np
    >>> Cropping1D((1, 2))(np.ones((1, 8, 3))).shape
    (1, 5, 3)
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any):
        super().__init__(cropping, "channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {word: value for word, value in super().get_config().items() if word != "data_format"}


@LAYERS.register
class Cropping2D(Cropping):
    """Cut the borders of an image.

    Parameters
    ----------
    cropping : int, (int, int) or ((int, int), (int, int))
        Everywhere, or for height and width, or ((top, bottom), (left, right)).
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> Cropping2D(((1, 0), (2, 2)))(np.ones((1, 8, 8, 3))).shape
    (1, 7, 4, 3)
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any):
        super().__init__(cropping, data_format, **kwargs)


@LAYERS.register
class Cropping3D(Cropping):
    """Cut the borders of a volume.

    Parameters
    ----------
    cropping : int, three ints or three pairs
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> import numpy as np
    >>> Cropping3D(1)(np.ones((1, 4, 5, 6, 2))).shape
    (1, 2, 3, 4, 2)
    """

    rank = 3

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(cropping, data_format, **kwargs)
