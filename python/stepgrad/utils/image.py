"""Images between files, Pillow and arrays."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, DataError, DTypeError, ShapeError, did_you_mean, require

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: str | os.PathLike[str] | io.BytesIO,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image:
    """Read an image file.

    Parameters
    ----------
    path : path or BytesIO
    color_mode : {"rgb", "rgba", "grayscale"}
    target_size : (height, width), optional
        The size of the file when left out.
    interpolation : {"nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"}
        Pillow's; all but "nearest" average over the source pixels when they make an image smaller.
    keep_aspect_ratio : bool
        Cut the middle part with the shape of the target out first.

    Returns
    -------
    PIL.Image.Image

    Examples
    --------
    >>> save_img("dot.png", np.zeros((4, 6, 3)))
    >>> load_img("dot.png", "grayscale", target_size=(2, 3)).size
    (3, 2)
    """
    pil = require("PIL.Image", "images", "load_img")
    mode = _chosen("color_mode", color_mode, MODES)
    if not isinstance(path, str | os.PathLike | io.BytesIO):
        raise DTypeError("load_img takes a path or a BytesIO", got=type(path).__name__)
    try:
        with pil.open(path) as file:
            if mode == "L" and file.mode in ("I;16", "I"):  # 16 and 32 bits stay, as in Keras
                image = file.copy()
            else:
                image = file.convert(mode)
    except pil.UnidentifiedImageError as error:
        raise DataError(f"{path} is not an image that Pillow can read", fix="is the file damaged?") from error
    if target_size is None:
        return image
    height, width = target_size
    if image.size == (width, height):
        return image
    resample = pil.Resampling[_chosen("interpolation", interpolation, INTERPOLATIONS).upper()]
    return image.resize(
        (width, height), resample, box=_middle(image, height, width) if keep_aspect_ratio else None
    )


def _middle(image: Image, height: int, width: int) -> tuple[int, int, int, int]:
    """Return the largest box (left, top, right, bottom) in the middle with the target's aspect ratio."""
    full_width, full_height = image.size
    box_height = min(full_height, full_width * height // width)
    box_width = min(full_width, full_height * width // height)
    left, top = (full_width - box_width) // 2, (full_height - box_height) // 2
    return left, top, left + box_width, top + box_height


def img_to_array(img: Image | Any, data_format: str | None = None, dtype: str | None = None) -> np.ndarray:
    """Return a Pillow image as an array [height, width, channels].

    Parameters
    ----------
    img : PIL.Image.Image or array
    data_format : {"channels_last", "channels_first"}, optional
        ``config.image_data_format()`` when left out.
    dtype : str, optional
        ``config.floatx()`` when left out.

    Examples
    --------
    >>> img_to_array(array_to_img(np.ones((4, 6, 1)))).shape
    (4, 6, 1)
    """
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim not in (2, 3):
        raise ShapeError("an image has 2 or 3 axes", op="img_to_array", got=str(x.shape))
    x = x[:, :, None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if _channels_first(data_format) else x


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: str | None = None
) -> Image:
    """Return an array [height, width, channels] with 1, 3 or 4 channels as a Pillow image.

    Parameters
    ----------
    x : array_like
    data_format : {"channels_last", "channels_first"}, optional
    scale : bool
        Stretch the values so that the smallest is 0 and the largest 255.
    dtype : str, optional
        To compute with; ``config.floatx()`` when left out.

    Examples
    --------
    >>> array_to_img(np.arange(6.0).reshape(1, 2, 3)).getpixel((1, 0))
    (153, 204, 255)
    """
    pil = require("PIL.Image", "images", "array_to_img")
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim == 3 and _channels_first(data_format):
        x = x.transpose(1, 2, 0)
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ShapeError(
            "this is not one image",
            op="array_to_img",
            expected="(height, width, channels) with 1, 3 or 4 channels",
            got=str(x.shape),
            fix="take one image of the batch, x[0], or check data_format",
        )
    if scale:
        x = x - x.min()
        x = x * (255 / x.max()) if x.max() else x
    if x.shape[2] == 1:
        return pil.fromarray(x[:, :, 0].astype("int32" if x.max() > 255 else "uint8"))
    return pil.fromarray(np.ascontiguousarray(x.astype("uint8")))


def save_img(
    path: str | os.PathLike[str] | io.BytesIO,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Parameters
    ----------
    path : path or BytesIO
    x, data_format, scale
        As in `array_to_img`.
    file_format : str, optional
        The suffix of the path says it when left out.
    **kwargs
        For Pillow's ``save``, for example ``quality=95``.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    if file_format is None and isinstance(path, str | os.PathLike):
        file_format = Path(path).suffix[1:]
    if file_format and file_format.lower() in ("jpg", "jpeg"):
        file_format = "jpeg"
        if image.mode == "RGBA":
            warnings.warn("JPEG has no transparency: the fourth channel is left out", stacklevel=2)
            image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def _channels_first(data_format: str | None) -> bool:
    known = ("channels_first", "channels_last")
    return _chosen("data_format", data_format or config.image_data_format(), known) == "channels_first"


def _chosen(name: str, value: str, known: Any) -> str:
    """Return what stands for `value`, or raise."""
    if value not in known:
        raise ArgumentError(f"{name} cannot be {value!r}", fix=did_you_mean(str(value), known))
    return known[value] if isinstance(known, dict) else value
