"""Layers and models as classes of one's own: tracking, building, losses, training."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.errors import ArgumentError
from stepgrad.models import Model, Sequential
from stepgrad.utils import clear_session
from stepgrad.utils.serialization import deserialize_object, register_keras_serializable, serialize_object


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()
    keras.utils.clear_session()


def block_model(words):
    """A model with layers in a list, a dict and attributes; in the words of stepgrad or of Keras."""

    class Blocks(words.Model):
        def __init__(self):
            super().__init__(name="blocks")
            self.blocks = []
            self.head = words.layers.Dense(1, name="head")
            for i in range(2):
                self.blocks.append(words.layers.Dense(4, name=f"block_{i}"))
            self.named = {"norm": words.layers.BatchNormalization(name="norm")}

        def call(self, x, training=None):
            for block in self.blocks:
                x = block(x)
            return self.head(self.named["norm"](x, training=training))

    return Blocks()


def test_tracking_in_keras_order():
    ours, theirs = block_model(sg), block_model(keras)
    x = np.ones((2, 3), "float32")
    ours(x), theirs(x)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [w.path for w in ours.trainable_weights] == [w.path for w in theirs.trainable_weights]
    assert [w.path for w in ours.non_trainable_weights] == [w.path for w in theirs.non_trainable_weights]


def test_build_by_shape():
    model = block_model(sg)
    model.build((None, 3))
    assert model.built
    assert len(model.weights) == 10
    assert model(np.ones((2, 3))).shape == (2, 1)
    assert model.compute_output_shape((5, 3)) == (5, 1)


def test_subclass_inside_a_functional_model():
    x = sg.Input((3,))
    model = Model(x, block_model(sg)(x))
    assert model.output_shape == (None, 1)
    assert len(model.weights) == 10
    assert [layer.name for layer in model.layers][1:] == ["blocks"]


def test_replaced_and_deleted_layers_are_forgotten():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(1)
            self.b = [layers.Dense(1), layers.Dense(1)]

    net = Net()
    kept = net.a = layers.Dense(2)
    net.b.pop()
    assert net.layers[-1] is kept and len(net.layers) == 2
    del net.a
    assert len(net.layers) == 1


def test_weights_of_a_layer():
    class Affine(layers.Layer):
        def build(self, input_shape):
            self.moved = self.add_weight(shape=(), initializer="zeros", trainable=False, name="moved")
            self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="he_normal", name="w")
            self.b = self.add_weight(shape=(2,), initializer="zeros", name="b")

        def call(self, x):
            return x @ self.w + self.b

    layer = Affine(name="affine")
    assert not layer.built
    y = layer(np.ones((3, 4)))
    assert y.shape == (3, 2)
    assert [v.path for v in layer.weights] == ["affine/w", "affine/b", "affine/moved"]
    assert layer.path == "affine"
    assert layer.get_build_config() == {"input_shape": (3, 4)}
    other = Affine()
    other.build((None, 4))
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(other(np.ones((3, 4))).numpy(), y.numpy())


def test_build_gets_shapes_by_name():
    class Two(layers.Layer):
        def build(self, query_shape, value_shape):
            self.sizes = (query_shape[-1], value_shape[-1])

        def call(self, query, value, scale=1.0):
            return ops.sum(query) * ops.sum(value) * scale

    layer = Two()
    layer(np.ones((2, 3)), value=np.ones((2, 5)), scale=2.0)
    assert layer.sizes == (3, 5)


def test_super_build_is_built_once():
    class Wide(layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.more = self.add_weight(shape=(1,), name="more")

    layer = Wide(3)
    layer(np.ones((2, 4)))
    assert [v.name for v in layer.weights] == ["kernel", "bias", "more"]


def test_add_loss_counts_one_call():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    model = Sequential([layers.Dense(2), Penalty()])
    for _ in range(2):
        model(np.ones((2, 3)))
    assert len(model.losses) == 1
    assert model.losses[0].requires_grad


def test_training_comes_down_through_layers_without_the_argument():
    seen = []

    class Inner(layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Middle(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, x):
            return self.inner(x)

    model = Sequential([Middle()])
    for training in (True, False):
        model(np.ones((1, 2)), training=training)
    assert seen[-2:] == [True, False]
    Middle()(np.ones((1, 2)), training=True)
    assert seen[-1] is True


def test_config_of_own_classes():
    @register_keras_serializable("tests")
    class Scaled(layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    model = Sequential([layers.Input((2,)), Scaled(3.0), layers.Dense(1)])
    again = deserialize_object(serialize_object(model))
    assert again.layers[0].factor == 3.0


def test_class_without_get_config_says_what_to_write():
    class Bad(layers.Layer):
        def __init__(self, factor):
            super().__init__()

    with pytest.raises(ArgumentError, match="'factor': self.factor"):
        Bad(1).get_config()


def test_functional_constructor_in_a_subclass():
    class Named(Model):
        def __init__(self):
            x = sg.Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(2)(x))

    model = Named()
    assert model.output_shape == (None, 2)
    assert model(np.ones((4, 3))).shape == (4, 2)


def test_metrics_are_tracked():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.watched = sg.metrics.Mean(name="watched")

    assert [m.name for m in Net()._metrics] == ["watched"]


def test_variables_as_attributes():
    class Free(layers.Layer):
        def __init__(self):
            super().__init__()
            self.v = sg.Variable([1.0, 2.0], name="v")
            self.frozen = sg.Variable([1.0], trainable=False, name="frozen")

        def call(self, x):
            return x * self.v

    layer = Free()
    assert [v.name for v in layer.trainable_weights] == ["v"]
    assert [v.name for v in layer.non_trainable_weights] == ["frozen"]
    layer(np.ones((1, 2))).sum().backward()
    np.testing.assert_array_equal(layer.v.grad.numpy(), [1.0, 1.0])


def test_a_symbolic_call_assigns_nothing():
    class Total(layers.Layer):
        def __init__(self):
            super().__init__()
            self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.calls = self.add_weight(shape=(), dtype="int32", trainable=False)

        def call(self, x):
            self.total.assign(self.total + ops.sum(x))
            self.calls.assign_add(1)
            return x * self.total

    model = Sequential([layers.Input((3,)), Total()])
    assert model.output_shape == (None, 3)
    total, calls = model.weights
    assert (total.item(), calls.item()) == (0.0, 0)
    model(np.ones((2, 3)))
    assert (total.item(), calls.item()) == (6.0, 1)


def test_what_is_not_known_yet_is_no_attribute():
    model = Sequential([layers.Dense(2)])
    assert not hasattr(model, "input_shape")
    assert not hasattr(layers.Dense(2), "output")


def test_a_layer_that_is_never_called_costs_one_run_more_not_one_a_batch():
    class Unused(Model):
        def __init__(self):
            super().__init__()
            self.dense, self.unused, self.runs = layers.Dense(1), layers.Dropout(0.5), 0

        def call(self, x):
            self.runs += 1
            return self.dense(x)

    model = Unused()
    model.compile("sgd", "mse", run_eagerly=True)
    x, y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
    for _ in range(3):
        model.train_on_batch(x, y)
    assert not model.unused.built and model.runs == 1 + 3  # the first one builds the model
