"""The augmentation layers that change colours. All know the `value_range` of the pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.layers.augmentation import ImageLayer, bounds
from stepgrad.layers.layer import LAYERS
from stepgrad.preprocessing import images


def each(values: Any) -> np.ndarray:
    """Return one number an image as [n, 1, 1, 1]."""
    return np.reshape(values, (-1, 1, 1, 1))


class Colors(ImageLayer):
    """A layer with a `value_range`; ``recolor`` gets pixels in [0, 1] and one random number of `factor` for each image."""

    words: tuple[str, ...] = ("factor", "value_range")
    lowest: float | None = None  # of a factor that is one number; None: minus that number

    def __init__(
        self, factor: Any = 1.0, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format, seed, **kwargs)
        self.factor, self.value_range = factor, tuple(value_range)
        self._bounds = bounds(factor, self.lowest)

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        low, high = self.value_range
        amount = each(rng.uniform(*self._bounds, len(x)))
        y = self.recolor((x - low) / (high - low), amount, rng)
        return np.clip(y, 0, 1) * (high - low) + low

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the new colours."""
        raise NotImplementedError


@LAYERS.register
class RandomBrightness(Colors):
    """Add a random part of the value range to all pixels of an image.

    Parameters
    ----------
    factor : float or (float, float)
    value_range : (float, float)
    seed : int, optional

    Examples
    --------
    >>> RandomBrightness((0.5, 0.5), value_range=(0, 1))(np.zeros((1, 1, 1, 3))).numpy().ravel().tolist()
    [0.5, 0.5, 0.5]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return x + amount


@LAYERS.register
class RandomContrast(Colors):
    """Move the pixels of each channel away from their mean, or towards it, by a random factor around 1.

    Parameters
    ----------
    factor : float or (float, float)
        0.2 is a factor from 0.8 to 1.2, and so is (0.2, 0.2): one minus the first, one plus the second.
    value_range : (float, float)
    seed : int, optional

    Examples
    --------
    >>> x = np.full((1, 2, 2, 1), 0.5)
    >>> RandomContrast(0.5, value_range=(0, 1))(x).numpy().ravel().tolist()  # no contrast, none to change
    [0.5, 0.5, 0.5, 0.5]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(0.0, value_range, seed=seed, **kwargs)
        self.factor = factor
        less, more = (factor, factor) if isinstance(factor, int | float) else factor
        self._bounds = -float(less), float(more)

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mean = x.mean((1, 2), keepdims=True)
        return (x - mean) * (1 + amount) + mean


class Blending(Colors):
    """A layer that goes from another version of the image towards it, and beyond."""

    lowest = 0.0

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(factor, value_range, data_format, seed, **kwargs)


@LAYERS.register
class RandomSaturation(Blending):
    """Make colours greyer or stronger; a factor of 0.5 leaves them, 0 is grey, 1 as strong as possible.

    Parameters
    ----------
    factor : float or (float, float), between 0 and 1
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomSaturation((0.0, 0.0), (0, 1))(np.array([[[[1.0, 0.0, 0.0]]]])).numpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        value = x.max(-1, keepdims=True)
        saturation = (value - x.min(-1, keepdims=True)) / np.where(value > 0, value, 1)
        wanted = np.clip(saturation * amount / np.maximum(1 - amount, 1e-7), 0, 1)
        share = wanted / np.where(saturation > 0, saturation, 1)
        return value - (value - x) * share


@LAYERS.register
class RandomHue(Blending):
    """Turn the colours around the colour wheel, by at most factor / 2 of a turn to either side.

    Parameters
    ----------
    factor : float or (float, float), between 0 and 1
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomHue(0.5, seed=0)(np.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        side = each(rng.choice([-0.5, 0.5], len(x)))
        return images.turn_hue(x, (amount * side)[..., 0])


@LAYERS.register
class RandomColorDegeneration(Blending):
    """Mix the image with its grey version.

    Parameters
    ----------
    factor : float or (float, float), between 0 and 1
        1 is all grey.
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomColorDegeneration(0.5, seed=0)(np.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return x + (images.gray(x) - x) * amount


@LAYERS.register
class RandomSharpness(Blending):
    """Blur or sharpen at random; 0.5 leaves the image, 0 is blurred, 1 sharpened.

    Parameters
    ----------
    factor : float or (float, float), between 0 and 1
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomSharpness(0.5, seed=0)(np.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        kernel = np.array([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
        soft = images.blur(x, np.broadcast_to(kernel, (len(x), 3, 3)))
        return soft + (x - soft) * (2 * amount)


@LAYERS.register
class RandomPosterization(Blending):
    """Keep only the first `factor` bits of each pixel's eight.

    Parameters
    ----------
    factor : int, 1 to 8
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomPosterization(1)(np.array([[[[100.0, 200.0, 128.0]]]])).numpy().ravel().tolist()
    [0.0, 128.0, 128.0]
    """

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        lost = 8 - int(np.max(self.factor))
        return (np.rint(x * 255).astype(np.int64) >> lost << lost) / 255


class Chance(Colors):
    """A layer that does something whole to an image with a random probability out of `factor`."""

    lowest = 0.0

    def chosen(self, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return which images are changed."""
        return each(rng.random(len(amount))) < amount


@LAYERS.register
class RandomInvert(Chance):
    """Turn images into their negatives with a probability.

    Parameters
    ----------
    factor : float or (float, float)
    value_range : (float, float)
    seed, data_format

    Examples
    --------
    >>> RandomInvert((1.0, 1.0), (0, 1))(np.zeros((1, 1, 1, 3))).numpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(
        self, factor: Any = 1.0, value_range: Any = (0, 255), seed: int | None = None, data_format: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(factor, value_range, data_format, seed, **kwargs)

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where(self.chosen(amount, rng), 1 - x, x)


@LAYERS.register
class RandomGrayscale(Chance):
    """Take the colours away with the probability `factor`.

    Parameters
    ----------
    factor : float
    data_format, seed

    Examples
    --------
    >>> y = RandomGrayscale(1.0)(np.array([[[[1.0, 0.0, 0.0]]]])).numpy().ravel()
    >>> bool(y[0] == y[1] == y[2])
    True
    """

    words = ("factor",)

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(factor, (0, 255), data_format, seed, **kwargs)

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where(each(rng.random(len(x))) < self.factor, images.gray(x), x)


@LAYERS.register
class RandomErasing(Chance):
    """Fill a random rectangle of each image.

    Parameters
    ----------
    factor : float or (float, float)
        The probability.
    scale : (float, float)
        The rectangle's part of the area.
    fill_value : float, optional
        Noise when left out.
    value_range : (float, float)
    seed, data_format

    Examples
    --------
    >>> y = RandomErasing((1.0, 1.0), fill_value=0.0, seed=0)(np.ones((1, 8, 8, 1))).numpy()
    >>> bool(y.min() == 0)
    True
    """

    words = ("factor", "scale", "fill_value", "value_range")

    def __init__(
        self, factor: Any = 1.0, scale: Any = (0.02, 0.33), fill_value: float | None = None, value_range: Any = (0, 255),
        seed: int | None = None, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.scale, self.fill_value = tuple(scale), fill_value

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, h, w, _ = x.shape
        erased = each(rng.random(n)) < each(rng.uniform(*self._bounds, n))
        inside = np.ones((n, h, w, 1), bool)
        for size, axis in ((h, 1), (w, 2)):
            long = np.maximum(np.rint(np.sqrt(rng.uniform(self.scale[0], self.scale[1], n)) * size), 1)
            first = np.floor(rng.random(n) * (size - long + 1))
            places = np.arange(size).reshape([-1 if i == axis else 1 for i in range(4)])
            inside &= (places >= each(first)) & (places < each(first + long))
        fill = (
            rng.uniform(self.value_range[0], self.value_range[1], x.shape)
            if self.fill_value is None
            else self.fill_value
        )
        return np.where(erased & inside, fill, x)


@LAYERS.register
class RandomGaussianBlur(Chance):
    """Blur images with a probability, by a normal kernel of random width.

    Parameters
    ----------
    factor : float or (float, float)
        The probability.
    kernel_size : int or (int, int)
    sigma : float or (float, float)
        The kernel's width in pixels.
    value_range : (float, float)
    data_format, seed

    Examples
    --------
    >>> RandomGaussianBlur(seed=0)(np.ones((1, 5, 5, 3))).shape
    (1, 5, 5, 3)
    """

    words = ("factor", "kernel_size", "sigma", "value_range")

    def __init__(
        self, factor: Any = 1.0, kernel_size: Any = 3, sigma: Any = 1.0, value_range: Any = (0, 255),
        data_format: str | None = None, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.kernel_size, self.sigma = kernel_size, sigma

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        width = each(rng.uniform(*bounds(self.sigma, 0.0), len(x)))[..., 0] + 1e-6
        sizes = (self.kernel_size,) * 2 if isinstance(self.kernel_size, int) else tuple(self.kernel_size)
        rows, columns = (np.arange(size) - (size - 1) / 2 for size in sizes)
        kernels = np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * width**2))
        kernels /= kernels.sum((1, 2), keepdims=True)
        return np.where(self.chosen(amount, rng), images.blur(x, kernels), x)


@LAYERS.register
class AutoContrast(Colors):
    """Stretch each channel of each image over the whole value range.

    Parameters
    ----------
    value_range : (float, float)

    Examples
    --------
    >>> AutoContrast((0, 1))(np.array([[[[0.25]], [[0.5]]]])).numpy().ravel().tolist()
    [0.0, 1.0]
    """

    words: tuple[str, ...] = ("value_range",)
    only_in_training = False

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any):
        super().__init__(1.0, value_range, **kwargs)

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
        flat = high == low
        return np.where(flat, x, (x - low) / np.where(flat, 1, high - low))


@LAYERS.register
class Equalization(AutoContrast):
    """Recolour each channel so that all values occur about equally often.

    Parameters
    ----------
    value_range : (float, float)
    bins : int
    data_format : {"channels_last", "channels_first"}, optional

    Examples
    --------
    >>> Equalization()(np.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    words = ("value_range", "bins")
    only_in_training = True

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(value_range, data_format=data_format, **kwargs)
        self.bins = bins

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        y = np.empty_like(x)
        for index in np.ndindex(len(x), x.shape[-1]):
            channel = x[index[0], ..., index[1]]
            places = np.clip(channel * (self.bins - 1), 0, self.bins - 1).astype(int)
            below = np.cumsum(np.bincount(places.ravel(), minlength=self.bins))
            first = below[np.flatnonzero(below)[0]]
            table = np.rint((below - first) * 255 / max(below[-1] - first, 1)) / 255
            y[index[0], ..., index[1]] = table[places] if below[-1] > first else channel
        return y


@LAYERS.register
class Solarization(Colors):
    """Turn pixels above a threshold into their negatives, after adding a random number to the others.

    Parameters
    ----------
    addition_factor, threshold_factor : float or (float, float), between 0 and 1
        Parts of the value range.
    value_range : (float, float)
    seed : int, optional

    Examples
    --------
    >>> Solarization(threshold_factor=(0.5, 0.5))(np.array([[[[255.0, 10.0, 200.0]]]])).numpy().round(3).ravel().tolist()
    [0.0, 10.0, 55.0]
    """

    words = ("addition_factor", "threshold_factor", "value_range")

    def __init__(
        self, addition_factor: Any = 0.0, threshold_factor: Any = 0.0, value_range: Any = (0, 255), seed: int | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(1.0, value_range, seed=seed, **kwargs)
        self.addition_factor, self.threshold_factor = addition_factor, threshold_factor

    def recolor(self, x: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        more, threshold = (
            each(rng.uniform(*bounds(factor, 0.0), len(x)))
            for factor in (self.addition_factor, self.threshold_factor)
        )
        x = np.clip(x + more, 0, 1)
        return np.where(x < threshold, x, 1 - x)
