"""Keras 3 programs run after changing their import line, and train to the same numbers from the same weights.

Tolerance: both compute in float32 with sums in a different order; over 20 steps of training the rounding stays well below 1e-4.
"""

import importlib

import numpy as np
import pytest

TOLERANCE = 1e-4

DENSE = """
import {keras} as keras
from {keras} import layers

model = keras.Sequential([
    keras.Input(shape=(20,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(16, activation="tanh", kernel_regularizer=keras.regularizers.L2(1e-3)),
    layers.Dense(4, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="categorical_crossentropy", metrics=["accuracy"])
"""

CONVOLUTION = """
import {keras} as keras
from {keras} import layers

inputs = keras.Input(shape=(12, 12, 3))
x = layers.Rescaling(1.0 / 255)(inputs)
x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
x = layers.MaxPooling2D()(x)
branch = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
x = layers.AveragePooling2D(2)(x)
x = layers.add([x, branch])
x = layers.Flatten()(x)
outputs = layers.Dense(4)(x)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
"""

# SGD here: batch normalization makes some true gradients 0, and Adam would blow up their rounding to whole steps.
NORMALIZED = """
import {keras} as keras
from {keras} import layers

inputs = keras.Input(shape=(12, 12, 3))
x = layers.Rescaling(1.0 / 255)(inputs)
x = layers.Conv2D(8, 3, use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(4, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""

EMBEDDING = """
import {keras} as keras
from {keras} import layers

model = keras.Sequential()
model.add(keras.Input(shape=(10,), dtype="int32"))
model.add(layers.Embedding(50, 8))
model.add(layers.Conv1D(8, 3, activation="relu"))
model.add(layers.GlobalAveragePooling1D())
model.add(layers.LayerNormalization())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
"""

IMDB_LSTM = """
import {keras} as keras
from {keras} import layers

model = keras.Sequential()
model.add(keras.Input(shape=(10,), dtype="int32"))
model.add(layers.Embedding(50, 8))
model.add(layers.LSTM(12))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
"""

# Word 0 is padding: the LSTM skips it, and the GRU after it, and the mean.
MASKED = """
import {keras} as keras
from {keras} import layers

inputs = keras.Input(shape=(10,), dtype="int32")
x = layers.Embedding(50, 8, mask_zero=True)(inputs)
x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
y = layers.SimpleRNN(5)(x)
x = layers.GRU(5, return_sequences=True)(x)
x = layers.GlobalAveragePooling1D()(x)
x = layers.concatenate([x, y])
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
"""

PROGRAMS = {
    "imdb_lstm": IMDB_LSTM,
    "masked": MASKED,
    "dense": DENSE,
    "convolution": CONVOLUTION,
    "normalized": NORMALIZED,
    "embedding": EMBEDDING,
}


def data(name, n=160):
    rng = np.random.default_rng(7)
    if name == "dense":
        return rng.normal(size=(n, 20)).astype("float32"), np.eye(4, dtype="float32")[rng.integers(0, 4, n)]
    if name in ("convolution", "normalized"):
        return rng.uniform(0, 255, (n, 12, 12, 3)).astype("float32"), rng.integers(0, 4, n)
    return rng.integers(0, 50, (n, 10)), rng.integers(0, 2, (n, 1)).astype("float32")


def build(program, package):
    importlib.import_module(package).utils.set_random_seed(5)
    names: dict = {}
    exec(program.format(keras=package), names)
    return names["model"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_twenty_steps_of_training_agree_with_keras(name):
    program = PROGRAMS[name]
    x, y = data(name)
    ours, theirs = build(program, "stepgrad"), build(program, "keras")
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-5)
    losses = {}
    for key, model in (("ours", ours), ("theirs", theirs)):
        losses[key] = [float(model.train_on_batch(x[i : i + 8], y[i : i + 8])[0]) for i in range(0, 160, 8)]
    np.testing.assert_allclose(losses["ours"], losses["theirs"], atol=TOLERANCE)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=TOLERANCE)


@pytest.mark.parametrize("name", PROGRAMS)
def test_fit_and_evaluate_agree_with_keras(name):
    program = PROGRAMS[name]
    x, y = data(name)
    ours, theirs = build(program, "stepgrad"), build(program, "keras")
    ours.set_weights(theirs.get_weights())
    settings = {"epochs": 2, "batch_size": 16, "shuffle": False, "validation_split": 0.25, "verbose": 0}
    mine, other = ours.fit(x, y, **settings).history, theirs.fit(x, y, **settings).history
    assert mine.keys() == other.keys()
    for key in mine:
        np.testing.assert_allclose(mine[key], other[key], atol=TOLERANCE)
    np.testing.assert_allclose(
        ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), atol=TOLERANCE
    )
