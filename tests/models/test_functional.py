"""Functional models: structures of inputs and outputs, shared layers, nesting, ops, configs, Keras's order of weights."""

from __future__ import annotations

import copy
import json
import weakref

import keras
import numpy as np
import pytest
import torch

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.models import Model, Sequential, clone_model
from stepgrad.utils import clear_session
from stepgrad.utils.serialization import deserialize_object, serialize_object


@pytest.fixture(autouse=True)
def fresh_names():
    clear_session()
    keras.utils.clear_session()


def rows(n=4, width=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, width)).astype("float32")


def two_towers(words):
    """Two inputs, a shared layer, a skip connection, two outputs; in the words of stepgrad or of Keras."""
    a, b = words.Input(shape=(3,), name="a"), words.Input(shape=(3,), name="b")
    shared = words.layers.Dense(5, activation="tanh", name="shared")
    left, right = shared(a), shared(b)
    late = words.layers.Dense(4, name="late")(words.layers.Concatenate(name="joined")([left, right]))
    early = words.layers.Dense(4, name="early")(a)
    out = words.layers.Add(name="sum")([late, early])
    return words.Model(inputs=[a, b], outputs=[out, words.layers.Dense(1, name="head")(out)])


def test_layers_and_weights_in_keras_order():
    ours, theirs = two_towers(sg), two_towers(keras)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    theirs.set_weights(ours.get_weights())
    with torch.no_grad():
        expected = theirs([rows(), rows(seed=1)])
    for x, y in zip(ours([rows(), rows(seed=1)]), expected, strict=True):
        np.testing.assert_allclose(x.numpy(), np.asarray(y), rtol=1e-5, atol=1e-5)


def test_keras_config_can_be_read():
    theirs = two_towers(keras)
    ours = deserialize_object(keras.saving.serialize_keras_object(theirs))
    ours.set_weights(theirs.get_weights())
    with torch.no_grad():
        expected = theirs([rows(), rows(seed=1)])
    for x, y in zip(ours([rows(), rows(seed=1)]), expected, strict=True):
        np.testing.assert_allclose(x.numpy(), np.asarray(y), rtol=1e-5, atol=1e-5)


def test_our_config_can_be_read_by_keras():
    ours = two_towers(sg)
    text = json.dumps(serialize_object(ours)).replace('"stepgrad.layers"', '"keras.layers"')
    text = text.replace('"stepgrad.initializers"', '"keras.initializers"')
    saved = json.loads(text)
    assert saved["module"] == "stepgrad.models"
    theirs = keras.Model.from_config(saved["config"])
    theirs.set_weights(ours.get_weights())
    with torch.no_grad():
        expected = theirs([rows(), rows(seed=1)])
    for x, y in zip(ours([rows(), rows(seed=1)]), expected, strict=True):
        np.testing.assert_allclose(x.numpy(), np.asarray(y), rtol=1e-5, atol=1e-5)


def test_config_round_trip():
    model = two_towers(sg)
    again = deserialize_object(json.loads(json.dumps(serialize_object(model))))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    for x, y in zip(model([rows(), rows()]), again([rows(), rows()]), strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy())


def test_shared_layer_gets_the_sum_of_gradients():
    model = two_towers(sg)
    x = rows()
    sum(out.sum() for out in model([x, x])).backward()
    both = model.get_layer("shared").kernel.grad.numpy()
    for v in model.weights:
        v.grad = None
    steps = sg.steps_of(*model([x, x]))
    assert sum(step.scope.endswith("/shared") and step.op.name in ("matmul", "dense") for step in steps) == 2
    assert both.shape == (3, 5)


def test_structures():
    a, b = sg.Input((3,), name="a"), sg.Input((3,), name="b")
    d = layers.Dense(2)
    model = Model({"a": a, "b": b}, {"sum": d(a) + d(b), "difference": d(a) - d(b)})
    out = model({"b": rows(seed=1), "a": rows()})
    assert sorted(out) == ["difference", "sum"]
    np.testing.assert_allclose(
        out["sum"].numpy() - out["difference"].numpy(), 2 * d(rows(seed=1)).numpy(), rtol=1e-5, atol=1e-6
    )
    single = Model(a, [d(a)])
    assert isinstance(single(rows()), list)
    listed = Model([a, b], d(a) * d(b))
    np.testing.assert_array_equal(
        listed([rows(), rows(seed=1)]).numpy(), listed({"a": rows(), "b": rows(seed=1)}).numpy()
    )
    assert listed.input_names == ["a", "b"]


def test_ops_on_symbolic_tensors():
    x = sg.Input((4,))
    y = ops.relu(x[:, :2] * 2.0 + 1.0) @ np.ones((2, 3), "float32")
    model = Model(x, ops.mean(y, axis=-1))
    data = rows(width=4)
    expected = (np.maximum(data[:, :2] * 2 + 1, 0) @ np.ones((2, 3))).mean(-1)
    np.testing.assert_allclose(model(data).numpy(), expected, rtol=1e-5)
    again = deserialize_object(json.loads(json.dumps(serialize_object(model))))
    np.testing.assert_array_equal(again(data).numpy(), model(data).numpy())
    assert [name for name in model._graph.names.values() if name.startswith("relu")] == ["relu"]


def test_nested_models():
    inner = Sequential(
        [layers.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(2)], name="inner"
    )
    x = sg.Input((3,))
    branch = Model(x, layers.Dense(3)(x), name="branch")
    model = Model(x, inner(branch(branch(x))))
    assert [layer.name for layer in model.layers][1:] == ["branch", "inner"]
    assert len(model.weights) == 6
    data = rows()
    expected = inner(branch(branch(data).numpy()).numpy()).numpy()
    np.testing.assert_allclose(model(data).numpy(), expected, rtol=1e-6)
    assert model.get_layer("inner").output_shape == (None, 2)
    again = deserialize_object(json.loads(json.dumps(serialize_object(model))))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(data).numpy(), model(data).numpy())


def test_parts_of_a_model_by_layer_output():
    model = Sequential([layers.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(2, name="out")])
    front = Model(model.inputs, model.get_layer("hidden").output)
    back = Model(model.get_layer("out").input, model.get_layer("out").output)
    data = rows()
    np.testing.assert_allclose(back(front(data)).numpy(), model(data).numpy(), rtol=1e-6)
    assert front.weights[0] is model.weights[0]
    assert back.weights[0] is model.weights[2]
    many = Model(model.input, [layer.output for layer in model.layers])
    assert [y.shape for y in many(data)] == [(4, 4), (4, 2)]


def test_training_is_passed_down():
    x = sg.Input((50,))
    model = Model(x, layers.Dropout(0.5, seed=0)(x))
    outer = Model(x, model(x))
    data = np.ones((2, 50), "float32")
    np.testing.assert_array_equal(outer(data).numpy(), data)
    assert (outer(data, training=True).numpy() == 0).any()
    always = Model(x, layers.Dropout(0.5, seed=0)(x, training=True))
    assert (always(data).numpy() == 0).any()


def test_batch_size_and_unknown_sizes():
    x = sg.Input((None, None, 3))
    model = Model(x, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(x)))
    assert model.output_shape == (None, 4)
    assert model(np.ones((2, 7, 9, 3))).shape == (2, 4)
    assert model.compute_output_shape((5, 8, 8, 3)) == (5, 4)


def test_last_axis_of_size_one_may_be_missing():
    x = sg.Input((1,))
    model = Model(x, layers.Dense(2)(x))
    assert model(np.ones(5, "float32")).shape == (5, 2)


def test_clone():
    model = two_towers(sg)
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    clone.set_weights(model.get_weights())
    for a, b in zip(clone([rows(), rows()]), model([rows(), rows()]), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_deep_graphs_do_not_hit_the_recursion_limit():
    x = sg.Input((2,))
    y = x
    for _ in range(3000):
        y = y + 1.0
    np.testing.assert_allclose(Model(x, y)(np.zeros((1, 2), "float32")).numpy(), 3000.0)


def test_disconnected_graph_names_the_missing_input():
    a, b = sg.Input((3,), name="a"), sg.Input((3,), name="forgotten")
    with pytest.raises(ArgumentError, match="'forgotten'"):
        Model(a, layers.Add()([a, b]))


def test_wrong_ends():
    a = sg.Input((3,))
    with pytest.raises(DTypeError, match="KerasTensor"):
        Model(a, layers.Dense(3))
    with pytest.raises(DTypeError, match="Input"):
        Model(rows(), layers.Dense(3)(a))


def test_two_layers_of_one_name():
    a = sg.Input((3,))
    with pytest.raises(ArgumentError, match="'same'"):
        Model(a, layers.Dense(3, name="same")(layers.Dense(3, name="same")(a)))


def test_wrong_shape_and_number_of_inputs():
    model = two_towers(sg)
    with pytest.raises(ArgumentError, match="number of inputs"):
        model([rows()])
    with pytest.raises(ShapeError, match="'b'"):
        model([rows(), rows(width=5)])
    with pytest.raises(ArgumentError, match="'b'"):
        model({"a": rows()})


def test_symbolic_gradient_free_unused_input():
    a, b = sg.Input((3,), name="a"), sg.Input((3,), name="unused")
    model = Model([a, b], layers.Dense(2)(a))
    assert model([rows(), rows()]).shape == (4, 2)
    assert len(model.layers) == 3


def test_integer_inputs():
    tokens = sg.Input((7,), dtype="int32")
    model = Model(tokens, layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(tokens)))
    assert model(np.arange(14).reshape(2, 7)).shape == (2, 4)
    floating = Sequential([layers.Input((7,)), layers.Embedding(20, 4)])
    assert floating(np.arange(14).reshape(2, 7)).shape == (2, 7, 4)


def test_deepcopy():
    model = two_towers(sg)
    model.compile(optimizer="sgd", loss="mse")
    twin = copy.deepcopy(model)
    for a, b in zip(twin([rows(), rows()]), model([rows(), rows()]), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    twin.weights[0].assign(twin.weights[0] * 0)
    assert model.weights[0].numpy().any()
    assert twin.compiled


def test_values_that_nobody_needs_any_more_are_let_go():
    class Alive(sg.Hook):
        def __init__(self):
            self.seen, self.most = [], 0

        def after_forward(self, step, inputs, outputs):
            self.seen.append(weakref.ref(outputs[0].array))
            self.most = max(self.most, sum(ref() is not None for ref in self.seen))

    x = sg.Input((4,))
    y = x
    for _ in range(20):
        y = layers.Activation("tanh")(y)
    model, alive = Model(x, y), Alive()
    with sg.no_grad(), sg.hooks(alive):
        model(rows(width=4))
    assert len(alive.seen) == 20
    assert alive.most <= 3


def test_ops_in_a_keras_config_can_be_read():
    x = keras.Input((4,))
    y = keras.ops.mean(keras.ops.relu(x * 2.0 + 1.0), axis=-1, keepdims=True)
    theirs = keras.Model(x, keras.ops.concatenate([y, x[:, :2]], axis=1) @ np.ones((3, 2), "float32"))
    ours = deserialize_object(json.loads(json.dumps(keras.saving.serialize_keras_object(theirs))))
    np.testing.assert_allclose(
        ours(rows(width=4)).numpy(), theirs(rows(width=4)).detach().numpy(), rtol=1e-5, atol=1e-6
    )


def test_an_unknown_op_in_a_config():
    model = Model(x := sg.Input((4,)), ops.relu(x))
    config = json.loads(
        json.dumps(model.get_config()).replace('"class_name": "relu"', '"class_name": "magic"')
    )
    with pytest.raises(ArgumentError, match="'magic'"):
        Model.from_config(config)
