"""S0-mlp: three dense layers on a thousand labelled images."""

import numpy as np

from stepgrad.datasets import fashion_mnist
from stepgrad.programs.program import Data, Program, Row
from stepgrad.programs.report import percent
from stepgrad.utils import to_categorical

PIXELS, INPUTS = 28 * 28, 1000


def load(full, limit):
    """The article gives no data, and 1000 inputs: 784 pixels, and zeros behind them."""
    loaded = fashion_mnist.load_data(subset="slice")
    (x_train, y_train), (x_test, y_test) = loaded
    count = len(x_train) if full else min(limit or 1000, 1000)  # the article's case: 1000 labelled images

    def inputs(images):
        return np.pad(images.reshape(-1, PIXELS).astype("float32") / 255, ((0, 0), (0, INPUTS - PIXELS)))

    return Data(
        (inputs(x_train[:count]), to_categorical(y_train[:count], 10)),
        (inputs(x_test[:limit]), to_categorical(y_test[:limit], 10)),
        f"{count} images of {loaded.source}",
    )


def build(keras, facts):
    model = keras.Sequential(
        [
            keras.Input(shape=(INPUTS,)),
            keras.layers.Dense(1000, activation="sigmoid"),
            keras.layers.Dense(500, activation="sigmoid"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def rows(data, result):
    return [
        Row("inputs of a sample", "1000", "784 pixels + 216 zeros", str(data.train[0].shape[1])),
        Row("test accuracy", "no figure", "", percent(result.test["accuracy"])),
    ]


PROGRAM = Program(
    name="S0-mlp",
    title="three dense layers, sigmoid and softmax, on 1000 images",
    article="S0, sections 4.3 and 5.2",
    epochs=10,
    batch_size=32,
    load=load,
    build=build,
    rows=rows,
)
