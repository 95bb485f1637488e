"""S4-cifar: small colour images, two convolutions with pooling, the functional API."""

import numpy as np

from stepgrad.datasets import cifar10, fashion_mnist_m
from stepgrad.errors import DataError
from stepgrad.programs.program import Data, Mistake, Program, Row
from stepgrad.programs.report import percent


def load(full, limit):
    """CIFAR-10 where the user has it; else Fashion-MNIST-M, which has its shape."""
    try:
        loaded = cifar10.load_data()
    except DataError:
        loaded = fashion_mnist_m.load_data(subset=None if full else "slice")
    train, test = ((x[:limit].astype("float32") / 255, y[:limit]) for x, y in loaded)
    return Data(train, test, loaded.source, {"adapt": train[0]})


def build(keras, facts, size=32, loss="sparse_categorical_crossentropy", adapt=True):
    layers = keras.layers
    normalization = layers.Normalization(axis=-1)
    if adapt:
        normalization.adapt(facts["adapt"])
    inputs = keras.Input(shape=(size, size, 3))
    x = normalization(inputs)
    x = layers.Conv2D(32, (3, 3), activation="relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Conv2D(64, (3, 3), activation="relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def rows(data, result):
    count = len(data.train[1])
    return [
        Row("images to learn from", "50,000", "40,000: 20 % are held back", f"{count * 4 // 5:,}"),
        Row("accuracy", percent(0.7365), "", percent(result.history["accuracy"][-1])),
        Row("val_accuracy", percent(0.7814), "", percent(result.history["val_accuracy"][-1])),
        Row("test accuracy", "78.14 %", "78.14 % is the last val_accuracy, not a test", percent(result.test["accuracy"])),
    ]  # fmt: skip


def _few():
    generator = np.random.default_rng(0)
    return generator.random((32, 32, 32, 3), "float32"), generator.integers(0, 10, (32, 1))


def images_of_another_size(keras):
    x, y = _few()
    return build(keras, {"adapt": np.zeros((1, 128, 128, 3), "float32") + x[:1, :1, :1]}, size=128).fit(
        x, y, verbose=0
    )


def integer_labels(keras):
    x, y = _few()
    return build(keras, {"adapt": x}, loss="categorical_crossentropy").fit(x, y, verbose=0)


def never_adapted(keras):
    x, y = _few()
    return build(keras, {}, adapt=False).fit(x, y, verbose=0)


MISTAKES = (
    Mistake(
        what="the model is built for 128 x 128, and CIFAR's images are 32 x 32",
        listing="inputs = Input(shape=(128, 128, 3))\n...\nmodel.fit(x_train, y_train, epochs=10, batch_size=32)",
        attempt=images_of_another_size,
        library="Keras 3.15",
        quoted="is incompatible with the layer: expected shape=(None, 128, 128, 3), found shape=(32, 32, 32, 3)",
    ),
    Mistake(
        what="the labels are integers, and the loss wants one-hot rows",
        listing='model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])',
        attempt=integer_labels,
        library="Keras 3.15",
        quoted="Arguments `target` and `output` must have the same shape. Received: target.shape=torch.Size([32, 1]), "
        "output.shape=torch.Size([32, 10])",
    ),
    Mistake(
        what="Normalization never sees the data",
        listing="x = Normalization(axis=-1)(inputs)",
        attempt=never_adapted,
        library="Keras 3.15",
        quoted="says nothing: mean 0 and variance 1 are taken, and the layer does nothing",
        silent=True,
    ),
)

PROGRAM = Program(
    name="S4-cifar",
    title="small colour images: normalization, two convolutions with pooling, two dense layers",
    article="S4, section 5.2",
    epochs=10,
    batch_size=32,
    validation_split=0.2,
    load=load,
    build=build,
    rows=rows,
    mistakes=MISTAKES,
)
