"""The tests with `-m gpu` themselves: what selects them, and that they run, with NumPy and the emulator in the place of a GPU."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kernels import gpu_stand_in, on_device

HERE = Path(__file__).parent
# A few of each kind, for time's sake: CI's machine runs them all in minutes.
CHOSEN = (
    "manual or network or (matmul and naive) or (softmax and forward) or (sum and second_order) or test_graph"
)


def pytest_of_gpu(*arguments, stand_in):
    """Run pytest -m gpu in a process of its own."""
    environment = {**os.environ, "STEPGRAD_GPU_STAND_IN": "01"[stand_in]}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "gpu",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        *arguments,
        HERE,
    ]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=HERE.parents[1], timeout=600
    )


@pytest.mark.skipif(on_device.module(on_device.EMULATED) is None, reason="the emulator was not built")
def test_the_tests_of_a_gpu_run_and_pass():
    done = pytest_of_gpu("-k", CHOSEN, stand_in=True)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0 and passed, done.stdout[-3000:]
    assert int(passed[1]) > 30


@pytest.mark.skipif(on_device.missing() is None, reason="there is a GPU")
def test_without_a_gpu_they_are_skipped_and_say_why():
    if on_device.module(on_device.EMULATED) is None:
        pytest.skip("the emulator was not built")
    done = pytest_of_gpu("-k", "manual", stand_in=False)
    assert done.returncode == 0 and re.search(r"no GPU|_cuda was not compiled|CuPy", done.stdout), done.stdout


def test_the_stand_in_refuses_what_cupy_refuses():
    array = gpu_stand_in.Array(np.arange(6.0).reshape(2, 3))
    for wrong in (
        np.asarray,
        lambda a: a + np.ones(3),
        lambda a: np.concatenate([a, np.ones((2, 3))]),
        np.ascontiguousarray,
    ):
        with pytest.raises(TypeError, match="Implicit conversion|Unsupported type"):
            wrong(array)
    total = np.sum(array * 2, axis=0) + array[1]
    assert isinstance(total, gpu_stand_in.Array) and total.get().tolist() == [9.0, 14.0, 19.0]
