"""Each op test leaves the kernel table and the settings as it found them."""

import pytest

from stepgrad import config, kernels


@pytest.fixture(autouse=True)
def untouched():
    before = config.floatx(), dict(kernels._requested)
    yield
    assert (config.floatx(), dict(kernels._requested)) == before
