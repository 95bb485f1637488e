"""How the emulator is told to run: the order of threads, when asynchronous copies happen; and what stands in for a GPU."""

import os

import pytest

from kernels import gpu_stand_in

if os.environ.get("STEPGRAD_GPU_STAND_IN") == "1":
    gpu_stand_in.install()

ORDERS = ("forward", "reverse", "random", "random:7")


@pytest.fixture(params=ORDERS)
def order(request, monkeypatch):
    monkeypatch.setenv("STEPGRAD_EMULATOR_ORDER", request.param)
    return request.param


@pytest.fixture(params=("lazy", "eager"))
def copies(request, monkeypatch):
    monkeypatch.setenv("STEPGRAD_EMULATOR_ASYNC", request.param)
    return request.param
