"""The dtype policy "mixed_bfloat16": its names, what it rounds, and that training still works."""

import numpy as np
import pytest

from stepgrad import (
    GradientTape,
    Hook,
    Sequential,
    config,
    dtype_policies,
    hooks,
    kernels,
    layers,
    losses,
    ops,
    optimizers,
)  # fmt: skip
from stepgrad.dtype_policies import DTypePolicy
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.linalg.bfloat16 import nearest
from stepgrad.tape import Tensor
from stepgrad.tape.state import state
from stepgrad.utils import set_random_seed

MIXED = "mixed_bfloat16"
RNG = np.random.default_rng(0)


def draw(*shape):
    return RNG.standard_normal(shape).astype("float32")


@pytest.fixture
def mixed_everywhere():
    config.set_dtype_policy(MIXED)
    yield
    config.set_dtype_policy("float32")


class Names(Hook):
    """The ops that ran."""

    def __init__(self):
        self.names = []

    def before_forward(self, op, inputs, attrs):
        self.names.append(op.name)


def ran(call):
    seen = Names()
    with hooks(seen):
        call()
    return seen.names


# ---- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["float32", "float64", MIXED])
def test_a_policy_has_keras_s_names(name):
    keras = pytest.importorskip("keras")
    ours, theirs = DTypePolicy(name), keras.dtype_policies.DTypePolicy(name)
    for word in ("name", "compute_dtype", "variable_dtype"):
        assert getattr(ours, word) == getattr(theirs, word)
    assert repr(ours) == repr(theirs)
    assert ours.get_config() == theirs.get_config()
    assert dtype_policies.serialize(ours) == keras.dtype_policies.serialize(theirs)
    assert (
        dtype_policies.deserialize(keras.dtype_policies.serialize(theirs)) == ours != DTypePolicy("float16")
    )


def test_what_a_layer_takes_for_a_dtype():
    for given in (MIXED, DTypePolicy(MIXED), dtype_policies.serialize(DTypePolicy(MIXED))):
        layer = layers.Dense(3, dtype=given)
        assert layer.dtype_policy == DTypePolicy(MIXED)
        assert (layer.dtype, layer.variable_dtype, layer.compute_dtype) == ("float32",) * 3
    assert layers.Dense(3, dtype=np.float64).dtype_policy.name == "float64"


def test_the_config_comes_back():
    layer = layers.Dense(3, dtype=MIXED)
    assert layer.get_config()["dtype"] == MIXED
    assert layers.Dense.from_config(layer.get_config()).dtype_policy == layer.dtype_policy
    model = Sequential([layers.Input((4,)), layer])
    again = Sequential.from_config(model.get_config())
    assert again.layers[-1].dtype_policy == layer.dtype_policy


def test_global_policy(mixed_everywhere):
    assert config.dtype_policy() == dtype_policies.get() == DTypePolicy(MIXED)
    assert layers.Dense(3).dtype_policy.name == MIXED
    assert layers.Dense(3, dtype="float32").dtype_policy.name == "float32"
    assert config.floatx() == "float32"


def test_the_global_policy_follows_floatx():
    config.set_floatx("float64")
    try:
        assert config.dtype_policy().name == layers.Dense(3).dtype == "float64"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_foo", 3.5])
def test_unknown_policies_are_refused(name):
    with pytest.raises(ArgumentError, match="there is no such dtype policy"):
        layers.Dense(3, dtype=name)
    with pytest.raises(ArgumentError):
        config.set_dtype_policy(name)
    assert config.dtype_policy().name == "float32"


# ---- what is rounded -------------------------------------------------------------------------------------------------


def test_dense_rounds_forward_and_backward():
    layer = layers.Dense(5, dtype=MIXED)
    x, gy = draw(7, 6), draw(7, 5)
    with GradientTape() as tape:
        inputs = Tensor(x, requires_grad=True)
        y = layer(inputs)
    w = layer.kernel.numpy()
    gx, gw, gb = tape.gradient(y, [inputs, layer.kernel, layer.bias], output_gradients=gy)
    close = {"rtol": 1e-5, "atol": 1e-5}  # float32 sums; unrounded factors would be 1e-2 off
    np.testing.assert_allclose(y.numpy(), nearest(x) @ nearest(w), **close)
    np.testing.assert_allclose(gx.numpy(), nearest(gy) @ nearest(w).T, **close)
    np.testing.assert_allclose(gw.numpy(), nearest(x).T @ nearest(gy), **close)
    np.testing.assert_allclose(gb.numpy(), gy.sum(0), **close)
    assert y.dtype == layer.kernel.dtype == gw.dtype == "float32"
    assert (np.abs(y.numpy() - x @ w) > 1e-4).any()


@pytest.mark.parametrize(
    "make, shape",
    [
        (lambda dtype: layers.Conv2D(3, 3, activation="relu", dtype=dtype), (2, 6, 6, 2)),
        (lambda dtype: layers.Conv1D(3, 3, padding="causal", dtype=dtype), (2, 6, 2)),
        (lambda dtype: layers.DepthwiseConv2D(3, dtype=dtype), (2, 6, 6, 2)),
        (lambda dtype: layers.Conv2DTranspose(3, 3, strides=2, dtype=dtype), (2, 4, 4, 2)),
        (lambda dtype: layers.Conv3D(2, 2, dtype=dtype), (2, 3, 4, 4, 2)),
        (lambda dtype: layers.EinsumDense("abc,cd->abd", (None, 4), dtype=dtype), (2, 3, 5)),
        (lambda dtype: layers.Dense(4, dtype=dtype), (2, 3, 5)),
    ],
)
def test_layers_round_their_factors(make, shape):
    """The mixed layer is the float32 layer on rounded inputs, with rounded weights; its gradients too."""
    mixed, plain, x = make(MIXED), make("float32"), draw(*shape)
    mixed.build(shape)
    plain.build(shape)
    mixed.set_weights([draw(*w.shape) for w in mixed.weights])
    plain.set_weights([nearest(w) if w.ndim > 1 else w for w in mixed.get_weights()])
    results = []
    for layer, value in ((mixed, x), (plain, nearest(x))):
        with GradientTape() as tape:
            inputs = Tensor(value, requires_grad=True)
            y = layer(inputs)
        gy = nearest(np.cos(np.arange(y.size, dtype="float32")).reshape(y.shape))
        gradients = tape.gradient(y, [inputs, layer.kernel], output_gradients=gy)
        results.append([y.numpy(), *[g.numpy() for g in gradients]])
    for got, want in zip(*results, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-4)  # another order of float32 additions
    assert (np.abs(plain(x).numpy() - results[0][0]) > 1e-4).any()


def test_attention_rounds_both_products():
    q, k, v = draw(2, 4, 6), draw(2, 5, 6), draw(2, 5, 3)
    y = layers.Attention(dtype=MIXED)([q, v[..., [0, 1, 2, 0, 1, 2]], k]).numpy()[..., :3]
    scores = nearest(q) @ nearest(k).transpose(0, 2, 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    want = nearest(weights) @ nearest(v) / weights.sum(-1, keepdims=True)
    close = {"rtol": 0, "atol": 4e-3}  # a weight on the border between two bfloat16 may fall to either side
    np.testing.assert_allclose(y, want, **close)


def test_every_product_of_multi_head_attention_rounds():
    x = draw(2, 4, 6)
    layer = layers.MultiHeadAttention(2, 3, dtype=MIXED)
    layer(x, x)
    products = [name for name in ran(lambda: layer(x, x)) if "matmul" in name]
    assert products == ["matmul_bf16"] * 6  # query, key, value, scores, their sums of values, output


def test_what_is_left_in_float32():
    x = draw(2, 3, 4)
    for layer in (
        layers.LSTM(3, dtype=MIXED),
        layers.GRU(3, dtype=MIXED),
        layers.LayerNormalization(dtype=MIXED),
    ):
        assert not [name for name in ran(lambda layer=layer: layer(x)) if "bf16" in name]
    with kernels.use("steps"):
        assert "matmul_bf16" not in ran(lambda: layers.LSTM(3, dtype=MIXED)(x))
    dense = layers.Dense(3, dtype="float64")
    assert "matmul" in ran(lambda: dense(x))


def test_the_policy_is_the_layer_s_own():
    class Both(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.rounding = layers.Dense(2, use_bias=False, dtype=MIXED)
            self.exact = layers.Dense(2, use_bias=False, dtype="float32")

        def call(self, x):
            return ops.matmul(self.exact(self.rounding(x)), np.eye(2, dtype="float32"))

    x = draw(3, 2)
    mixed, plain = Both(dtype=MIXED), Both()
    mixed(x), plain(x)
    assert [n for n in ran(lambda: mixed(x)) if "matmul" in n] == ["matmul_bf16", "matmul", "matmul_bf16"]
    assert [n for n in ran(lambda: plain(x)) if "matmul" in n] == ["matmul_bf16", "matmul", "matmul"]
    with pytest.raises(ShapeError):
        ops.matmul(mixed.rounding(draw(3, 2)), draw(5, 5))
    with pytest.raises(ShapeError):
        mixed.rounding(draw(3, 5))
    assert not state.bfloat16


# ---- training --------------------------------------------------------------------------------------------------------


def _net(dtype):
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", dtype=dtype),
            layers.MaxPooling2D(2, dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(16, activation="tanh", dtype=dtype),
            layers.Dense(3, dtype=dtype),
        ]
    )
    return model


def test_training_stays_close_to_float32():
    x = np.random.default_rng(1).standard_normal((96, 8, 8, 1)).astype("float32")
    set_random_seed(0)
    labels = np.arange(96) % 3
    x[np.arange(96), 2 * labels, 2 * labels] += 4  # a bright spot for each class
    nets = {dtype: _net(dtype) for dtype in ("float32", MIXED)}
    nets[MIXED].set_weights(nets["float32"].get_weights())
    history = {}
    for dtype, net in nets.items():
        net.compile(optimizers.Adam(0.01), losses.SparseCategoricalCrossentropy(from_logits=True))
        history[dtype] = net.fit(x, labels, batch_size=32, epochs=12, shuffle=False, verbose=0).history[
            "loss"
        ]
    assert history[MIXED][-1] < 0.8 * history[MIXED][0]
    atol = (
        0.02 * history["float32"][0]
    )  # factors have 8 bits; 0.003 seen, and the losses themselves fall to 0.02
    np.testing.assert_allclose(history[MIXED], history["float32"], rtol=0, atol=atol)
    assert history[MIXED] != history["float32"]
    assert all(w.dtype == np.float32 for w in nets[MIXED].get_weights())
