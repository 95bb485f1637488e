"""S2-cnn-mse: grey images, two convolutions, mean squared error and plain SGD; and beside it cross-entropy."""

from stepgrad.datasets import fashion_mnist
from stepgrad.programs.program import Data, Program, Row
from stepgrad.programs.report import percent
from stepgrad.utils import to_categorical


def load(full, limit):
    loaded = fashion_mnist.load_data(subset=None if full else "slice")
    train, test = (
        (x[:limit, :, :, None].astype("float32") / 255, to_categorical(y[:limit], 10)) for x, y in loaded
    )
    return Data(train, test, loaded.source)


def build(keras, facts, loss="mse"):
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss, metrics=["accuracy"])
    return model


def with_crossentropy(keras, facts):
    return build(keras, facts, loss="categorical_crossentropy")


def rows(data, result):
    other = result.others["cross-entropy"]
    return [
        Row("test accuracy with MSE", "no figure", "slow", percent(result.test["accuracy"])),
        Row("... with cross-entropy", "", "fast", percent(other.test["accuracy"])),
        Row("accuracy of the first epoch", "", "", f"{percent(result.history['accuracy'][0])}, {percent(other.history['accuracy'][0])}"),
    ]  # fmt: skip


PROGRAM = Program(
    name="S2-cnn-mse",
    title="grey images, two convolutions, MSE and SGD; cross-entropy beside it",
    article="S2, section 4.2, case 2, and S3, the practical case",
    epochs=5,
    batch_size=32,
    load=load,
    build=build,
    rows=rows,
    variants={"cross-entropy": with_crossentropy},
)
