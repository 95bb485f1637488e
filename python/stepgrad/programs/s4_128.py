"""S4-128: images of 128 x 128, cropped and rotated at random, and one hidden layer."""

import numpy as np

from stepgrad import layers
from stepgrad.data import Dataset
from stepgrad.datasets import fashion_mnist
from stepgrad.programs.program import Data, Program, Row
from stepgrad.programs.report import percent

SIZE, ENLARGE = 128, 5  # 28 pixels, five times: 140, of which 128 are cut out


def load(full, limit):
    """Enlarge, crop, rotate and scale to [0, 1], batch by batch: only a batch is ever 128 x 128."""
    loaded = fashion_mnist.load_data(subset=None if full else "slice")
    crop, rotate, middle = (
        layers.RandomCrop(SIZE, SIZE),
        layers.RandomRotation(0.05),
        layers.CenterCrop(SIZE, SIZE),
    )

    def enlarge(x):
        return x.repeat(ENLARGE, axis=1).repeat(ENLARGE, axis=2)[..., None].astype("float32") / 255

    def training(x, y):
        return rotate(crop(enlarge(x), training=True), training=True), y

    def testing(x, y):
        return middle(enlarge(x)), y

    (x, y), (x_test, y_test) = ((images[:limit], labels[:limit].astype("int64")) for images, labels in loaded)
    train = Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=1).batch(32).map(training).prefetch(2)
    test = Dataset.from_tensor_slices((x_test, y_test)).batch(32).map(testing)
    return Data(train, test, f"{loaded.source}, enlarged to {SIZE} x {SIZE}")


def build(keras, facts):
    normal = keras.initializers.RandomNormal(stddev=0.01)
    model = keras.Sequential(
        [
            keras.Input(shape=(SIZE, SIZE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(256, activation="relu", kernel_initializer=normal),
            keras.layers.Dense(10, activation="softmax", kernel_initializer="random_normal"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def rows(data, result):
    return [
        Row("training accuracy", "90 %", "", percent(result.history["accuracy"][-1])),
        Row("test accuracy", "85 %", "", percent(result.test["accuracy"])),
        Row("inputs", "128 x 128", "16,384", f"{np.prod(next(iter(data.train))[0].shape[1:]):,}"),
    ]


PROGRAM = Program(
    name="S4-128",
    title="128 x 128 images, random crop and rotation, one hidden layer of 256 ReLU units",
    article="S4, section 4.3",
    epochs=10,
    batch_size=32,
    load=load,
    build=build,
    rows=rows,
)
