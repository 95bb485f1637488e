"""The kernel table: choosing rungs, from Python and from the environment, and falling back."""

import os
import subprocess
import sys

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels
from stepgrad.errors import KernelError


def run(code, **env):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )


def test_every_op_has_its_reference_at_the_bottom():
    for row in kernels.table():
        assert kernels.rungs(row["op"])[0].rung == "numpy"


def test_use_changes_the_rung_and_restores_it_even_after_an_error():
    top = kernels.current("matmul").rung
    with pytest.raises(ZeroDivisionError), kernels.use(matmul="numpy"):
        assert kernels.current("matmul").rung == "numpy"
        _ = 1 / 0
    assert kernels.current("matmul").rung == top


def test_inner_blocks_win():
    with kernels.use("numpy"), kernels.use(exp=kernels.rungs("exp")[-1].rung):
        assert kernels.current("exp").rung == kernels.rungs("exp")[-1].rung
        assert kernels.current("matmul").rung == "numpy"


def test_unknown_ops_and_rungs_are_named():
    with pytest.raises(KernelError, match="did you mean 'matmul'"), kernels.use(matmull="numpy"):
        pass
    with pytest.raises(KernelError, match="matmul has no rung 'nump'"), kernels.use(matmul="nump"):
        pass
    with pytest.raises(KernelError, match="no op has a rung 'fastest'"), kernels.use("fastest"):
        pass


def test_a_rung_of_ones_own():
    class Triple(sg.Op):
        formula = "y = 3 x"

        def reference(self, x):
            return 3 * x

        def gradient(self, step, gy):
            return 3 * gy

    triple = Triple()
    calls = []
    kernels.add("triple", "mine", lambda x: calls.append(1) or x + x + x, "adds instead of multiplying")
    assert triple(sg.Tensor([1.0])).tolist() == [3.0] and calls
    assert (
        next(row for row in kernels.table() if row["op"] == "triple")["why"] == "adds instead of multiplying"
    )
    with pytest.raises(KernelError, match="already has a rung"):
        kernels.add("triple", "mine", abs)


def test_an_added_rung_is_taken_away_again():
    top = kernels.current("exp")
    kernels.add("exp", "mine", lambda x: x)
    kernels.remove("exp", "mine")
    assert kernels.current("exp") == top
    with pytest.raises(KernelError, match="exp has no added rung 'mine'"):
        kernels.remove("exp", "mine")
    with pytest.raises(KernelError, match="no added rung 'numpy'"):
        kernels.remove("exp", "numpy")


def test_guarded_kernels_cannot_write_into_their_inputs():
    def eats_its_input(x):
        x *= 2
        return x

    kernels.add("negative", "eats", eats_its_input)
    try:
        x = sg.Tensor([1.0, 2.0])
        with kernels.guarded():
            with pytest.raises(ValueError, match="read-only"):
                sg.ops.negative(x)
            w = sg.Variable([1.0])  # an optimizer's update is there to write
            sg.optimizers.SGD(1.0).apply([[0.5]], [w])
            assert (x * x).tolist() == [1.0, 4.0] and w.tolist() == [0.5]
        assert x.tolist() == [1.0, 2.0]
        sg.ops.negative(x)
        assert x.tolist() == [2.0, 4.0]  # unguarded, the bug goes unseen
    finally:
        kernels.remove("negative", "eats")


@pytest.mark.skipif(not kernels.compiled(), reason="needs the C++ extension")
def test_big_arrays_reuse_memory():
    x = kernels.empty((64, 1024), np.float32)
    assert x.ctypes.data % 64 == 0 and x.flags.c_contiguous and x.flags.writeable
    place, view = x.ctypes.data, x[1:, 5:]
    del x
    y = kernels.empty((64, 1024), np.float32)
    assert y.ctypes.data != place  # the view still needs it
    del view
    before = kernels.memory()["reused"]
    assert kernels.empty((1024, 64), np.float32).ctypes.data == place
    assert kernels.memory()["reused"] == before + 1
    assert kernels.empty_memory() >= 64 * 1024 * 4 and kernels.memory()["kept"] == 0
    with pytest.raises(ValueError, match="negative dimensions"):
        kernels.empty((-1, 4), np.float32)


@pytest.mark.skipif(not kernels.compiled(), reason="needs the C++ extension")
def test_features_name_the_compiler():
    from stepgrad import _cpu

    assert _cpu.features()["compiler"].split()[0] in ("GCC", "Clang")


def test_the_environment_chooses():
    code = "from stepgrad import kernels as k; print(k.current('matmul').rung, k.current('exp').rung)"
    assert run(code, STEPGRAD_KERNELS="numpy").stdout.split() == ["numpy", "numpy"]
    both = run(code, STEPGRAD_KERNELS="matmul=numpy").stdout.split()
    assert both[0] == "numpy" and both[1] == kernels.rungs("exp")[-1].rung


def test_integers_run_on_the_reference():
    x = sg.Tensor([[1, 2], [3, 4]])
    assert (x @ x).tolist() == [[7, 10], [15, 22]] and (x @ x).dtype == "int32"


def test_everything_works_without_the_extension(tmp_path):
    code = """
import sys
sys.modules["stepgrad._cpu"] = None  # what an install without a compiler looks like
import numpy as np, stepgrad as sg
from stepgrad import kernels, layers
assert not kernels.compiled()
model = sg.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)])
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(16, 8, 8, 1))
before = model.evaluate(x, np.ones((16, 2)), verbose=0)
model.fit(x, np.ones((16, 2)), epochs=5, verbose=0)
assert model.evaluate(x, np.ones((16, 2)), verbose=0) < before
from stepgrad.doctor import findings
print(dict(findings())["C++ kernels"])
"""
    result = run(code)
    assert result.returncode == 0, result.stderr
    assert "not compiled" in result.stdout


@pytest.mark.skipif(
    not kernels.compiled(), reason="needs the C++ extension, which this install has not compiled"
)
def test_the_native_ladders_are_there():
    for op in (
        "matmul",
        "conv2d",
        "conv2d_input_gradient",
        "conv2d_weight_gradient",
        "max_pool2d",
        "softmax",
        "sum",
        "exp",
    ):
        assert len(kernels.rungs(op)) > 1, op
    assert len(kernels.rungs("matmul")) >= 5
    for kernel in kernels.rungs("matmul")[1:]:
        assert kernel.summary and kernel.source.startswith("csrc/")


@pytest.mark.skipif(not kernels.compiled(), reason="without the extension the reference is the top")
def test_a_rung_that_is_put_on_top_is_the_top_at_once():
    with kernels.use(multiply="numpy"):
        assert not kernels.is_top("multiply")
    assert kernels.is_top("multiply")
    with kernels.use(multiply=kernels.current("multiply").rung):
        assert kernels.is_top("multiply")
        kernels.add("multiply", "mine", lambda a, b: a * b)
        try:
            assert not kernels.is_top("multiply")
        finally:
            kernels.remove("multiply", "mine")
        assert kernels.is_top("multiply")
