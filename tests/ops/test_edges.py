"""What the elementwise ops do at the points that the general checks stay away from: ties, kinks, poles, cut paths."""

import numpy as np
import pytest
import torch

import stepgrad as sg
from stepgrad import ops

FUNCTIONS = {  # ours, PyTorch's
    "maximum": (lambda x: ops.maximum(x, 1.0), lambda x: torch.maximum(x, torch.ones(()))),
    "minimum": (lambda x: ops.minimum(x, 1.0), lambda x: torch.minimum(x, torch.ones(()))),
    "abs": (ops.abs, torch.abs),
    "relu": (ops.relu, torch.relu),
    "relu6": (ops.relu6, torch.nn.functional.relu6),
    "clip": (lambda x: ops.clip(x, 0.0, 1.0), lambda x: torch.clamp(x, 0.0, 1.0)),
    "elu": (ops.elu, torch.nn.functional.elu),
    "floor": (ops.floor, torch.floor),
    "sqrt": (ops.sqrt, torch.sqrt),
    "square": (lambda x: x**2, lambda x: x**2),
    "cube": (lambda x: x**3.0, lambda x: x**3.0),
    "zeroth power": (lambda x: x**0.0, lambda x: x**0.0),
    "nan_to_num": (ops.nan_to_num, torch.nan_to_num),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_gradient_at_special_points_are_pytorchs(name):
    ours, theirs = FUNCTIONS[name]
    points = np.array([0.0, 1.0, 6.0, np.inf, np.nan], np.float32)
    if name != "sqrt":
        points = np.append(points, np.float32([-1.0, -np.inf]))
    x, t = sg.Tensor(points, requires_grad=True), torch.tensor(points, requires_grad=True)
    with np.errstate(all="ignore"):
        y = ours(x)
        y.sum().backward()
    z = theirs(t)
    z.sum().backward()
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-6)
    ok = ~np.isnan(points)  # at NaN every value of the gradient is as good as another
    np.testing.assert_allclose(x.grad.numpy()[ok], t.grad.numpy()[ok], rtol=1e-6)


def test_ties_split_the_gradient():
    a, b = sg.Tensor([2.0, 5.0], requires_grad=True), sg.Tensor([2.0, 1.0], requires_grad=True)
    ops.maximum(a, b).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([0.5, 1.0], [0.5, 0.0])


def test_where_itself_does_not_leak():
    x = sg.Tensor([0.0, 2.0], requires_grad=True)
    bad = sg.Tensor([np.nan, 3.0], requires_grad=True)
    ops.where(x > 0, x * 2, bad).backward(gradient=[np.inf, 1.0])
    assert x.grad.tolist() == [0.0, 2.0]
    assert bad.grad.tolist() == [np.inf, 0.0]


def test_where_cannot_mend_what_happens_inside_the_branch():
    """The documented trap: log's own gradient at 0 is 0/0; the second where keeps log away from there."""
    x = sg.Tensor([0.0, 2.0], requires_grad=True)
    with np.errstate(all="ignore"):
        ops.where(x > 0, ops.log(x), 0.0).sum().backward()
    assert np.isnan(x.grad.numpy()[0]) and x.grad.numpy()[1] == 0.5
    safe = sg.Tensor([0.0, 2.0], requires_grad=True)
    ops.where(safe > 0, ops.log(ops.where(safe > 0, safe, 1.0)), 0.0).sum().backward()
    assert safe.grad.tolist() == [0.0, 0.5]


def test_where_gives_numbers_the_dtype_of_the_other_side():
    condition = np.array([True, False])
    assert ops.where(condition, np.float64([1, 2]), 0.5).dtype == "float64"
    assert ops.where(condition, np.float32([1, 2]), 0).dtype == "float32"
    assert ops.where(condition, np.int32([1, 2]), 0).dtype == "int32"
    assert ops.where(condition, np.int32([1, 2]), 0.5).dtype == "float32"
    assert ops.where(condition, 1, 0.5).dtype == "float32"


def test_power_of_zero_with_a_tracked_exponent():
    a, b = sg.Tensor([0.0, 0.0, 2.0], requires_grad=True), sg.Tensor([2.0, 0.0, 3.0], requires_grad=True)
    ops.power(a, b).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), [0.0, 0.0, 12.0], rtol=1e-6)
    np.testing.assert_allclose(b.grad.numpy(), [0.0, 0.0, 8 * np.log(2.0)], rtol=1e-6)


def test_power_keeps_integers_and_follows_float_exponents():
    assert (sg.Tensor([3]) ** 2).dtype == "int32" and (sg.Tensor([3]) ** 2).tolist() == [9]
    assert (sg.Tensor([3]) ** 2.0).dtype == "float32"


def test_stop_gradient_cuts_the_path():
    x = sg.Tensor([3.0], requires_grad=True)
    y = ops.stop_gradient(x * x)
    assert not y.requires_grad and y.tolist() == [9.0]
    (x * y).backward()
    assert x.grad.tolist() == [9.0]


def test_clip_takes_tensors_as_bounds():
    low = sg.Tensor([0.0, 2.0], requires_grad=True)
    y = ops.clip(sg.Tensor([1.0, 1.0]), low, 3.0)
    y.sum().backward()
    assert y.tolist() == [1.0, 2.0] and low.grad.tolist() == [0.0, 1.0]


def test_saturated_activations_neither_overflow_nor_warn():
    x = sg.Tensor([-1e4, 1e4], requires_grad=True)
    for f, want in ((ops.sigmoid, [0, 1]), (ops.silu, [0, 1e4]), (ops.softplus, [0, 1e4]), (ops.log_sigmoid, [-1e4, 0]),
                    (ops.elu, [-1, 1e4]), (ops.tanh, [-1, 1]), (ops.gelu, [0, 1e4]), (ops.mish, [0, 1e4])):  # fmt: skip
        for rung in ("numpy", "naive"):
            if rung == "numpy" or sg.kernels.compiled():
                with sg.kernels.use(rung):
                    y = f(x)
                    y.sum().backward()
                np.testing.assert_allclose(y.numpy(), want, rtol=1e-6, atol=1e-12)
    assert np.isfinite(x.grad.numpy()).all()


def test_numpys_ufuncs_stay_on_the_tape():
    x = sg.Tensor([0.5], requires_grad=True)
    y = np.tanh(np.maximum(np.subtract(x, 0.25), 0.0)) / 2
    assert isinstance(y, sg.Tensor) and y.requires_grad


def test_operators_on_both_sides():
    x = sg.Tensor([2.0, -3.0])
    results = [
        1 - x,
        6 / x,
        7 // x,
        7 % x,
        2.0**x,
        -x,
        abs(x),
        x > 0,
        x <= 2,
        ~(x > 0),
        (x > 0) & (x < 1),
        x != 2,
    ]
    a = x.numpy()
    wanted = [
        1 - a,
        6 / a,
        7 // a,
        7 % a,
        2.0**a,
        -a,
        abs(a),
        a > 0,
        a <= 2,
        ~(a > 0),
        (a > 0) & (a < 1),
        a != 2,
    ]
    for got, want in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(got.numpy(), want.astype(got.dtype))
