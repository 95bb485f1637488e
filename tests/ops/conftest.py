"""Each op test leaves the kernel table and the settings as it found them."""

import pytest

from stepgrad import config, kernels


@pytest.fixture(autouse=True)
def untouched():
    yield
    assert config.floatx() == "float32"
    assert not kernels._requested
