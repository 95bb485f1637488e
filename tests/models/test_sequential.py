"""Sequential: with and without Input, add and pop, config, state."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers
from stepgrad.errors import NotBuiltError
from stepgrad.models import Sequential, clone_model
from stepgrad.utils import clear_session
from stepgrad.utils.serialization import deserialize_object, serialize_object


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()


def small(**kwargs):
    return Sequential(
        [
            layers.Input(shape=(8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3),
        ],
        **kwargs,
    )


def images(n=4):
    return np.random.default_rng(0).normal(size=(n, 8, 8, 1)).astype("float32")


def test_input_builds_at_once():
    model = small()
    assert model.built
    assert model.input_shape == (None, 8, 8, 1)
    assert model.output_shape == (None, 3)
    assert model.inputs[0].shape == (None, 8, 8, 1)
    assert [type(layer).__name__ for layer in model.layers][0] == "Conv2D"
    assert model(images()).shape == (4, 3)


def test_names_and_paths_as_in_keras():
    model = small()
    assert [layer.name for layer in model.layers] == [
        "conv2d", "batch_normalization", "max_pooling2d", "flatten", "dropout", "dense",
    ]  # fmt: skip
    assert [v.path for v in model.weights] == [
        "sequential/conv2d/kernel", "sequential/conv2d/bias",
        "sequential/batch_normalization/gamma", "sequential/batch_normalization/beta",
        "sequential/batch_normalization/moving_mean", "sequential/batch_normalization/moving_variance",
        "sequential/dense/kernel", "sequential/dense/bias",
    ]  # fmt: skip
    assert model.layers[0].path == "sequential/conv2d"
    assert small().name == "sequential_1"


def test_steps_carry_the_path_of_the_layer():
    model = small()
    steps = sg.steps_of(model(images(), training=True))
    assert steps[0].scope == "sequential/conv2d"
    assert steps[-1].scope == "sequential/dense"


def test_without_input_the_first_call_builds():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(NotBuiltError, match="Input"):
        model.output_shape
    assert model(np.ones((3, 5))).shape == (3, 2)
    assert model.output_shape == (None, 2) or model.output_shape == (3, 2)
    assert len(model.weights) == 4
    assert model(np.ones((7, 5))).shape == (7, 2)


def test_build_by_shape():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    model.build((None, 5))
    assert model.output_shape == (None, 2)
    assert model.count_params() == 34


def test_add_and_pop_keep_weights():
    model = Sequential()
    model.add(layers.Input(shape=(5,)))
    model.add(layers.Dense(4))
    model.add(layers.Dense(2))
    before = model.layers[0].get_weights()
    last = model.pop()
    assert last.name == "dense_1"
    assert model.output_shape == (None, 4)
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], before[0])
    assert model(np.ones((2, 5))).shape == (2, 7)


def test_training_reaches_nested_layers():
    model = Sequential([Sequential([layers.Dropout(0.5, seed=0)]), layers.Dropout(0.5, seed=1)])
    x = np.ones((2, 100), "float32")
    np.testing.assert_array_equal(model(x).numpy(), x)
    assert set(np.unique(model(x, training=True))) == {0.0, 4.0}


def test_explicit_training_wins_over_the_enclosing_call():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.always = layers.Dropout(0.5, seed=0)
            self.asked = layers.Dropout(0.5, seed=0)

        def call(self, x):
            return self.always(x, training=True), self.asked(x)

    x = np.ones((4, 50), "float32")
    always, asked = Outer()(x)
    assert (always.numpy() == 0).any()
    np.testing.assert_array_equal(asked.numpy(), x)


def test_batch_normalization_moves_only_in_training():
    model = small()
    model(images())
    assert not model.layers[1].moving_mean.numpy().any()
    model(images(), training=True)
    assert model.layers[1].moving_mean.numpy().any()


def test_config_round_trip():
    model = small(name="net")
    saved = json.loads(json.dumps(serialize_object(model)))
    assert (saved["module"], saved["class_name"]) == ("stepgrad.models", "Sequential")
    again = deserialize_object(saved)
    assert again.get_config() == model.get_config()
    assert again.name == "net"
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(images()).numpy(), model(images()).numpy())


def test_config_of_an_unbuilt_model():
    model = Sequential([layers.Dense(4)])
    again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    assert not again.built
    assert again(np.ones((2, 3))).shape == (2, 4)


def test_freezing():
    model = small()
    model.layers[0].trainable = False
    assert len(model.trainable_weights) == 4
    assert len(model.non_trainable_weights) == 4
    model(images(), training=True).sum().backward()
    assert model.layers[0].kernel.grad is None
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 8


def test_losses():
    model = Sequential(
        [
            layers.Input(shape=(3,)),
            layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l2"),
            layers.Dense(2, bias_regularizer="l1"),
        ]
    )
    model(np.ones((4, 3)))
    assert len(model.losses) == 3
    model(np.ones((4, 3)))
    assert len(model.losses) == 3
    kernel = model.layers[0].kernel.numpy()
    assert any(np.isclose(loss.item(), 0.01 * (kernel**2).sum()) for loss in model.losses)


def test_get_layer():
    model = small()
    assert model.get_layer("dense") is model.layers[-1]
    assert model.get_layer(index=0) is model.layers[0]


def test_clone():
    model = small()
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    assert all(a is not b for a, b in zip(clone.layers, model.layers, strict=True))


def test_integers_and_float64_become_the_layer_dtype():
    model = Sequential([layers.Input(shape=(3,)), layers.Dense(2)])
    assert model(np.ones((2, 3), "float64")).dtype == "float32"
    assert model(np.ones((2, 3), "int64")).dtype == "float32"


def test_a_layer_that_needs_values_still_runs():
    class Values(layers.Layer):
        def call(self, x):
            return x * float(x.numpy().max())

    model = Sequential([layers.Dense(2), Values()])
    assert model(np.ones((2, 3))).shape == (2, 2)


def test_a_model_as_first_layer():
    inner = Sequential([layers.Input(shape=(3,)), layers.Dense(2)])
    outer = Sequential([inner, layers.Dense(4)])
    assert outer(np.ones((5, 3))).shape == (5, 4)
    assert [v.path for v in outer.weights][0].endswith("dense/kernel")
    assert len(outer.weights) == 4


def test_several_inputs_for_the_first_layer():
    model = Sequential([layers.Concatenate(), layers.Dense(2)])
    assert model([np.ones((3, 2)), np.ones((3, 5))]).shape == (3, 2)
    assert len(model.weights) == 2


def test_frozen_batch_normalization_uses_the_moving_averages():
    model = Sequential([layers.Input((3,)), layers.BatchNormalization()])
    model.layers[0].moving_mean.assign([1.0, 2.0, 3.0])
    model.trainable = False
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(model(x, training=True).numpy(), model(x).numpy())
    np.testing.assert_array_equal(model.layers[0].moving_mean.numpy(), [1.0, 2.0, 3.0])


def test_deepcopy():
    model = small()
    twin = copy.deepcopy(model)
    np.testing.assert_array_equal(twin(images()).numpy(), model(images()).numpy())
    twin.weights[0].assign(twin.weights[0] * 0)
    assert model.weights[0].numpy().any()


def test_second_names_are_the_same_classes():
    assert layers.MaxPool2D is layers.MaxPooling2D
    assert layers.Convolution2D is layers.Conv2D
    assert layers.deserialize({"class_name": "AvgPool1D", "config": {"pool_size": 2}}).pool_size == (2,)
