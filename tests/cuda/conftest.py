"""How the emulator is told to run: the order of threads, when asynchronous copies happen."""

import pytest

ORDERS = ("forward", "reverse", "random", "random:7")


@pytest.fixture(params=ORDERS)
def order(request, monkeypatch):
    monkeypatch.setenv("STEPGRAD_EMULATOR_ORDER", request.param)
    return request.param


@pytest.fixture(params=("lazy", "eager"))
def copies(request, monkeypatch):
    monkeypatch.setenv("STEPGRAD_EMULATOR_ASYNC", request.param)
    return request.param
