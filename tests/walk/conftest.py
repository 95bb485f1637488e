"""A small convolutional model, and an image for it."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers


@pytest.fixture
def model():
    sg.utils.set_random_seed(3)
    model = sg.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(3, name="dense"),
        ]
    )
    model.compile("adam", sg.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(size=(1, 6, 6, 1)).astype("float32")
