"""Moments, fans, orthogonality, seeds and configs of the initializers, also against Keras's own."""

import inspect
import json
import math

import numpy as np
import pytest

from stepgrad import config, initializers, random
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.utils.serialization import deserialize_object

NAMES = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "LecunNormal", "LecunUniform",
    "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros",
]  # fmt: skip
RANDOM_NAMES = [name for name in NAMES if "seed" in initializers.get(name).get_config()]
SNAKE = {name: "".join("_" + c.lower() if c.isupper() else c for c in name)[1:] for name in NAMES}


@pytest.fixture(scope="module")
def keras():
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")


@pytest.mark.parametrize("name", NAMES)
def test_names_config_and_clone(name):
    one = initializers.get(name)
    assert type(one) is type(initializers.get(SNAKE[name])) is getattr(initializers, name)
    saved = json.loads(json.dumps(initializers.serialize(one)))
    assert saved["module"] == "stepgrad.initializers" and saved["class_name"] == name
    for again in (
        initializers.deserialize(saved),
        deserialize_object(saved),
        initializers.get(saved),
        one.clone(),
    ):
        assert type(again) is type(one) and again is not one and again.get_config() == one.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_signature_and_defaults_are_keras(keras, name):
    def parameters(cls):
        return {key: p.default for key, p in inspect.signature(cls).parameters.items()}

    theirs = getattr(keras.initializers, name)
    expected = parameters(theirs) if "__init__" in vars(theirs) else {}
    for new in ("input_axes", "output_axes"):  # only recent Keras has them
        if new not in expected and new in parameters(getattr(initializers, name)):
            expected[new] = None
    assert parameters(getattr(initializers, name)) == expected
    config = {**theirs().get_config(), **{key: None for key in expected if "axes" in key}}
    if name == "Identity":  # Keras forgets the gain
        config["gain"] = 1.0
    assert initializers.get(name).get_config() == config
    ours = initializers.deserialize(keras.initializers.serialize(theirs()))
    assert type(ours).__name__ == name


@pytest.mark.parametrize("name", RANDOM_NAMES)
def test_seeds(name):
    cls = getattr(initializers, name)
    one = cls(seed=5)
    assert np.array_equal(one((6, 6)), one((6, 6))) and np.array_equal(one((6, 6)), cls(seed=5)((6, 6)))
    assert not np.array_equal(one((6, 6)), cls(seed=6)((6, 6)))
    flowing = cls(seed=random.SeedGenerator(5))
    assert np.array_equal(flowing((6, 6)), one((6, 6))) and not np.array_equal(flowing((6, 6)), one((6, 6)))
    again = deserialize_object(json.loads(json.dumps(initializers.serialize(flowing))))
    assert isinstance(again.seed, random.SeedGenerator) and again.seed.seed == 5
    random.set_seed(1)
    a, b = cls(), cls()
    assert np.array_equal(a((6, 6)), a((6, 6))) and not np.array_equal(a((6, 6)), b((6, 6)))
    random.set_seed(1)
    assert np.array_equal(a((6, 6)), cls()((6, 6)))


@pytest.mark.parametrize("shape", [(), (7,), (30, 50), (4, 6, 10), (3, 3, 16, 32), (2, 3, 4, 5, 6)])
def test_fans_are_keras(keras, shape):
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_fans_of_given_axes():
    assert initializers.compute_fans((8, 4, 16), input_axes=(0,), output_axes=(1, 2)) == (8, 64)


STDDEV = {  # scale and fan of every named initializer, for fan_in 300 and fan_out 200
    "GlorotNormal": 1 / 250, "GlorotUniform": 1 / 250, "HeNormal": 2 / 300, "HeUniform": 2 / 300,
    "LecunNormal": 1 / 300, "LecunUniform": 1 / 300, "VarianceScaling": 1 / 300,
}  # fmt: skip


@pytest.mark.parametrize("name", STDDEV)
def test_spread_is_the_formula_and_keras(keras, name):
    expected = math.sqrt(STDDEV[name])
    n = 300 * 200
    x = getattr(initializers, name)(seed=0)((300, 200))
    theirs = getattr(keras.initializers, name)(seed=0)((300, 200)).detach().numpy()
    assert x.dtype == np.float32
    # the std of n draws strays by at most std/sqrt(2n) = 0.3 % (normal; uniform less), the mean by std/sqrt(n): 5 of them
    for values in (x, theirs):
        assert abs(values.std() / expected - 1) < 5 / math.sqrt(2 * n)
        assert abs(values.mean()) < 5 * expected / math.sqrt(n)
    top = math.sqrt(3) if "Uniform" in name else 2 / 0.87962566103423978
    assert 0.99 * top < np.abs(x).max() / expected <= top * (1 + 1e-6)  # float32 rounding


@pytest.mark.parametrize("mode, n", [("fan_in", 27), ("fan_out", 90), ("fan_avg", 58.5)])
@pytest.mark.parametrize(
    "distribution", ["truncated_normal", "untruncated_normal", "uniform", "normal", "Uniform"]
)
def test_variance_scaling(mode, n, distribution):
    one = initializers.VarianceScaling(3.0, mode, distribution, seed=2)
    draws = np.stack(
        [initializers.VarianceScaling(3.0, mode, distribution, seed=s)((3, 3, 3, 10)) for s in range(200)]
    )
    # 54,000 draws: the std strays by 0.3 %
    assert abs(draws.std() / math.sqrt(3 / n) - 1) < 5 / math.sqrt(2 * draws.size)
    assert one.distribution == {"normal": "truncated_normal"}.get(distribution, distribution.lower())


@pytest.mark.parametrize("shape", [(8, 8), (20, 5), (5, 20), (3, 3, 2, 4), (1, 1), (2, 2, 30)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain):
    q = initializers.Orthogonal(gain, seed=0)(shape, "float64").reshape(-1, shape[-1])
    rows, columns = q.shape
    product = q @ q.T if rows < columns else q.T @ q
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)  # float64 QR


def test_orthogonal_is_uniform_over_rotations():
    # without the sign correction the mean of the diagonal is far from 0 (LAPACK makes R's diagonal negative)
    diagonals = [np.diag(initializers.Orthogonal(seed=s)((3, 3))) for s in range(2000)]
    assert abs(np.mean(diagonals)) < 5 / math.sqrt(3 * 6000)  # the entries have variance 1/3


def test_constants():
    assert initializers.Constant(2)((2, 2), "int32").tolist() == [[2, 2], [2, 2]]
    assert initializers.Identity(3.0)((2, 3)).tolist() == [[3, 0, 0], [0, 3, 0]]
    assert initializers.Zeros()((0, 3)).shape == (0, 3) and initializers.Ones()(()) == 1
    with pytest.raises(ShapeError, match="matrices"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ShapeError, match="two axes"):
        initializers.Orthogonal()((3,))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", None])
def test_dtypes(name, dtype):
    x = initializers.get(name)((3, 5), dtype)
    assert (
        type(x) is np.ndarray and x.dtype == (dtype or "float32") and x.shape == (3, 5) and x.flags.writeable
    )


@pytest.mark.parametrize("name", NAMES)
def test_floatx(name):
    config.set_floatx("float64")
    try:
        assert initializers.get(name)((2, 2)).dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_get_arrays_callables_and_errors():
    start = initializers.get(np.array([[1, 2]]))
    assert start((1, 2)).tolist() == [[1.0, 2.0]] and start((1, 2)).dtype == np.float32
    with pytest.raises(ShapeError, match=r"expected: \(2, 2\)"):
        start((2, 2))
    assert initializers.get(None) is None
    assert initializers.get(math.floor) is math.floor
    with pytest.raises(ArgumentError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(ArgumentError, match="did you mean 'fan_in'"):
        initializers.VarianceScaling(mode="fan_im")
    with pytest.raises(ArgumentError, match="distribution cannot be 'gauss'"):
        initializers.VarianceScaling(distribution="gauss")
    with pytest.raises(ArgumentError, match="positive"):
        initializers.VarianceScaling(scale=0)
    with pytest.raises(ArgumentError, match="integer"):
        initializers.HeNormal(seed=1.5)
    with pytest.raises(NotImplementedError, match="__call__"):
        initializers.Initializer()((2,))
