"""Tensor and Variable: dtypes, NumPy's protocols, operators, repr."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import ops
from stepgrad.errors import DTypeError, ShapeError


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, "float32"),
        (1, "int32"),
        (True, "bool"),
        ([1.0, 2.0], "float32"),
        ([1, 2], "int32"),
        ([2**40], "int64"),
        (np.ones(2), "float64"),
        (np.arange(2), "int64"),
        (np.float32(1), "float32"),
        ([], "float32"),
    ],
)
def test_default_dtypes(data, dtype):
    assert sg.Tensor(data).dtype == dtype


@pytest.mark.parametrize(
    ("a", "b", "dtype"),
    [
        (sg.Tensor([1.0]), 2, "float32"),
        (sg.Tensor([1]), 2.5, "float32"),
        (sg.Tensor([1]), 2, "int32"),
        (sg.Tensor(np.ones(1)), 2.5, "float64"),
        (sg.Tensor([1.0]), sg.Tensor(np.arange(1)), "float32"),
        (sg.Tensor([1.0]), sg.Tensor(np.ones(1)), "float64"),
        (sg.Tensor([True]), 1, "int32"),
        (sg.Tensor([True]), sg.Tensor([1.0]), "float32"),
    ],
)
def test_promotion(a, b, dtype):
    assert (a + b).dtype == (b + a).dtype == dtype


def test_text_and_ragged_rows_are_refused():
    with pytest.raises(DTypeError, match="words to indices"):
        sg.Tensor(["a", "b"])
    with pytest.raises((DTypeError, ValueError)):
        sg.Tensor([[1.0], [1.0, 2.0]])
    with pytest.raises(DTypeError, match="dtype='float32'"):
        sg.Tensor([1, 2], requires_grad=True)


def test_numpy_functions_stay_on_the_tape():
    x = sg.Tensor([1.0, 2.0], requires_grad=True)
    y = np.exp(x)
    assert isinstance(y, sg.Tensor) and y.step.op.name == "exp"
    assert isinstance(np.ones(2) * x, sg.Tensor)
    with pytest.raises(DTypeError, match="leave the tape"):
        np.add.reduce(x)
    np.testing.assert_array_equal(np.asarray(x), [1.0, 2.0])
    assert np.asarray(x, dtype="float64").dtype == np.float64


def test_dlpack_both_ways():
    x = sg.Tensor([1.0, 2.0])
    np.testing.assert_array_equal(np.from_dlpack(x), [1.0, 2.0])
    torch = pytest.importorskip("torch")
    assert torch.from_dlpack(x).tolist() == [1.0, 2.0]
    assert sg.Tensor(torch.tensor([3.0])).tolist() == [3.0]


def test_truth_length_iteration_and_conversion():
    x = sg.Tensor([1.0, 2.0])
    assert len(x) == 2 and [float(e) for e in x] == [1.0, 2.0]
    with pytest.raises(ShapeError, match="true or false"):
        bool(x)
    with pytest.raises(DTypeError, match="no length"):
        len(sg.Tensor(1.0))
    assert bool(sg.Tensor(1.0)) and int(sg.Tensor(3)) == 3 and f"{sg.Tensor(0.5):.2f}" == "0.50"
    assert [10, 20][sg.Tensor(1)] == 20


def test_operators_agree_with_numpy():
    a, b = np.array([1.5, -2.0, 3.0]), np.array([2.0, 3.0, -1.0])
    s, t = sg.Tensor(a), sg.Tensor(b)
    for got, want in [
        (s + t, a + b), (s - t, a - b), (s * t, a * b), (s / t, a / b), (s // t, a // b), (s % t, a % b),
        (2.0 - s, 2.0 - a), (2.0 / s, 2.0 / a), (2.0**t, 2.0**b), (t**2, b**2), (-s, -a), (abs(s), abs(a)),
        (s @ t, a @ b), (s < t, a < b), (s >= t, a >= b), (s == t, a == b), (s != t, a != b), (s[1:], a[1:]),
        (s.reshape(3, 1), a.reshape(3, 1)), (s.reshape((3, 1)).T, a.reshape(1, 3)), (s.sum(), a.sum()),
        (s.mean(), a.mean()), (s.max(), a.max()), (s.min(), a.min()), (s.astype("int32"), a.astype("int32")),
        (+s, a), (2.0 // s, 2.0 // a), (7.0 % t, 7.0 % b), (a.reshape(1, 3) @ s, a.reshape(1, 3) @ a),
    ]:  # fmt: skip
        np.testing.assert_array_equal(got.numpy(), want)


def test_repr_shows_values_shape_dtype_and_origin():
    x = sg.Tensor([1.0], requires_grad=True, name="x")
    assert repr(x) == "Tensor([1.], shape=(1,), dtype=float32, name='x')"
    assert repr(ops.exp(x * 0.0)) == "Tensor([1.], shape=(1,), dtype=float32, from=exp)"


def test_variables_assign_and_refuse_other_shapes():
    w = sg.Variable([1.0, 2.0], name="w")
    w.assign_add([1.0, 1.0]).assign_sub([0.5, 0.5])
    assert w.tolist() == [1.5, 2.5] and w.value is w
    with pytest.raises(ShapeError, match="'w' keeps its shape"):
        w.assign([1.0])
    copy = w.numpy()
    w.assign([0.0, 0.0])
    assert copy.tolist() == [1.5, 2.5]
    with pytest.raises(ShapeError, match="needs a shape"):
        sg.Variable(lambda shape, dtype: np.ones(shape))
    made = sg.Variable(lambda shape, dtype: np.ones(shape, dtype), shape=(2, 2), trainable=False)
    assert made.shape == (2, 2) and not made.trainable
    made.trainable = True
    assert made.requires_grad


def test_the_path_of_a_variable_is_its_layer():
    with sg.scope("model"), sg.scope("dense"):
        assert sg.Variable(1.0, name="kernel").path == "model/dense/kernel"
