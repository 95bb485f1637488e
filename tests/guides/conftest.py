"""Programs in Keras's words, run by Keras (on PyTorch) and by stepgrad: nothing but the imported module differs.

Tolerance: both compute in float32 and sum in another order; over a few steps of training the rounding stays below 1e-4.
"""

import importlib
import os

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import pytest

_said: dict[str, list] = {}  # what the run with Keras said, by test


def pytest_collection_modifyitems(items):
    """Keras's own warnings are its own business."""
    for item in items:
        if "[keras" in item.name and "guides" in str(item.path):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(params=["keras", "stepgrad"])
def keras(request):
    """The module that the program imports."""
    module = importlib.import_module(request.param)
    module.utils.set_random_seed(0)
    return module


@pytest.fixture
def same(request, keras):
    """Compare a value of this run with what Keras said in its own."""
    test = request.node.name.replace(f"[{keras.__name__}", "[")
    said = _said.setdefault(test, [])
    if keras.__name__ == "keras":
        said.clear()
        return lambda value: said.append(plain(value))
    values = iter(list(said))

    def check(value):
        expected = next(values, None)
        if expected is not None:  # None where the run with Keras was not asked for
            compare(plain(value), expected)

    return check


def plain(value):
    """Return nested lists, dicts and arrays without tensors of either library."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, str | bool | int | type(None)):
        return value
    return np.asarray(value.detach().cpu() if hasattr(value, "cpu") else value)


def compare(a, b):
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        compare(list(a.values()), list(b.values()))
    elif isinstance(a, list):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            compare(one, other)
    elif isinstance(a, np.ndarray):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    else:
        assert a == b


@pytest.fixture
def fill():
    """Give a model (or layer) first weights that do not depend on the library."""

    def fill(model, scale=0.3):
        weights = model.get_weights()
        for i, w in enumerate(weights):
            weights[i] = scale * np.cos(np.arange(w.size) * (i + 1.3)).reshape(w.shape).astype("float32")
        model.set_weights(weights)
        return model

    return fill


@pytest.fixture(scope="session")
def blobs():
    """64 points of 8 numbers in 4 classes."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 4, 64)
    return (generator.normal(size=(4, 8))[y] + generator.normal(size=(64, 8)) / 4).astype("float32"), y


@pytest.fixture(scope="session")
def images():
    """16 images, 8 by 8 with 3 channels, and their classes."""
    generator = np.random.default_rng(1)
    return generator.uniform(size=(16, 8, 8, 3)).astype("float32"), generator.integers(0, 4, 16)
