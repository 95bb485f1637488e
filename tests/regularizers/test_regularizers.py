"""Regularizers and constraints against Keras, gradients against differences, configs there and back."""

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import constraints, regularizers

CLOSE = {"rtol": 2e-6, "atol": 2e-6}  # float32 sums in another order
W = np.random.default_rng(3).normal(size=(4, 6)).astype("float32")

REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {"l2": 0.2}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {"factor": 0.5}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.3, "axis": 1}),
]


@pytest.mark.parametrize(("name", "settings"), REGULARIZERS)
def test_regularizer_is_that_of_keras(name, settings):
    ours, theirs = getattr(regularizers, name)(**settings), getattr(keras.regularizers, name)(**settings)
    want = float(theirs(keras.ops.convert_to_tensor(W)))
    np.testing.assert_allclose(float(ours(sg.Variable(W))), want, **CLOSE)
    copy = regularizers.deserialize(regularizers.serialize(ours))
    assert copy.get_config() == ours.get_config() == pytest.approx(theirs.get_config())
    loaded = regularizers.deserialize(keras.regularizers.serialize(theirs))
    np.testing.assert_allclose(float(loaded(W)), want, **CLOSE)


@pytest.mark.parametrize(("name", "settings"), [case for case in REGULARIZERS if case != ("L1L2", {})])
def test_regularizer_gradient_is_that_of_differences(name, settings):
    cost = getattr(regularizers, name)(**settings)
    w = sg.Tensor(W.astype("float64"), requires_grad=True)
    cost(w).backward()
    direction = np.random.default_rng(5).normal(size=W.shape)
    h = 1e-6
    change = (float(cost(w.array + h * direction)) - float(cost(w.array - h * direction))) / (2 * h)
    np.testing.assert_allclose(
        (w.grad.array * direction).sum(), change, rtol=1e-6, atol=1e-8
    )  # h^2, 1e-16 / h


@pytest.mark.parametrize(("name", "settings"), CONSTRAINTS)
def test_constraint_is_that_of_keras(name, settings):
    ours, theirs = getattr(constraints, name)(**settings), getattr(keras.constraints, name)(**settings)
    got = ours(sg.Variable(W)).numpy()
    np.testing.assert_allclose(got, theirs(keras.ops.convert_to_tensor(W)).numpy(), **CLOSE)
    assert got.dtype == np.float32
    copy = constraints.deserialize(constraints.serialize(ours))
    assert copy.get_config() == ours.get_config() == theirs.get_config()
    np.testing.assert_array_equal(
        constraints.deserialize(keras.constraints.serialize(theirs))(W).numpy(), got
    )


@pytest.mark.parametrize("name", ["l1", "l2", "l1_l2", "L1", "L1L2", "orthogonal_regularizer"])
def test_names_of_regularizers(name):
    assert isinstance(regularizers.get(name), regularizers.Regularizer)


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "non_neg", "unit_norm", "min_max_norm"])
def test_names_of_constraints(name):
    assert isinstance(constraints.get(name), constraints.Constraint)


def test_zero_costs_are_kept():
    assert regularizers.L1L2(l1=0.0, l2=0.5).get_config() == {"l1": 0.0, "l2": 0.5}
    assert float(regularizers.L1L2()(W)) == 0.0


def test_a_zero_vector_does_not_make_nan():
    zero = np.zeros((3, 2), "float32")
    for name, settings in CONSTRAINTS:
        assert np.isfinite(getattr(constraints, name)(**settings)(zero).numpy()).all()
    assert np.isfinite(float(regularizers.OrthogonalRegularizer()(zero)))
