"""gradcheck passes what is right, and names the entry where something planted is wrong."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import ops
from stepgrad.errors import ArgumentError, DTypeError, GradientError
from stepgrad.gradcheck import gradcheck

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
W = np.array([[0.2, 1.0], [-0.4, 0.6], [0.9, -1.1]])


def check(fn, inputs, **options):
    return gradcheck(fn, inputs, raise_exception=False, **options)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_right_gradients_pass(order):
    def loss(x, w, b):
        return ops.tanh(x @ w + b) ** 3.0

    report = gradcheck(loss, [X, W, np.array([0.1, -0.2])], order=order)
    assert report.ok and report.order == order and len(report.rows) == 6 + 6 + 2
    assert "14 numbers agree" in str(report)


def test_several_outputs_integers_and_a_single_input():
    assert gradcheck(lambda x: (x * 2, ops.exp(x)), X)
    assert gradcheck(lambda x, i: x * i, [X, np.array([1, 2, 3])])
    assert gradcheck(ops.exp, 0.5)
    assert gradcheck(ops.exp, [0.5, 1.0])


def test_large_inputs_are_checked_along_directions():
    report = gradcheck(ops.tanh, np.random.default_rng(0).normal(size=(50, 40)))
    assert [row.entry for row in report.rows] == [f"direction {n}" for n in range(1, 9)]


class Wrong(sg.Op):
    """An op whose gradient is given from outside."""

    formula = "y = x W"

    def __init__(self, forward, backward):
        self.reference, self._backward, self.name = forward, backward, "wrong"
        super().__init__()

    def shape(self, *shapes):
        return self.reference(*[np.zeros(s) for s in shapes]).shape

    def gradient(self, step, gy):
        return self._backward(*step.inputs, gy)


def test_a_missing_factor():
    report = check(Wrong(lambda x: x**2, lambda x, gy: gy * x), X)
    assert not report and len([row for row in report.rows if not row.ok]) == 6
    assert "0.5 times what it should be everywhere in input 0" in str(report)
    worst = max(report.rows, key=lambda row: row.difference)
    assert worst.entry == "[0, 2]"  # the largest |x|
    np.testing.assert_allclose(worst.got * 2, worst.expected, rtol=1e-6)


def test_a_missing_sum_over_the_broadcast_axis():
    op = Wrong(lambda x, b: x + b, lambda x, b, gy: (gy, gy[0]))
    report = check(op, [X, np.array([1.0, 2.0, 3.0])])
    assert {(row.input, row.entry) for row in report.rows if not row.ok} == {
        (1, "[0]"),
        (1, "[1]"),
        (1, "[2]"),
    }


def test_a_transposed_gradient():
    a, b = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.5, -1.0], [2.0, 0.1]])
    op = Wrong(lambda a, b: a @ b, lambda a, b, gy: ((gy @ b.T).T, a.T @ gy))
    report = check(op, [a, b])
    assert {(row.input, row.entry) for row in report.rows if not row.ok} == {(0, "[0, 1]"), (0, "[1, 0]")}
    assert "input 0 looks transposed" in str(report)


def test_one_wrong_entry_is_named_with_its_numbers():
    def backward(x, gy):
        return gy * x * 2 + np.array([[0, 0, 0], [0, 0.5, 0]])

    with pytest.raises(GradientError) as info:
        gradcheck(Wrong(lambda x: x**2, backward), sg.Tensor(X, name="weights"))
    text = str(info.value)
    assert (
        "1 of 6 numbers differ" in text and "0 (weights)" in text and "[1, 1]" in text and "5.00e-01" in text
    )


def test_a_wrong_second_order_passes_the_first():
    class Flat(sg.Op):
        """x^3 whose gradient is right, but made with NumPy behind the tape's back."""

        formula = "y = x^3"

        def reference(self, x):
            return x**3

        def gradient(self, step, gy):
            return gy * (3 * step.inputs[0].numpy() ** 2)

    flat = Flat()
    assert check(flat, X).ok
    report = check(flat, X, order=2)
    assert not report and report.order == 2 and "no path on the tape leads to input 0" in str(report)


def test_a_path_cut_by_accident():
    report = check(lambda x, y: x * ops.stop_gradient(y), [X, X + 1])
    assert "no path on the tape leads to input 1" in str(report)
    assert {row.input for row in report.rows if not row.ok} == {1}


@pytest.mark.parametrize(
    "fn, inputs, kinks",
    [
        (ops.relu, [np.array([0.0, 1.0])], [(0, "[0]")]),
        (ops.abs, [np.array([2.0, 0.0])], [(0, "[1]")]),
        (ops.maximum, [np.array([1.0, 3.0]), np.array([1.0, 2.0])], [(0, "[0]"), (1, "[0]")]),
    ],
)
def test_kinks_are_said_to_be_kinks(fn, inputs, kinks):
    report = gradcheck(fn, inputs)
    assert [(row.input, row.entry) for row in report.rows if row.kink] == kinks
    assert "this input sits on a kink" in str(report)


def test_a_kink_is_no_excuse_for_a_gradient_outside_of_both_slopes():
    report = check(Wrong(lambda x: np.maximum(x, 0), lambda x, gy: gy * 2 * (x >= 0)), np.array([0.0]))
    assert report.rows[0].kink and not report.ok


def test_a_sharp_bend_is_not_a_kink():
    report = gradcheck(lambda x: ops.sqrt(x * x + 1e-6), np.array([0.0, 1e-4]), epsilon=1e-6, rtol=1e-3)
    assert not any(row.kink for row in report.rows)


def test_the_edge_of_the_domain():
    report = check(ops.sqrt, np.array([0.0, 1.0]))
    assert [row.ok for row in report.rows] == [False, True] and "the edge of its domain" in str(report)


def test_the_curve_has_its_valley():
    curve = dict(gradcheck(ops.exp, X).curve)
    errors = list(curve.values())
    assert (
        list(curve)[0] == 0.1 and min(errors) < 1e-8
    )  # the truncation and the rounding of float64 cross near 1e-5
    assert errors[0] > 1e3 * min(errors) and errors[-1] > 1e3 * min(errors)


def test_what_cannot_be_checked():
    with pytest.raises(DTypeError, match="nothing to check"):
        gradcheck(ops.exp, np.array([1, 2]))
    with pytest.raises(DTypeError, match="float32"):
        gradcheck(lambda x: ops.cast(x, "float32"), X)
    with pytest.raises(ArgumentError, match="for the same inputs"):
        rng = np.random.default_rng(0)
        gradcheck(lambda x: x * rng.random(), X)
    with pytest.raises(ArgumentError, match="order"):
        gradcheck(ops.exp, X, order=0)


def test_inputs_are_not_changed():
    x = sg.Tensor(X, requires_grad=True)
    gradcheck(ops.exp, x)
    assert x.grad is None and x.tolist() == X.tolist()
