"""Recurrent layers and masks against Keras: forward, gradients, states, and what the fused kernels must not change.

Tolerance: float32 on both sides, sums in another order; through a dozen steps the rounding stays below 1e-5.
"""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import torch

import stepgrad as sg
from stepgrad import kernels, layers
from stepgrad.utils.nest import flatten
from stepgrad.utils.serialization import deserialize_object, serialize_object

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 6, 5)).astype("float32")
MASKS = {
    "none": None,
    "left": np.arange(6) >= np.array([[0], [3], [5], [2]]),
    "holes": RNG.random((4, 6)) < 0.5,
}


def simple(package, **more):
    return package.layers.SimpleRNN(3, **more)


def lstm(package, **more):
    return package.layers.LSTM(3, **more)


def gru(package, **more):
    return package.layers.GRU(3, **more)


def gru_before(package, **more):
    return package.layers.GRU(3, reset_after=False, **more)


def stacked(package, **more):
    cells = [package.layers.LSTMCell(4), package.layers.GRUCell(2), package.layers.SimpleRNNCell(3)]
    return package.layers.RNN(cells, **more)


def both_ways(package, **more):
    return package.layers.Bidirectional(package.layers.LSTM(3, **more))


def both_ways_gru(package, **more):
    return package.layers.Bidirectional(package.layers.GRU(3, **more), merge_mode="mul")


MAKERS = [simple, lstm, gru, gru_before, stacked, both_ways, both_ways_gru]


def pair(make, **more):
    """The same layer here and in Keras, with the same weights."""
    ours, theirs = make(sg, **more), make(keras, **more)
    ours(X), theirs(X)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    rng = np.random.default_rng(8)
    weights = [rng.normal(size=w.shape).astype("float32") * 0.5 for w in ours.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def torch_numpy(x):
    return x.detach().numpy()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("sequences", [False, True])
def test_outputs_states_and_gradients(make, mask, sequences):
    ours, theirs = pair(make, return_sequences=sequences, return_state=True)
    mask = MASKS[mask]
    x, x_torch = sg.Tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    mine = flatten(ours(x, mask=None if mask is None else sg.Tensor(mask)))
    other = flatten(theirs(x_torch, mask=None if mask is None else torch.tensor(mask)))
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.numpy(), torch_numpy(b), **CLOSE)
    factors = [np.random.default_rng(i).normal(size=a.shape).astype("float32") for i, a in enumerate(mine)]
    sum((a * f).sum() for a, f in zip(mine, factors)).backward()
    sum((b * torch.tensor(f)).sum() for b, f in zip(other, factors)).backward()
    np.testing.assert_allclose(x.grad.numpy(), x_torch.grad.numpy(), **CLOSE)
    for a, b in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
        np.testing.assert_allclose(
            a.grad.numpy(), b.value.grad.numpy(), rtol=1e-4, atol=2e-5
        )  # sums over 24 steps


@pytest.mark.parametrize("make", [lstm, gru])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_initial_states_and_masked_outputs(make, mask, zero, sequences):
    """Before the first step that counts the output is 0, not the initial state."""
    more = {"return_sequences": sequences, "return_state": True, "zero_output_for_mask": zero}
    ours, theirs = pair(make, **more)
    state = [RNG.normal(size=(4, 3)).astype("float32") for _ in range(2 if make is lstm else 1)]
    mask = MASKS[mask]
    mine = ours(X, initial_state=state, mask=mask)
    other = theirs(X, initial_state=state, mask=None if mask is None else torch.tensor(mask))
    for a, b in zip(flatten(mine), flatten(other), strict=True):
        np.testing.assert_allclose(a.numpy(), torch_numpy(b), **CLOSE)


@pytest.mark.parametrize("op, make", [("lstm_sequence", lstm), ("gru_sequence", gru)])
@pytest.mark.parametrize("mask", MASKS)
def test_the_kernel_is_its_composition(op, make, mask):
    ours, _ = pair(make, return_sequences=True, go_backwards=True)
    results = []
    for rung in ("steps", kernels.REFERENCE, kernels.rungs(op)[-1].rung):
        with kernels.use(**{op: rung}):
            x = sg.Tensor(X, requires_grad=True)
            y = ours(x, mask=MASKS[mask])
            for w in ours.weights:
                w.grad = None
            (y * y).sum().backward()
            results.append([a.numpy() for a in (y, x.grad, *(w.grad for w in ours.weights))])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_hook_that_shows_steps_sees_them():
    class Names(sg.Hook):
        by_steps = True

        def __init__(self):
            self.made = []

        def after_forward(self, step, inputs, outputs):
            self.made += outputs  # they get their names after they were made

    layer = layers.LSTM(3)
    layer(X)
    fused = layer(X).numpy()
    hook = Names()
    with sg.hooks(hook):
        shown = layer(X)
    np.testing.assert_allclose(shown.numpy(), fused, **CLOSE)
    for t in range(1, 7):
        assert {f"{name}{t}" for name in "ifgoch"} <= {x.name for x in hook.made}


@pytest.mark.parametrize("make", [simple, lstm, gru, stacked, both_ways])
def test_stateful(make):
    made = []
    for package in (sg, keras):
        layer = make(package, stateful=True)
        made.append((layer, package.Sequential([package.Input(batch_shape=(4, 6, 5)), layer])))
    (ours, model), (theirs, other) = made
    other.set_weights(model.get_weights())
    assert len(model.get_weights()) == len(other.get_weights())
    first = model.predict(X, batch_size=4, verbose=0)
    np.testing.assert_allclose(first, other.predict(X, batch_size=4, verbose=0), **CLOSE)
    second = model.predict(X, batch_size=4, verbose=0)
    np.testing.assert_allclose(second, other.predict(X, batch_size=4, verbose=0), **CLOSE)
    assert np.abs(first - second).max() > 1e-3
    ours.reset_state()
    np.testing.assert_allclose(model.predict(X, batch_size=4, verbose=0), first, **CLOSE)
    if make is not both_ways:
        with pytest.raises(sg.errors.ShapeError, match="another size of batch"):
            ours(X[:2])


def test_stateful_layers_can_be_trained():
    model = sg.Sequential(
        [sg.layers.Input(batch_shape=(4, 6, 5)), layers.LSTM(3, stateful=True), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.fit(np.concatenate([X, X]), np.ones((8, 1)), batch_size=4, epochs=2, verbose=0, shuffle=False)


@pytest.mark.parametrize("make", MAKERS)
def test_config(make):
    ours, theirs = make(sg, return_sequences=True), make(keras, return_sequences=True)
    again = deserialize_object(json.loads(json.dumps(serialize_object(ours))))
    again(X), ours(X)
    again.set_weights(ours.get_weights())
    np.testing.assert_array_equal(again(X).numpy(), ours(X).numpy())
    type(ours).from_config(theirs.get_config())
    mine = json.dumps(ours.get_config()).replace('"stepgrad.', '"keras.')
    type(theirs).from_config(json.loads(mine))
    given = set(theirs.get_config()) - {"quantization_config"}
    assert set(ours.get_config()) >= given - {"activity_regularizer"}


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("state", [False, True])
def test_symbolic_shapes(make, sequences, state):
    ours = make(sg, return_sequences=sequences, return_state=state)
    symbolic = flatten(ours(layers.Input((None, 5))))
    eager = flatten(ours(X))
    assert [s.shape[-1] for s in symbolic] == [e.shape[-1] for e in eager]
    assert [s.ndim for s in symbolic] == [e.ndim for e in eager]


@pytest.mark.parametrize("cell", ["SimpleRNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize(
    "more", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.3, "recurrent_dropout": 0.3}]
)
def test_dropout_drops_the_same_units_at_every_step(cell, more):
    name = cell.removesuffix("Cell")
    layer = getattr(layers, name)(64, seed=1, return_sequences=True, **more)
    x = np.ones((2, 5, 64), "float32")
    calm, one, two = layer(x), layer(x, training=True), layer(x, training=True)
    np.testing.assert_array_equal(calm.numpy(), layer(x).numpy())
    assert not np.array_equal(one.numpy(), calm.numpy()) and not np.array_equal(one.numpy(), two.numpy())
    step = getattr(layers, cell)(64, seed=1, **more)
    states = [np.ones((2, 64), "float32")] * (2 if cell == "LSTMCell" else 1)
    a, b = step(x[:, 0], states, training=True)[0], step(x[:, 0], states, training=True)[0]
    np.testing.assert_array_equal(a.numpy(), b.numpy())
    step.reset_dropout_mask(), step.reset_recurrent_dropout_mask()
    assert not np.array_equal(a.numpy(), step(x[:, 0], states, training=True)[0].numpy())


def test_encoder_and_decoder():
    made = []
    for package in (sg, keras):
        source, target = package.Input((None, 5)), package.Input((None, 5))
        _, h, c = package.layers.LSTM(3, return_state=True)(source)
        decoded = package.layers.LSTM(3, return_sequences=True)(target, initial_state=[h, c])
        made.append(package.Model([source, target], package.layers.Dense(2)(decoded)))
    made[1].set_weights(made[0].get_weights())
    a, b = (np.asarray(m.predict([X, X[:, :4]], verbose=0)) for m in made)
    np.testing.assert_allclose(a, b, **CLOSE)


def test_time_distributed():
    made = []
    for package in (sg, keras):
        x = package.Input((6, 5))
        y = package.layers.TimeDistributed(package.layers.Dense(4, activation="relu"))(x)
        y = package.layers.TimeDistributed(package.layers.BatchNormalization())(y)
        made.append(package.Model(x, y))
    made[1].set_weights(made[0].get_weights())
    np.testing.assert_allclose(made[0].predict(X, verbose=0), made[1].predict(X, verbose=0), **CLOSE)
    made[0](X, training=True), made[1](X, training=True)
    for a, b in zip(made[0].get_weights(), made[1].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, **CLOSE)


def test_errors():
    with pytest.raises(sg.errors.ArgumentError, match="state_size"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(sg.errors.ShapeError, match="size of a batch"):
        layers.LSTM(3, stateful=True)(layers.Input((6, 5)))
    with pytest.raises(sg.errors.ArgumentError, match="forwards and the other backwards"):
        layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3))
    with pytest.raises(sg.errors.ShapeError, match="wrong number of axes"):
        layers.LSTM(3)(np.ones((2, 3)))
    with pytest.raises(sg.errors.ShapeError, match="time axis"):
        layers.TimeDistributed(layers.Dense(3))(np.ones((2, 3)))
    with pytest.raises(AttributeError, match="no attribute 'unit'"):
        _ = layers.LSTM(3).unit
