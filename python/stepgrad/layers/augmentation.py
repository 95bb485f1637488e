"""Augmentation: what layers that change images have in common; and those that move pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config, ops, random
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice, check_positive
from stepgrad.preprocessing import images
from stepgrad.tape import Tensor


class ImageLayer(Layer):
    """A layer on images [height, width, channels] or [batch, ...], computed with NumPy: no gradient flows through it.

    The subclass writes ``transform(x, rng)`` for a batch of floats with the channels last; `words` are its arguments.
    """

    words: tuple[str, ...] = ()
    only_in_training = True

    def __init__(self, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the changed images."""
        raise NotImplementedError(f"{type(self).__name__} must define transform(x, rng)")

    def output_size(self, height: int | None, width: int | None) -> tuple[int | None, int | None]:
        """Return the size of the results."""
        return height, width

    def call(self, inputs: Any, training: bool = True) -> Any:
        if self.only_in_training and not training:
            return ops.cast(inputs, self.compute_dtype)
        x = inputs.array if isinstance(inputs, Tensor) else np.asarray(inputs)
        if x.ndim not in (3, 4):
            raise ShapeError(
                "images have three axes, batches of them four", layer=self.name, expected="(batch, height, width, channels)",
                got=str(x.shape),
            )  # fmt: skip
        single = x.ndim == 3
        x = (x[None] if single else x).astype(np.result_type(self.compute_dtype, np.float32))
        last = self.data_format == "channels_last"
        y = self.transform(x if last else np.moveaxis(x, 1, -1), self.seed_generator.next())
        y = y if last else np.moveaxis(y, -1, 1)
        return ops.convert_to_tensor(np.ascontiguousarray(y[0] if single else y).astype(self.compute_dtype))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        first = len(input_shape) - (3 if self.data_format == "channels_last" else 2)
        size = self.output_size(*input_shape[first : first + 2])
        return (*input_shape[:first], *size, *input_shape[first + 2 :])

    def get_config(self) -> dict[str, Any]:
        own = {word: getattr(self, word) for word in self.words}
        return {**super().get_config(), "data_format": self.data_format, "seed": self.seed, **own}


def bounds(factor: Any, low: float | None = None) -> tuple[float, float]:
    """Return the two ends of a factor: a number f stands for (-f, f), or (low, f)."""
    if isinstance(factor, int | float):
        return (-float(factor) if low is None else low), float(factor)
    ends = tuple(float(end) for end in factor)
    if len(ends) != 2 or ends[0] > ends[1]:
        raise ArgumentError("a factor is a number, or a pair (lowest, highest)", got=repr(factor))
    return ends


@LAYERS.register
class RandomFlip(ImageLayer):
    """Mirror images at random.

    Parameters
    ----------
    mode : {"horizontal", "vertical", "horizontal_and_vertical"}
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> RandomFlip(seed=0)(np.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    words = ("mode",)

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format, seed, **kwargs)
        self.mode = check_choice(self, "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for word, axis in (("vertical", 1), ("horizontal", 2)):
            if word in self.mode:
                flip = rng.random(len(x)) < 0.5
                x = np.where(flip[:, None, None, None], np.flip(x, axis), x)
        return x


class Moving(ImageLayer):
    """A layer that moves pixels by a random matrix for each image."""

    fills = ("fill_mode", "interpolation", "fill_value")

    def __init__(
        self, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: int | None = None, fill_value: float = 0.0,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format, seed, **kwargs)
        self.fill_mode = check_choice(
            self, "fill_mode", fill_mode, ("reflect", "wrap", "constant", "nearest")
        )
        self.interpolation = check_choice(self, "interpolation", interpolation, ("nearest", "bilinear"))
        self.fill_value = fill_value

    def matrices(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return where each new pixel comes from, [n, 2, 3]: see `images.affine`."""
        raise NotImplementedError

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        how = {word: getattr(self, word) for word in self.fills}
        return images.affine(x, self.matrices(x, rng), **how)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{word: getattr(self, word) for word in self.fills}}


def stacked(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> np.ndarray:
    """Return [[a, b, c], [d, e, f]] for each image."""
    return np.moveaxis(np.array([np.broadcast_arrays(a, b, c, d, e, f)]).reshape(2, 3, -1), -1, 0)


@LAYERS.register
class RandomRotation(Moving):
    """Turn images by a random part of a full turn.

    Parameters
    ----------
    factor : float or (float, float)
        Lowest and highest turn; 0.1 is (-0.1, 0.1), up to 36 degrees.
    fill_mode : {"reflect", "wrap", "constant", "nearest"}
    interpolation : {"nearest", "bilinear"}
    seed : int, optional
    fill_value : float
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> RandomRotation((0.25, 0.25))(x).numpy().round(3)[0, :, :, 0].tolist()
    [[2.0, 5.0, 8.0], [1.0, 4.0, 7.0], [0.0, 3.0, 6.0]]
    """

    words = ("factor",)

    def __init__(
        self, factor: Any, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: int | None = None,
        fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = factor
        self._bounds = bounds(factor)

    def matrices(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        angle = rng.uniform(*self._bounds, len(x)) * 2 * np.pi
        return stacked(np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0)


@LAYERS.register
class RandomTranslation(Moving):
    """Shift images by a random part of their height and width.

    Parameters
    ----------
    height_factor, width_factor : float or (float, float)
        Positive is down and to the right.
    fill_mode, interpolation, seed, fill_value, data_format
        As in `RandomRotation`.

    Examples
    --------
    >>> x = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> RandomTranslation(0.0, (1 / 3, 1 / 3), "constant")(x).numpy().round(3).ravel().tolist()
    [0.0, 0.0, 1.0]
    """

    words = ("height_factor", "width_factor")

    def __init__(
        self, height_factor: Any, width_factor: Any, fill_mode: str = "reflect", interpolation: str = "bilinear",
        seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._bounds = bounds(height_factor), bounds(width_factor)

    def matrices(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        down, right = (rng.uniform(*ends, len(x)) * size for ends, size in zip(self._bounds, x.shape[1:3]))
        return stacked(1, 0, -down, 0, 1, -right)


@LAYERS.register
class RandomZoom(Moving):
    """Enlarge or shrink images at random.

    Parameters
    ----------
    height_factor : float or (float, float)
        Positive shrinks the image: 0.2 shows 20 % more of its surroundings.
    width_factor : float or (float, float), optional
        As the height, when left out.
    fill_mode, interpolation, seed, fill_value, data_format
        As in `RandomRotation`.

    Examples
    --------
    >>> RandomZoom(0.2, seed=0)(np.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    words = ("height_factor", "width_factor")

    def __init__(
        self, height_factor: Any, width_factor: Any = None, fill_mode: str = "reflect", interpolation: str = "bilinear",
        seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._bounds = bounds(height_factor), None if width_factor is None else bounds(width_factor)

    def matrices(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        high = 1 + rng.uniform(*self._bounds[0], len(x))
        wide = high if self._bounds[1] is None else 1 + rng.uniform(*self._bounds[1], len(x))
        return stacked(high, 0, 0, 0, wide, 0)


@LAYERS.register
class RandomShear(Moving):
    """Slant images at random.

    Parameters
    ----------
    x_factor, y_factor : float or (float, float)
        How far a row moves to the side for each row from the centre, and a column up or down.
    interpolation, fill_mode, fill_value, data_format, seed
        As in `RandomRotation`.

    Examples
    --------
    >>> RandomShear(0.2, seed=0)(np.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    words = ("x_factor", "y_factor")

    def __init__(
        self, x_factor: Any = 0.0, y_factor: Any = 0.0, interpolation: str = "bilinear", fill_mode: str = "reflect",
        fill_value: float = 0.0, data_format: str | None = None, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.x_factor, self.y_factor = x_factor, y_factor
        self._bounds = bounds(x_factor, 0.0), bounds(y_factor, 0.0)

    def matrices(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        sideways, down = (
            rng.uniform(*ends, len(x)) * rng.choice([-1.0, 1.0], len(x)) for ends in self._bounds
        )
        return stacked(1, down, 0, sideways, 1, 0)


@LAYERS.register
class Resizing(ImageLayer):
    """Bring images to one size.

    Parameters
    ----------
    height, width : int
    interpolation : {"nearest", "bilinear", "bicubic"}
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Keep the shapes of things by cutting the longer side, or by filling up the shorter one with `fill_value`.
    fill_mode : {"constant"}
    fill_value : float
    antialias : bool
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> Resizing(2, 3)(np.ones((1, 8, 8, 1))).shape
    (1, 2, 3, 1)
    """

    words = (
        "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value",
        "antialias",
    )  # fmt: skip
    only_in_training = False

    def __init__(
        self, height: int, width: int, interpolation: str = "bilinear", crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0, antialias: bool = False,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format, **kwargs)
        self.height, self.width = check_positive(self, "height", height), check_positive(self, "width", width)
        self.interpolation = check_choice(
            self, "interpolation", interpolation, ("nearest", "bilinear", "bicubic")
        )
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode = check_choice(self, "fill_mode", fill_mode, ("constant",))
        self.fill_value, self.antialias = fill_value, antialias

    def output_size(self, height: int | None, width: int | None) -> tuple[int | None, int | None]:
        return self.height, self.width

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        h, w = x.shape[1:3]
        if self.crop_to_aspect_ratio:
            high, wide = min(int(w * self.height / self.width), h), min(int(h * self.width / self.height), w)
            x = x[:, (h - high) // 2 :, (w - wide) // 2 :][:, : max(high, 1), : max(wide, 1)]
        elif self.pad_to_aspect_ratio:
            high, wide = max(int(w * self.height / self.width), h), max(int(h * self.width / self.height), w)
            rows, columns = ((n // 2, n - n // 2) for n in (high - h, wide - w))
            x = np.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=self.fill_value)
        return images.resize(x, self.height, self.width, self.interpolation, self.antialias)

    def get_config(self) -> dict[str, Any]:
        return {word: value for word, value in super().get_config().items() if word != "seed"}


@LAYERS.register
class CenterCrop(ImageLayer):
    """Cut out the middle; smaller images are resized first.

    Parameters
    ----------
    height, width : int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> CenterCrop(2, 2)(np.arange(16.0).reshape(1, 4, 4, 1)).numpy().ravel().tolist()
    [5.0, 6.0, 9.0, 10.0]
    """

    words: tuple[str, ...] = ("height", "width")
    only_in_training = False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format, **kwargs)
        self.height, self.width = check_positive(self, "height", height), check_positive(self, "width", width)

    def output_size(self, height: int | None, width: int | None) -> tuple[int | None, int | None]:
        return self.height, self.width

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        h, w = x.shape[1:3]
        if h < self.height or w < self.width:
            whole = Resizing(self.height, self.width, crop_to_aspect_ratio=True)
            return whole.transform(x, rng)
        top, left = int((h - self.height) / 2), int((w - self.width) / 2)
        return x[:, top : top + self.height, left : left + self.width]

    def get_config(self) -> dict[str, Any]:
        return {word: value for word, value in super().get_config().items() if word != "seed"}


@LAYERS.register
class RandomCrop(ImageLayer):
    """Cut out a random part, the same of all images of a batch; the middle outside of training.

    Parameters
    ----------
    height, width : int
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> RandomCrop(2, 3, seed=0)(np.ones((1, 4, 4, 1))).shape
    (1, 2, 3, 1)
    """

    words = ("height", "width")
    only_in_training = False

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, name: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format, seed, name=name, **kwargs)
        self.height, self.width = check_positive(self, "height", height), check_positive(self, "width", width)
        self._middle = CenterCrop(height, width, self.data_format)

    def output_size(self, height: int | None, width: int | None) -> tuple[int | None, int | None]:
        return self.height, self.width

    def call(self, inputs: Any, training: bool = True) -> Any:
        return super().call(inputs, training) if training else self._middle.call(inputs)

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        h, w = x.shape[1:3]
        if h < self.height or w < self.width:
            return self._middle.transform(x, rng)
        top, left = rng.integers(0, h - self.height + 1), rng.integers(0, w - self.width + 1)
        return x[:, top : top + self.height, left : left + self.width]
