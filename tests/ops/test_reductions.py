"""Reductions where the numbers are not ordinary: NaN, infinities, nothing at all, ties, zeros in a product; and creation."""

import numpy as np
import pytest

from stepgrad import KerasTensor, Tensor, config, kernels, ops
from stepgrad.errors import ArgumentError, DTypeError, ShapeError, StepgradError

NAN, INF = np.nan, np.inf
ODD = np.array([[1.0, NAN, 3.0], [INF, 1.0, -INF], [-INF, -INF, -INF], [-0.0, 0.0, -3.0], [NAN, NAN, INF]])
RUNGS = [
    (name, k.rung)
    for name in ("sum", "mean", "max", "min", "prod", "argmax", "argmin")
    for k in kernels.rungs(name)
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, rung", RUNGS)
def test_odd_numbers_as_in_numpy(name, rung, dtype):
    with np.errstate(invalid="ignore"), kernels.use(**{name: rung}):
        for axis in (0, 1, None):
            want = getattr(np, name)(ODD, axis=axis)
            np.testing.assert_array_equal(getattr(ops, name)(ODD.astype(dtype), axis=axis).numpy(), want)


@pytest.mark.parametrize(
    "name", ["sum", "prod", "mean", "var", "any", "all", "count_nonzero", "logsumexp", "norm"]
)
def test_nothing_to_reduce(name):
    want = {
        "sum": 0,
        "prod": 1,
        "mean": NAN,
        "var": NAN,
        "any": 0,
        "all": 1,
        "count_nonzero": 0,
        "logsumexp": -INF,
        "norm": 0,
    }
    np.testing.assert_array_equal(
        getattr(ops, name)(np.ones((2, 0), np.float32), axis=1).numpy(), [want[name]] * 2
    )
    assert getattr(ops, name)(np.ones((0, 3), np.float32), axis=1).shape == (0,)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_no_extreme_of_nothing(name):
    with pytest.raises(ShapeError, match="there is nothing to take the"):
        getattr(ops, name)(np.ones((2, 0), np.float32))
    assert getattr(ops, name)(np.ones((0, 3), np.float32), axis=1).shape == (0,)


def gradient_of(function, x, weights=None):
    x = Tensor(np.array(x), requires_grad=True)
    y = function(x)
    y.backward(np.ones(y.shape) if weights is None else np.array(weights))
    return x.grad.tolist()


def test_ties_share_the_gradient():
    x = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]
    assert gradient_of(lambda x: ops.max(x, axis=1), x, [1.0, 3.0]) == [[0, 0.5, 0.5], [1, 1, 1]]
    assert gradient_of(lambda x: ops.min(x, axis=1), x, [1.0, 3.0]) == [[1, 0, 0], [1, 1, 1]]
    assert gradient_of(ops.max, x) == [[0, 0.5, 0.5], [0, 0, 0]]
    assert gradient_of(lambda x: ops.max(x, axis=1), [[NAN, 1.0, NAN]]) == [[0.5, 0, 0.5]]


@pytest.mark.parametrize("x", [[2.0, 0.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [2.0, 3.0, 5.0], [4.0]])
def test_prod_and_cumprod_gradients_with_zeros(x):
    others = [np.prod(x[:i] + x[i + 1 :]) for i in range(len(x))]
    assert gradient_of(ops.prod, x) == others
    running = np.array(
        [[np.prod(x[:i] + x[i + 1 : t + 1]) if i <= t else 0.0 for i in range(len(x))] for t in range(len(x))]
    )
    assert gradient_of(lambda x: ops.cumprod(x, 0), x) == running.sum(0).tolist()


def test_second_derivative_of_prod_with_a_zero():
    x = Tensor([2.0, 0.0, 5.0], requires_grad=True)
    ops.prod(x).backward(create_graph=True)
    first = x.grad
    assert first.tolist() == [0, 10, 0]
    x.grad = None
    first[0].backward()  # d/dx of x1 x2
    assert x.grad.tolist() == [0, 5, 0]


def test_logsumexp_at_the_ends():
    x = np.array([[-INF, -INF], [1e4, 1e4 + 1], [-INF, 2.0], [INF, 0.0], [NAN, 0.0]])
    want = [-INF, 1e4 + 1 + np.log1p(np.exp(-1)), 2.0, INF, NAN]
    np.testing.assert_allclose(ops.logsumexp(x, 1).numpy(), want, rtol=1e-14)  # a few roundings
    grad = np.array(gradient_of(lambda x: ops.logsumexp(x, 1), x[:3]))
    np.testing.assert_allclose(
        grad, [[0, 0], 1 / (1 + np.exp([1, -1])), [0, 1]], rtol=1e-10
    )  # 1e4 costs 4 digits


def test_norm_has_gradient_zero_at_zero():
    assert gradient_of(lambda x: ops.norm(x, axis=1), [[0.0, 0.0], [-2.0, 0.0]]) == [[0, 0], [-1, 0]]


def test_small_integers_do_not_wrap():
    x = np.array([200, 100], np.uint8)
    for function in (ops.sum, ops.prod):
        assert (
            function(x).item() == getattr(np, function.__name__)(x.astype(int))
            and function(x).dtype == "int32"
        )
    assert ops.cumsum(x).tolist() == [200, 300]
    assert ops.sum([True, True]).item() == 2
    assert ops.mean(x).item() == 150 and ops.mean(x).dtype == config.floatx()


def test_top_k_takes_the_first_of_equals_and_sort_puts_nan_last():
    values, places = ops.top_k([1.0, 3.0, 3.0, 2.0], 3)
    assert (values.tolist(), places.tolist()) == ([3, 3, 2], [1, 2, 3])
    np.testing.assert_array_equal(ops.sort([2.0, NAN, 1.0]).numpy(), [1, 2, NAN])
    assert np.isnan(ops.median([1.0, NAN, 2.0]).item())
    assert gradient_of(lambda x: ops.sort(x), [3.0, 1.0, 2.0], [10.0, 20.0, 30.0]) == [30, 10, 20]


def test_created_tensors():
    assert ops.zeros((2, 1)).tolist() == [[0], [0]] and ops.ones(2, "int32").dtype == "int32"
    assert ops.full((2,), 3).dtype == "float32"
    for args in [(4,), (1, 4), (0, 1, 0.25), (5, 0, -2), (0,)]:
        np.testing.assert_array_equal(ops.arange(*args).numpy(), np.arange(*args))
    assert (
        ops.arange(3).dtype == "int32"
        and ops.arange(3.0).dtype == "float32"
        and ops.arange(3, dtype="uint8").dtype == "uint8"
    )
    np.testing.assert_array_equal(ops.linspace(0, 1, 4, endpoint=False).numpy(), [0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(ops.eye(2, 3, 1).numpy(), np.eye(2, 3, 1))
    assert ops.zeros_like(np.ones((2, 3), np.int64)).dtype == "int64" and ops.ones_like(
        [1.0], "bool"
    ).tolist() == [True]
    symbol = ops.zeros_like(KerasTensor((None, 3)))
    assert symbol.shape == (None, 3) and ops.shape(symbol) == (None, 3) and ops.size(symbol) is None
    x = Tensor([1.0])
    assert ops.convert_to_tensor(x) is x and ops.convert_to_tensor(x, "float64").dtype == "float64"
    copied = ops.convert_to_numpy(x)
    copied[0] = 7
    assert x.tolist() == [1]


@pytest.mark.parametrize(
    "bad, fragment",
    [
        (lambda: ops.zeros((None, 3)), "needs known sizes"),
        (lambda: ops.arange(0, 3, 0), "step cannot be 0"),
        (lambda: ops.linspace(0, 1, -1), "num cannot be negative"),
        (lambda: ops.convert_to_numpy(KerasTensor((3,))), "no values yet"),
        (lambda: ops.nonzero(KerasTensor((3,))), "not known yet"),
        (lambda: ops.bincount([-1]), "only numbers from 0"),
        (lambda: ops.bincount([[[1]]]), "counts along one axis"),
        (lambda: ops.bincount(KerasTensor((3,), "int32")), "cannot be counted"),
        (lambda: ops.segment_sum([1.0], KerasTensor((1,), "int32")), "num_segments must be given"),
        (lambda: ops.meshgrid([1], indexing="yx"), "'xy' or 'ij'"),
        (lambda: Tensor([1.0])[KerasTensor((3,), "bool")], "no values to index with"),
    ],
)
def test_errors_teach(bad, fragment):
    with pytest.raises((ArgumentError, DTypeError, ShapeError), match=fragment) as info:
        bad()
    assert isinstance(info.value, StepgradError)


def test_counting():
    assert ops.bincount([1, 1, 3], minlength=6).tolist() == [0, 2, 0, 1, 0, 0]
    assert ops.bincount([[0, 1], [1, 1]]).tolist() == [[1, 1], [0, 2]]
    assert [p.tolist() for p in ops.nonzero([[0, 2], [3, 0]])] == [[0, 1], [1, 0]]
    assert ops.segment_sum([[1.0], [2.0], [4.0]], [1, 1, 0]).tolist() == [[4], [3]]
