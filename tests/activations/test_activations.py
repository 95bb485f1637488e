"""stepgrad.activations against Keras: names, defaults, values and gradients."""

import inspect
import os

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import activations, ops
from stepgrad.errors import ArgumentError

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

NAMES = sorted(set(activations.ACTIVATIONS.names()) & set(dir(keras.activations)))
POINTS = np.array([-7.0, -3.5, -1.1, -0.6, -0.25, 0.25, 0.5, 0.75, 1.5, 2.0, 4.0, 6.5], np.float32).reshape(
    2, 6
)


def both(name, **options):
    import torch

    x, t = sg.Tensor(POINTS, requires_grad=True), torch.tensor(POINTS, requires_grad=True)
    if name == "threshold":
        options = {"threshold": 0.4, "default_value": 0.3}
    y, z = getattr(activations, name)(x, **options), getattr(keras.activations, name)(t, **options)
    weights = np.random.default_rng(0).normal(size=y.shape).astype(np.float32)
    y.backward(gradient=weights)
    (z * torch.tensor(weights)).sum().backward()
    return y.numpy(), z.detach().numpy(), x.grad.numpy(), t.grad.numpy()


# Keras's sparsemax of the first row sums to 0.75; ours is tested against a bisection in tests/ops
@pytest.mark.parametrize("name", [name for name in NAMES if name != "sparsemax"])
def test_value_and_gradient_are_keras(name):
    ours, theirs, gradient, their_gradient = both(name)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)  # float32, other order of roundings
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-4, atol=1e-5)  # the same, one op longer


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_keras(name):
    ours, theirs = (
        inspect.signature(getattr(m, name)).parameters.values() for m in (activations, keras.activations)
    )
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


@pytest.mark.parametrize(
    "options",
    [{"max_value": 6}, {"max_value": 1.2}, {"negative_slope": 0.3}, {"threshold": 0.4}, {"threshold": -0.4},
     {"negative_slope": 0.3, "max_value": 1.2, "threshold": 0.4}],
)  # fmt: skip
def test_relus_options(options):
    ours, theirs, gradient, their_gradient = both("relu", **options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-6)


def test_every_name_of_keras_is_known():
    names = {
        n for n in dir(keras.activations) if n[0] != "_" and inspect.isfunction(getattr(keras.activations, n))
    }
    assert names - set(activations.ACTIVATIONS.names()) - {"get", "serialize", "deserialize"} == set()


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get(ops.exp) is ops.exp
    with pytest.raises(ArgumentError, match="did you mean 'softplus'"):
        activations.get("softpluss")


@pytest.mark.parametrize("name", activations.ACTIVATIONS.names())
def test_saved_and_loaded(name):
    function = activations.get(name)
    assert activations.deserialize(activations.serialize(function)) is function


def test_the_ops_own_functions_are_saved_by_name():
    assert activations.serialize(ops.relu) == "relu"
