"""MultiHeadAttention and GroupQueryAttention against Keras: masks, scores, gradients, configs, training."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import torch

import stepgrad as sg
from stepgrad import layers

rng = np.random.default_rng(0)
QUERY, VALUE, KEY = (rng.normal(size=shape).astype("float32") for shape in ((2, 5, 6), (2, 4, 7), (2, 4, 3)))
QUERY_MASK = np.arange(5) < np.array([[5], [3]])
VALUE_MASK = np.arange(4) < np.array([[2], [4]])
# Every query sees a key: for one that sees none, torch's gradient takes weights of 1 where forward had 1 / keys.
SOME = rng.random((2, 5, 4)) < 0.7
SOME[..., :2] = True
CONFIGS = [
    ("MultiHeadAttention", (2, 3), {}),
    ("MultiHeadAttention", (3, 4), {"value_dim": 5, "use_bias": False, "output_shape": 8}),
    ("MultiHeadAttention", (2, 3), {"use_gate": True, "sliding_window": 4}),
    ("GroupQueryAttention", (3, 4, 2), {}),
    ("GroupQueryAttention", (3, 4, 1), {"use_gate": True, "use_bias": False}),
]
CALLS = [
    {},
    {"use_causal_mask": True},
    {"value_mask": VALUE_MASK},
    {"attention_mask": SOME, "use_causal_mask": True},
    {"key_mask": VALUE_MASK, "attention_mask": SOME},
]
EACH_CONFIG = pytest.mark.parametrize("name, args, kwargs", CONFIGS)


def pair(name, args, kwargs):
    """Our layer and Keras's with the same weights."""
    ours, theirs = getattr(layers, name)(*args, **kwargs), getattr(keras.layers, name)(*args, **kwargs)
    ours(QUERY, VALUE, KEY)
    theirs(QUERY, VALUE, KEY)
    draw = np.random.default_rng(1)
    ours.set_weights([draw.normal(size=w.shape) for w in ours.weights])
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@EACH_CONFIG
def test_weights_have_keras_order_names_and_shapes(name, args, kwargs):
    ours, theirs = pair(name, args, kwargs)
    assert [(w.path.split("/")[1:], w.shape) for w in ours.weights] == [
        (w.path.split("/")[1:], tuple(w.shape)) for w in theirs.weights
    ]


@EACH_CONFIG
@pytest.mark.parametrize("call", CALLS, ids=lambda call: "+".join(call) or "plain")
def test_output_scores_and_gradients_agree_with_keras(name, args, kwargs, call):
    """float32 on both sides; 1e-4 leaves room for another order of summation."""
    ours, theirs = pair(name, args, kwargs)
    for scores in (False, True):
        inputs = [sg.Tensor(x, requires_grad=True) for x in (QUERY, VALUE, KEY)]
        tensors = [torch.tensor(x, requires_grad=True) for x in (QUERY, VALUE, KEY)]
        result = ours(*inputs, return_attention_scores=scores, **call)
        expected = theirs(*tensors, return_attention_scores=scores, **call)
        for a, b in zip(*((result, expected) if scores else ([result], [expected])), strict=True):
            np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
        y, y_torch = (result[0], expected[0]) if scores else (result, expected)
        weight = np.random.default_rng(2).normal(size=y.shape).astype("float32")
        (y * weight).sum().backward()
        theirs.zero_grad()
        (y_torch * torch.tensor(weight)).sum().backward()
        for a, b in zip(inputs, tensors):
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-3, atol=1e-4)
        for a, b in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
            np.testing.assert_allclose(a.grad.numpy(), b.value.grad.numpy(), rtol=1e-3, atol=1e-4)
            a.grad = None


def test_a_query_mask_hides_queries():
    layer = layers.MultiHeadAttention(2, 3)
    _, scores = layer(QUERY, VALUE, query_mask=QUERY_MASK, return_attention_scores=True)
    sums = scores.numpy().sum(-1)
    np.testing.assert_allclose(
        sums, np.broadcast_to(QUERY_MASK[:, None], sums.shape), atol=1e-6
    )  # float32 sums


@EACH_CONFIG
def test_config_round_trip_and_keras_reads_it(name, args, kwargs):
    ours = getattr(layers, name)(*args, dropout=0.25, seed=3, **kwargs)
    config = json.loads(json.dumps(ours.get_config()))
    assert type(ours).from_config(config).get_config() == ours.get_config()
    theirs = getattr(keras.layers, name)(*args, dropout=0.25, seed=3, **kwargs)
    type(ours).from_config(theirs.get_config())
    getattr(keras.layers, name).from_config(json.loads(json.dumps(config).replace('"stepgrad.', '"keras.')))


def test_dropout_thins_the_weights_while_training_only():
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    calm = layer(QUERY, VALUE).numpy()
    np.testing.assert_array_equal(layer(QUERY, VALUE, training=False).numpy(), calm)
    assert not np.allclose(layer(QUERY, VALUE, training=True).numpy(), calm)


def test_symbolic_shapes():
    x = layers.Input((5, 6))
    layer = layers.MultiHeadAttention(2, 3, output_shape=4)
    y, scores = layer(x, x, use_causal_mask=True, return_attention_scores=True)
    assert (y.shape, scores.shape) == ((None, 5, 4), (None, 2, 5, 5))
    assert layer.compute_output_shape((7, 5, 6), (7, 8, 6)) == (7, 5, 4)
    open_ended = layers.Input((None, 6))
    assert layers.GroupQueryAttention(3, 4, 2)(open_ended, open_ended).shape == (None, None, 6)


def test_a_model_with_attention_trains_like_keras():
    """Ten steps of SGD from the same weights; the losses agree to float32's roundings, grown over the steps."""

    def model(library):
        x = library.layers.Input((5, 6))
        h = library.layers.RMSNormalization()(x)
        h = library.layers.Add()([x, library.layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True)])
        y = library.layers.Dense(1)(library.layers.Flatten()(h))
        net = library.Model(x, y)
        net.compile(library.optimizers.SGD(0.002), "mse")
        return net

    ours, theirs = model(sg), model(keras)
    theirs.set_weights(ours.get_weights())
    y = QUERY.sum((1, 2), keepdims=True)[:, 0]
    for net in (ours, theirs):
        net.losses_seen = net.fit(QUERY, y, epochs=10, batch_size=2, verbose=0, shuffle=False).history["loss"]
    np.testing.assert_allclose(ours.losses_seen, theirs.losses_seen, rtol=2e-4)
    assert ours.losses_seen[-1] < ours.losses_seen[0]


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("scores", [False, True])
def test_masks_of_attention_agree_with_keras(name, scores):
    inputs = [QUERY, *(rng.normal(size=(2, 4, 6)).astype("float32") for _ in range(2))]
    ours, theirs = getattr(layers, name)(), getattr(keras.layers, name)()
    ours(inputs)
    theirs(inputs)
    theirs.set_weights(ours.get_weights())
    for masks in (None, [QUERY_MASK, VALUE_MASK], [None, VALUE_MASK]):
        for causal in (False, True):
            settings = {"mask": masks, "use_causal_mask": causal, "return_attention_scores": scores}
            given = {
                **settings,
                "mask": None if masks is None else [m if m is None else torch.tensor(m) for m in masks],
            }
            result, expected = ours(inputs, **settings), theirs(inputs, **given)
            for a, b in zip(*((result, expected) if scores else ([result], [expected])), strict=True):
                np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "make, fragment",
    [
        (lambda: layers.MultiHeadAttention(0, 3), "num_heads must be a positive integer"),
        (lambda: layers.MultiHeadAttention(2, 3, attention_axes=(1, 2)), "over axis 1"),
        (lambda: layers.GroupQueryAttention(3, 4, 3), "multiple of num_key_value_heads"),
        (lambda: layers.MultiHeadAttention(2, 3)(np.ones((2, 3)), np.ones((2, 3))), "works on sequences"),
        (lambda: layers.Attention()(np.ones((2, 3, 4))), "is called on a list"),
    ],
)
def test_errors_teach(make, fragment):
    with pytest.raises(sg.errors.StepgradError, match=fragment):
        make()
