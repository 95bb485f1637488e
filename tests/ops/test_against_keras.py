"""The functions that are made of other ops, and thin ones around NumPy: the values of keras.ops, and right gradients.

float32 on both sides, with sums in another order: 1e-5.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import KerasTensor, ops
from stepgrad.errors import StepgradError

pytestmark = pytest.mark.filterwarnings("ignore:Using torch.cross without specifying")
RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 4)).astype("float32")
Y = RNG.normal(size=(3, 4)).astype("float32")
P = RNG.uniform(0.5, 2.0, (3, 4)).astype("float32")
CUBE = RNG.normal(size=(2, 4, 6)).astype("float32")
V = RNG.normal(size=7).astype("float32")
W = RNG.normal(size=3).astype("float32")
HOLES = np.where(RNG.random((3, 4)) < 0.3, np.nan, X).astype("float32")
HOLES[0, 0], HOLES[1, 1] = 1.0, np.nan
WHOLE = RNG.integers(0, 9, (3, 4)).astype("int32")
ONES = np.ones((3, 4), "int32")
SQUARE = (X[:, :3] + 3 * np.eye(3)).astype("float32")
SYMMETRIC = (SQUARE @ SQUARE.T).astype("float32")
PIXELS = RNG.normal(size=(2, 4, 4, 8)).astype("float32")

# name, arguments, keyword arguments; the float arrays among the arguments get a gradient check
SMOOTH = [
    ("deg2rad", (X,), {}),
    ("rad2deg", (X,), {}),
    ("divide_no_nan", (X, P), {}),
    ("erfc", (X,), {}),
    ("erfinv", (X / 4,), {}),
    ("exp2", (X,), {}),
    ("fabs", (X,), {}),
    ("fmax", (X, Y), {}),
    ("fmin", (X, Y), {}),
    ("fmod", (X, P), {}),
    ("cbrt", (X,), {}),
    ("hypot", (X, Y), {}),
    ("logaddexp", (X, Y), {}),
    ("logaddexp2", (X, Y), {}),
    ("sinc", (X,), {}),
    ("real", (X,), {}),
    ("conj", (X,), {}),
    ("ldexp", (X, WHOLE), {}),
    ("append", (X, Y), {}),
    ("append", (X, Y), {"axis": 1}),
    ("array_split", (V, 3), {}),
    ("hsplit", (X, 2), {}),
    ("vsplit", (X, 3), {}),
    ("dsplit", (CUBE, 3), {}),
    ("dstack", ([X, Y],), {}),
    ("fliplr", (X,), {}),
    ("flipud", (X,), {}),
    ("rot90", (X,), {}),
    ("rot90", (X,), {"k": 2}),
    ("rot90", (CUBE,), {"k": 3, "axes": (1, 2)}),
    ("diagflat", (V,), {"k": 1}),
    ("diff", (X,), {}),
    ("diff", (X,), {"n": 2, "axis": 0}),
    ("get_item", (X, 1), {}),
    ("depth_to_space", (PIXELS, 2), {}),
    ("depth_to_space", (PIXELS.transpose(0, 3, 1, 2), 2), {"data_format": "channels_first"}),
    ("space_to_depth", (PIXELS, 2), {}),
    ("space_to_depth", (PIXELS.transpose(0, 3, 1, 2), 2), {"data_format": "channels_first"}),
    ("percentile", (X, 30), {}),
    ("percentile", (X, [25, 50]), {"axis": 1}),
    ("quantile", (CUBE, 0.3), {"axis": (0, 2), "keepdims": True}),
    *[("quantile", (X, 0.4), {"axis": 1, "method": m}) for m in ("lower", "higher", "nearest", "midpoint")],
    ("ptp", (X,), {"axis": 1}),
    ("corrcoef", (X,), {}),
    *[("correlate", (V, W), {"mode": mode}) for mode in ("valid", "same", "full")],
    ("cross", (CUBE[..., :3], CUBE[..., 3:]), {}),
    ("cross", (CUBE.T[:3], CUBE.T[3:]), {"axis": 0}),
    ("kron", (X, W), {}),
    ("cdist", (X, Y), {}),
    ("trapezoid", (X,), {"dx": 0.5}),
    ("trapezoid", (X,), {"x": np.array([0.0, 1.0, 3.0], "float32"), "axis": 0}),
    ("vander", (V,), {"N": 4}),
    ("vander", (V,), {"increasing": True, "N": 3}),
    ("psnr", (X, Y, 2.0), {}),
    ("segment_max", (X, np.array([0, 1, 0])), {}),
    ("segment_min", (X, np.array([1, 1, 0])), {}),
    ("max", (X,), {"axis": 1, "initial": 0.1}),
    ("min", (X,), {"initial": -9.0}),
    ("cumsum", (X,), {"axis": 1, "dtype": "float64"}),
    ("prod", (X,), {"dtype": "float64"}),
    ("scatter_update", (V, np.array([[1], [4]]), np.array([1.0, -2.0], "float32")), {"reduction": "max"}),
    ("scatter_update", (V, np.array([[1], [4]]), np.array([1.0, -2.0], "float32")), {"reduction": "mul"}),
    ("scatter_update", (V, np.array([[1], [1]]), np.array([1.0, -2.0], "float32")), {"reduction": "add"}),
    ("inv", (SQUARE,), {}),
    ("det", (SQUARE,), {}),
    ("logdet", (SYMMETRIC,), {}),
    ("slogdet", (SYMMETRIC,), {}),
    ("solve", (SQUARE, X), {}),
    ("solve_triangular", (SQUARE, X), {"lower": True}),
    ("cholesky", (SYMMETRIC,), {}),
    ("cholesky", (SYMMETRIC,), {"upper": True}),
    ("cholesky_inverse", (np.tril(SQUARE),), {}),
]
HOLLOW = [  # with NaN inside
    *[(f"nan{name}", (HOLES,), {}) for name in ("sum", "mean", "max", "min", "std", "var", "prod", "median")],
    *[(f"nan{name}", (HOLES,), {"axis": 1}) for name in ("sum", "mean", "max", "min", "std", "var", "prod")],
    ("nancumsum", (HOLES,), {"axis": 1}),
    ("nancumprod", (HOLES,), {}),
    ("nanargmax", (HOLES,), {"axis": 1}),
    ("nanargmin", (HOLES,), {}),
    ("nanquantile", (HOLES, 0.3), {"axis": 1, "keepdims": True}),
    ("nanpercentile", (HOLES, [20, 70]), {"axis": 0}),
    ("nanmedian", (HOLES,), {"axis": 1}),
    ("fmax", (HOLES, X), {}),
]
FLAT = [  # no gradient
    ("allclose", (X, X + 1e-9), {}),
    ("isclose", (HOLES, HOLES), {"equal_nan": True}),
    ("isclose", (HOLES, HOLES * 1.00001), {}),
    ("isneginf", (np.array([1.0, -np.inf, np.inf], "float32"),), {}),
    ("isposinf", (np.array([1.0, -np.inf, np.inf], "float32"),), {}),
    ("isreal", (X,), {}),
    ("angle", (X,), {}),
    ("signbit", (np.array([-0.0, 0.0, -2.0], "float32"),), {}),
    ("heaviside", (np.array([-1.0, 0.0, 2.0], "float32"), np.float32(0.5)), {}),
    ("nextafter", (X, Y), {}),
    ("i0", (X,), {}),
    ("saturate_cast", (np.array([-300.0, 0.4, 300.0], "float32"),), {"dtype": "uint8"}),
    ("saturate_cast", (np.array([-300, 5, 300], "int32"),), {"dtype": "int8"}),
    ("select", ([X > 0, Y > 0], [X, Y], 0.5), {}),
    ("histogram", (V,), {"bins": 5}),
    ("digitize", (X, np.array([-1.0, 0.0, 1.0], "float32")), {}),
    ("in_top_k", (np.array([0, 3, 2]), X, 2), {}),
    ("multi_hot", (np.array([[0, 2], [1, 1]]),), {"num_classes": 4}),
    ("isin", (WHOLE, np.array([1, 2], "int32")), {}),
    ("isin", (WHOLE, np.array([1, 2], "int32")), {"invert": True}),
    ("unravel_index", (np.array([5, 0]), (2, 3)), {}),
    ("unique", (WHOLE,), {}),
    ("unique", (WHOLE,), {"return_inverse": True, "return_counts": True}),
    *[(name, (7,), {}) for name in ("bartlett", "blackman", "hamming", "hanning")],
    ("kaiser", (7, 3.0), {}),
    ("logspace", (0.0, 2.0), {"num": 5}),
    ("geomspace", (1.0, 16.0), {"num": 5}),
    ("linspace", (0.0, 2.0), {"num": 5, "endpoint": False}),
    ("tri", (3,), {"k": 1}),
    ("bitwise_and", (WHOLE, WHOLE.T.reshape(3, 4)), {}),
    ("bitwise_or", (WHOLE, WHOLE.T.reshape(3, 4)), {}),
    ("bitwise_xor", (WHOLE, WHOLE.T.reshape(3, 4)), {}),
    ("bitwise_not", (WHOLE,), {}),
    ("left_shift", (WHOLE, ONES), {}),
    ("bitwise_right_shift", (WHOLE, ONES), {}),
    ("gcd", (WHOLE, WHOLE.T.reshape(3, 4)), {}),
    ("lcm", (WHOLE, WHOLE.T.reshape(3, 4)), {}),
    ("view", (X,), {"dtype": "int32"}),
    ("segment_prod", (WHOLE, np.array([0, 0, 1])), {}),
    ("pinv", (X,), {}),
    ("matrix_rank", (SQUARE,), {}),
    ("lstsq", (X.T, V[:4]), {}),
    ("lu_factor", (SQUARE,), {}),
    ("svd", (X,), {"compute_uv": False}),
]
VALUE_DEPENDENT = {
    "unique", "histogram", "segment_max", "segment_min", "segment_prod", "lu_factor", "pinv", "lstsq", "matrix_rank", "svd",
    "nanquantile", "nanpercentile", "nanmedian", "bartlett", "blackman", "hamming", "hanning", "kaiser", "select", "dstack",
    "tri", "linspace", "logspace", "geomspace",
}  # fmt: skip


def _ids(rows):
    return [f"{name}-{i}" for i, (name, *_) in enumerate(rows)]


def _flat(result):
    return [part for one in result for part in _flat(one)] if isinstance(result, list | tuple) else [result]


def _check(name, args, kwargs):
    got = _flat(getattr(ops, name)(*args, **kwargs))
    want = [keras.ops.convert_to_numpy(x) for x in _flat(getattr(keras.ops, name)(*args, **kwargs))]
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert a.numpy().shape == b.shape
        assert a.numpy().dtype.kind == b.dtype.kind or {a.numpy().dtype.kind, b.dtype.kind} <= set("iu")
        np.testing.assert_allclose(a.numpy().astype("float64"), b.astype("float64"), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "args", "kwargs"), SMOOTH + HOLLOW + FLAT, ids=_ids(SMOOTH + HOLLOW + FLAT))
def test_values_are_those_of_keras(name, args, kwargs):
    _check(name, args, kwargs)


@pytest.mark.parametrize(("name", "args", "kwargs"), SMOOTH, ids=_ids(SMOOTH))
def test_gradient(name, args, kwargs):
    nested = isinstance(args[0], list)
    given = args[0] if nested else args
    places = [i for i, x in enumerate(given) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]

    def run(*tensors):
        values = list(given)
        for place, tensor in zip(places, tensors, strict=True):
            values[place] = tensor
        parts = _flat(
            getattr(ops, name)(values, **kwargs) if nested else getattr(ops, name)(*values, **kwargs)
        )
        return sum((ops.sum(ops.sin(part)) for part in parts), start=0.0)

    assert sg.gradcheck(run, [sg.Tensor(given[i].astype("float64")) for i in places])


@pytest.mark.parametrize(("name", "args", "kwargs"), SMOOTH + FLAT, ids=_ids(SMOOTH + FLAT))
def test_symbolic_shapes(name, args, kwargs):
    if name in VALUE_DEPENDENT:
        pytest.skip("the shape depends on values, or nothing is symbolic")

    def symbol(x, i):
        return KerasTensor(x.shape, x.dtype.name) if isinstance(x, np.ndarray) and i == 0 else x

    want = _flat(getattr(ops, name)(*args, **kwargs))
    got = _flat(getattr(ops, name)(*(symbol(x, i) for i, x in enumerate(args)), **kwargs))
    assert [x.shape for x in got] == [x.shape for x in want]
    assert [x.dtype for x in got] == [x.dtype for x in want]


def test_decompositions_multiply_back():
    u, s, vh = (part.numpy() for part in ops.svd(X, full_matrices=False))
    np.testing.assert_allclose(u * s @ vh, X, atol=1e-5)
    q, r = (part.numpy() for part in ops.qr(X))
    np.testing.assert_allclose(q @ r, X, atol=1e-5)
    w, v = (part.numpy() for part in ops.eigh(SYMMETRIC))
    np.testing.assert_allclose(v * w @ v.T, SYMMETRIC, rtol=1e-5, atol=1e-4)
    w, v = (part.numpy() for part in ops.eig(SYMMETRIC))
    np.testing.assert_allclose(SYMMETRIC @ v, v * w, rtol=1e-4, atol=1e-4)


def test_loops_and_branches():
    assert ops.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0)) == (4, 6)
    assert ops.while_loop(lambda i: True, lambda i: i + 1, 0, maximum_iterations=3) == 3
    assert ops.fori_loop(1, 4, lambda i, x: x * i, 1) == 6
    assert ops.cond(sg.Tensor(1.0) > 0, lambda: 1, lambda: 2) == 1
    assert ops.switch(9, [lambda x: x, lambda x: -x], 3) == -3
    np.testing.assert_array_equal(ops.map(lambda x: x * 2, X).numpy(), X * 2)
    np.testing.assert_array_equal(ops.vectorized_map(lambda x: x + 1, X).numpy(), X + 1)
    mine = ops.scan(lambda c, x: (c + x, c * x), np.zeros(4, "float32"), X, reverse=True)
    theirs = keras.ops.scan(lambda c, x: (c + x, c * x), keras.ops.zeros(4), keras.ops.array(X), reverse=True)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-6)
    for reverse in (False, True):
        sums = ops.associative_scan(lambda a, b: a + b, X, reverse=reverse, axis=1).numpy()
        want = np.cumsum(X[:, ::-1], 1)[:, ::-1] if reverse else np.cumsum(X, 1)
        np.testing.assert_allclose(sums, want, rtol=1e-5)
    larger = ops.vectorize(lambda a, b: ops.where(a > b, a, b))(X, Y[0])
    np.testing.assert_array_equal(larger.numpy(), np.maximum(X, Y[0]))
    assert ops.is_tensor(sg.Tensor(1.0)) and ops.dtype(WHOLE) == "int32"


def test_gradients_flow_through_loops():
    x = sg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    total, _ = ops.scan(lambda c, v: (c * v, c), sg.Tensor(1.0), x)
    total.backward()
    assert x.grad.tolist() == [6.0, 3.0, 2.0]


def test_custom_gradient_and_jvp():
    @ops.custom_gradient
    def clipped(x, y):
        return x * y, lambda upstream: (upstream * 10.0, None)

    x = sg.Tensor([2.0], requires_grad=True)
    clipped(x, 3.0).backward()
    assert x.grad.tolist() == [10.0]
    value, slope = ops.jvp(lambda a, b: ops.sin(a) * b, (0.5, [1.0, 2.0]), (1.0, [0.0, 1.0]))
    np.testing.assert_allclose(value.numpy(), np.sin(0.5) * np.array([1, 2]), rtol=1e-6)
    want = np.cos(0.5) * np.array([1.0, 2.0]) + np.sin(0.5) * np.array([0.0, 1.0])
    np.testing.assert_allclose(slope.numpy(), want, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.inv(np.zeros((2, 2), "float32")), "singular"),
        (lambda: ops.inv(X), "square matrix"),
        (lambda: ops.solve(SQUARE, np.ones((2, 1), "float32")), "do not fit"),
        (lambda: ops.cross(V, V), "2 or 3 components"),
        (lambda: ops.bitwise_and(X, X), "integers"),
        (lambda: ops.view(X, "int64"), "as many bits"),
        (lambda: ops.unique(KerasTensor((3,))), "does not have yet"),
        (lambda: ops.cond(KerasTensor(()), lambda: 1, lambda: 2), "needs values"),
        (lambda: ops.select([X > 0], [X, Y]), "needs a choice"),
        (lambda: ops.quantile(X, 0.5, method="cubic"), "no method"),
        (lambda: ops.scan(lambda c, x: (c, x), 0.0), "xs, or a length"),
        (lambda: ops.eig(np.array([[0.0, 1.0], [-1.0, 0.0]])), "complex"),
        (lambda: ops.scatter_update(V, [[1]], [1.0], reduction="mean"), "no such reduction"),
    ],
)
def test_errors_teach(call, words):
    with pytest.raises(StepgradError, match=words):
        call()
