"""The same numbers as Keras 3 from the same weights, over 20 steps without shuffling.

Tolerance: both compute in float32 and sum in another order; over 20 steps the rounding stays below 1e-5.
"""

import os

import numpy as np
import pytest

import stepgrad as sg
from training.nets import blobs

os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras with PyTorch

X, Y = blobs(100)
WEIGHTS = np.linspace(0.1, 2.0, 100).astype("float32")
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def nets(**compile_arguments):
    made = []
    for package in (sg, keras):
        model = package.Sequential(
            [
                package.layers.Input((4,)),
                package.layers.Dense(8, activation="tanh", kernel_regularizer="l2"),
                package.layers.Dense(3, activation="softmax"),
            ]
        )
        arguments = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        model.compile(**{**arguments, **compile_arguments})
        made.append(model)
    made[1].set_weights(made[0].get_weights())
    return made


def compare(ours, theirs, *data, **arguments):
    arguments = {"batch_size": 25, "epochs": 5, "shuffle": False, "verbose": 0, **arguments}
    a, b = (model.fit(*data, **arguments).history for model in (ours, theirs))
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], err_msg=name, **TOLERANCE)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, **TOLERANCE)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"validation_split": 0.2, "epochs": 5, "batch_size": 20},
        {"validation_split": 0.33, "batch_size": 17, "validation_batch_size": 10},
        {"class_weight": {0: 0.3, 1: 2.0, 2: 1.5}},
        {"class_weight": {1: 5.0}},
        {"sample_weight": WEIGHTS},
        {"sample_weight": WEIGHTS, "validation_split": 0.2},
        {"steps_per_epoch": 2, "epochs": 10},
    ],
    ids=[
        "plain",
        "split",
        "odd-split",
        "class-weight",
        "one-class",
        "sample-weight",
        "weight-and-split",
        "steps",
    ],
)
def test_fit(arguments):
    compare(*nets(weighted_metrics=["accuracy"], metrics=["accuracy"]), X, Y, **arguments)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_optimizers_by_name(optimizer):
    compare(*nets(optimizer=optimizer), X, Y)


def test_evaluate_in_uneven_batches():
    ours, theirs = nets()
    a, b = (m.evaluate(X, Y, batch_size=7, verbose=0, sample_weight=WEIGHTS) for m in (ours, theirs))
    np.testing.assert_allclose(a, b, **TOLERANCE)


def test_single_batches():
    ours, theirs = nets()
    for weights in ({}, {"sample_weight": WEIGHTS}, {"class_weight": {0: 3.0}}):
        np.testing.assert_allclose(
            ours.train_on_batch(X, Y, **weights), theirs.train_on_batch(X, Y, **weights), **TOLERANCE
        )
    np.testing.assert_allclose(ours.test_on_batch(X, Y), theirs.test_on_batch(X, Y), **TOLERANCE)


@pytest.mark.parametrize(
    "weights", [None, WEIGHTS, {"kind": WEIGHTS, "size": WEIGHTS[::-1].copy()}], ids="none one each".split()
)
def test_two_outputs_with_names(weights):
    made = []
    for package in (sg, keras):
        x = package.layers.Input((4,))
        body = package.layers.Dense(6, activation="relu")(x)
        kind = package.layers.Dense(3, activation="softmax", name="kind")(body)
        size = package.layers.Dense(1, name="size")(body)
        model = package.Model(x, {"kind": kind, "size": size})
        model.compile(
            "adam",
            loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
            loss_weights={"kind": 1.0, "size": 0.3},
            metrics={"kind": ["accuracy"], "size": ["mae"]},
            weighted_metrics={"kind": ["accuracy"], "size": ["mae"]},
        )
        made.append(model)
    made[1].set_weights(made[0].get_weights())
    labels = {"kind": Y, "size": np.linspace(-1, 1, 100).astype("float32")[:, None]}
    compare(*made, X, labels, sample_weight=weights)


@pytest.mark.parametrize(
    "loss, classes",
    [("binary_crossentropy", 1), ("crossentropy", 1), ("crossentropy", 3), ("mse", 1)],
)
def test_accuracy_and_crossentropy_are_chosen_by_the_shapes(loss, classes):
    made = []
    for package in (sg, keras):
        last = package.layers.Dense(classes, activation="softmax" if classes > 1 else "sigmoid")
        model = package.Sequential([package.layers.Input((4,)), last])
        model.compile("sgd", loss, metrics=["acc"])
        made.append(model)
    made[1].set_weights(made[0].get_weights())
    labels = Y if classes > 1 else (Y > 0).astype("float32")[:, None]
    compare(*made, X, labels)
