"""Every layer, from one declaration: shapes, config, weights, gradients, training, and agreement with Keras 3."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import torch

import stepgrad as sg
from layers.cases import CASES, Case
from stepgrad import layers
from stepgrad.utils.nest import flatten
from stepgrad.utils.serialization import deserialize_object, serialize_object

pytestmark = pytest.mark.parametrize("case", CASES, ids=str)


def make(case: Case, **more):
    """Build the layer on the case's inputs, with weights that are not zero."""
    layer = getattr(layers, case.name)(*case.args, **case.kwargs, **more)
    layer(case.inputs(layer.compute_dtype))
    rng = np.random.default_rng(5)
    layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    return layer


def test_symbolic_shape_is_the_eager_shape(case):
    layer = make(case)
    eager = layer(case.inputs())

    def symbol(x):
        return layers.Input(batch_shape=(None, *x.shape[1:]), dtype=x.dtype.name)

    inputs = case.inputs()
    symbols = [symbol(x) for x in inputs] if isinstance(inputs, list) else symbol(inputs)
    output = layer(symbols)
    assert output.node.operation is layer
    assert output.shape == (None, *eager.shape[1:])
    assert output.dtype == eager.dtype
    shapes = [x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape
    if not case.high:
        assert layer.compute_output_shape(shapes) == eager.shape


def test_config_round_trip(case):
    layer = make(case)
    saved = json.loads(json.dumps(serialize_object(layer)))
    again = deserialize_object(saved)
    again(case.inputs())
    assert serialize_object(again)["config"] == serialize_object(layer)["config"]
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(case.inputs()).numpy(), layer(case.inputs()).numpy())


def test_keras_reads_our_config_and_we_read_theirs(case):
    ours = getattr(layers, case.name)(*case.args, **case.kwargs)
    theirs = getattr(keras.layers, case.name)(*case.args, **case.kwargs)
    getattr(layers, case.name).from_config(theirs.get_config())
    getattr(keras.layers, case.name).from_config(json.loads(json.dumps(plain(ours.get_config()))))


def plain(config):
    """Name objects inside a config as Keras does: their module is keras's."""
    text = json.dumps(config)
    return json.loads(text.replace('"stepgrad.', '"keras.'))


def test_weight_counts(case):
    layer = make(case)
    trainable = case.weights if case.trainable is None else case.trainable
    assert len(layer.weights) == case.weights
    assert len(layer.trainable_weights) == trainable
    assert layer.count_params() == sum(w.size for w in layer.get_weights())
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == case.weights
    layer.trainable = True
    assert len(layer.trainable_weights) == trainable


def test_inputs_are_not_modified(case):
    inputs = case.inputs()
    before = [x.copy() for x in flatten(inputs)]
    make(case)(inputs, training=True)
    for old, x in zip(before, flatten(inputs), strict=True):
        np.testing.assert_array_equal(old, x)


def test_gradient(case):
    """Directional derivatives against central differences in float64; step 1e-6 leaves an error of about 1e-9."""
    layer = make(case, dtype="float64")
    arrays = flatten(case.inputs("float64"))
    tensors = [sg.Tensor(x, requires_grad=case.gradient_to_input) for x in arrays]
    variables = layer.trainable_weights
    rng = np.random.default_rng(3)
    weight_of_output = None

    def loss():
        nonlocal weight_of_output
        outputs = layer(tensors if isinstance(case.shape, list) else tensors[0])
        if weight_of_output is None:
            weight_of_output = rng.normal(size=outputs.shape)
        return (outputs * weight_of_output).sum()

    leaves = [*variables, *(tensors if case.gradient_to_input else [])]
    if not leaves:
        pytest.skip("nothing to differentiate by")
    loss().backward()
    for leaf in leaves:
        assert leaf.grad is not None, f"no gradient reaches {leaf.name}"
        direction = rng.normal(size=leaf.shape)
        start, step = leaf.array.copy(), 1e-6
        values = []
        for sign in (1, -1):
            leaf.array[...] = start + sign * step * direction
            values.append(loss().item())
        leaf.array[...] = start
        measured = (values[0] - values[1]) / (2 * step)
        computed = float((leaf.grad.numpy() * direction).sum())
        np.testing.assert_allclose(computed, measured, rtol=1e-6, atol=1e-7)


def test_training_and_inference(case):
    layer = make(case)
    calm, trained = layer(case.inputs(), training=False).numpy(), layer(case.inputs(), training=True).numpy()
    assert (not np.array_equal(calm, trained)) == case.changes_in_training


def test_forward_agrees_with_keras(case):
    """float32 on both sides; 1e-5 leaves room for another order of summation."""
    ours, theirs = make(case), getattr(keras.layers, case.name)(*case.args, **case.kwargs)
    theirs(case.inputs())
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    theirs.set_weights(ours.get_weights())
    modes = (False,) if "Dropout" in case.name or "Noise" in case.name else (False, True)
    for training in modes:
        with torch.no_grad():
            expected = np.asarray(theirs(case.inputs(), training=training))
        result = ours(case.inputs(), training=training)
        assert result.dtype == expected.dtype.name
        np.testing.assert_allclose(result.numpy(), expected, rtol=1e-5, atol=1e-5)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):  # moving averages
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
