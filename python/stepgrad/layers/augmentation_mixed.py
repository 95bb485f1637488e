"""Augmentation layers made of others, and MixUp, which mixes the images of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.layers.augmentation import ImageLayer
from stepgrad.layers.augmentation_color import (
    RandomBrightness,
    RandomContrast,
    RandomHue,
    RandomSaturation,
    each,
)
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.utils.serialization import deserialize_object, serialize_object


@LAYERS.register
class Pipeline(Layer):
    """Run layers one after the other.

    Parameters
    ----------
    layers : list of Layer
    name : str, optional

    Examples
    --------
    >>> from stepgrad.layers import CenterCrop, Resizing
    >>> Pipeline([CenterCrop(4, 4), Resizing(2, 2)])(np.ones((1, 8, 8, 3))).shape
    (1, 2, 2, 3)
    """

    def __init__(self, layers: list[Layer], name: str | None = None, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.layers = list(layers)

    def call(self, inputs: Any, training: bool = True) -> Any:
        for layer in self.layers:
            inputs = (
                layer(inputs, training=training)
                if isinstance(layer, ImageLayer | Pipeline)
                else layer(inputs)
            )
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "layers": [serialize_object(layer) for layer in self.layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Pipeline:
        return cls(**{**config, "layers": [deserialize_object(layer) for layer in config["layers"]]})


@LAYERS.register
class RandomColorJitter(ImageLayer):
    """Change brightness, contrast, saturation and hue at random, each if its factor is given.

    Parameters
    ----------
    value_range : (float, float)
    brightness_factor, contrast_factor, saturation_factor, hue_factor : float or (float, float), optional
        As in `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`.
    seed, data_format

    Examples
    --------
    >>> RandomColorJitter(brightness_factor=0.2, hue_factor=0.1, seed=0)(np.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    words = ("value_range", "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor")

    def __init__(
        self, value_range: Any = (0, 255), brightness_factor: Any = None, contrast_factor: Any = None,
        saturation_factor: Any = None, hue_factor: Any = None, seed: int | None = None, data_format: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format, seed, **kwargs)
        self.value_range = tuple(value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        asked = (
            (RandomBrightness, brightness_factor), (RandomContrast, contrast_factor), (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        )  # fmt: skip
        self._steps = [
            kind(factor, value_range=self.value_range) for kind, factor in asked if factor is not None
        ]

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for step in self._steps:
            x = step.transform(x, rng)
        return x


@LAYERS.register
class MixUp(ImageLayer):
    """Mix each image with another one of the batch, and their labels in the same shares. [Zhang et al., 2017]

    Parameters
    ----------
    alpha : float
        Of the beta distribution that the shares are drawn from.
    data_format, seed

    Examples
    --------
    >>> data = {"images": np.ones((4, 2, 2, 3)), "labels": np.eye(4)}
    >>> mixed = MixUp(seed=0)(data)
    >>> mixed["labels"].numpy().sum(1).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    words = ("alpha",)

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format, seed, **kwargs)
        self.alpha = alpha

    def call(self, inputs: Any, training: bool = True) -> Any:
        if not isinstance(inputs, dict) or not training:
            return super().call(inputs, training) if not isinstance(inputs, dict) else inputs
        share, order = self._draw(len(inputs["images"]), self.seed_generator.next())
        parts = {}
        for name, x in inputs.items():
            values = np.asarray(ops.convert_to_numpy(x), self.compute_dtype)
            amount = share.reshape(-1, *(1,) * (values.ndim - 1)).astype(self.compute_dtype)
            parts[name] = ops.convert_to_tensor(values * amount + values[order] * (1 - amount))
        return parts

    def _draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return rng.beta(self.alpha, self.alpha, n), rng.permutation(n)

    def transform(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        share, order = self._draw(len(x), rng)
        return x * each(share) + x[order] * (1 - each(share))
