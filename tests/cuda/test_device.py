"""`with stepgrad.device(...)`: which kernels run, what is said where there is no GPU, and a network that trains."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import stepgrad as sg
from kernels import on_device
from stepgrad import devices, kernels
from stepgrad.errors import DeviceError

ON_EMULATOR = pytest.mark.skipif(
    devices.problem("cuda-emulated") is not None, reason="the emulator was not built"
)
EACH_DEVICE = pytest.mark.parametrize("device", on_device.EACH_DEVICE)
PACKAGE = Path(sg.__file__).parent


@ON_EMULATOR
def test_ops_run_on_the_emulated_device_and_come_back():
    before = kernels.current("matmul")
    with sg.device("cuda-emulated"):
        assert kernels.device_in_use() == "cuda-emulated"
        kernel = kernels.current("matmul")
        assert kernel.device == "cuda-emulated" and kernel.source.split(":")[0].endswith(".cu")
        assert all(row["device"] == "cuda-emulated" for row in kernels.table())
        with pytest.raises(ZeroDivisionError), sg.device("cpu"):
            assert kernels.current("matmul") == before
            _ = 1 / 0
        assert kernels.current("matmul") == kernel
    assert kernels.current("matmul") == before


@EACH_DEVICE
def test_a_rung_is_chosen_on_the_device(device):
    with sg.device(device), kernels.use(matmul="naive"):
        assert kernels.current("matmul").source.endswith(
            ".cu:" + kernels.current("matmul").source.split(":")[1]
        )
        x = np.random.default_rng(1).normal(size=(3, 4))
        np.testing.assert_allclose(
            sg.ops.matmul(x, x.T).numpy(), x @ x.T, rtol=1e-12
        )  # double: only the order of sums


@EACH_DEVICE
def test_an_op_without_a_kernel_says_so(device):
    with sg.device(device):
        row = next(row for row in kernels.table() if row["op"] == "erf" or row["rung"] == "numpy")
        assert row["rung"] != "numpy" or "no CUDA kernel" in row["why"]


@ON_EMULATOR
def test_float64_goes_to_a_rung_that_knows_it(monkeypatch):
    calls = []

    class Op:
        name, reference = "double_it", staticmethod(lambda x: calls.append("reference") or x * 2)

        def launch(self, native, x):
            calls.append(native)
            return x * 2

    rows = [
        ["low", "", "", "low", "fd", False],
        ["high", "", "", "high", "f", False],
        ["bf16", "", "", "bf16", "f", True],
    ]
    monkeypatch.setitem(devices._native, "cuda-emulated", {"double_it": rows})
    ladder = devices.ladder(Op(), "cuda-emulated")
    assert [kernel.default for kernel in ladder.values()] == [True, True, True, False]
    for dtype in ("float32", "float64", "int32"):
        ladder["high"].function(np.ones(2, dtype))
    assert calls == ["high", "low", "reference"]


def test_unknown_devices_are_refused():
    with pytest.raises(DeviceError, match="there is no device 'cudda'"), sg.device("cudda"):
        pass
    assert devices.canonical("GPU:0") == "cuda"


@pytest.mark.skipif(devices.problem("cuda") is None, reason="there is a GPU")
def test_without_a_gpu_the_error_says_what_to_do():
    with pytest.raises(DeviceError, match="cannot run on 'cuda': CuPy"), sg.device("cuda"):
        pass
    with pytest.raises(DeviceError, match="cannot move to 'cuda'"):
        sg.Tensor([1.0]).to("cuda")


@pytest.mark.gpu
def test_weights_that_stayed_on_the_host_are_refused_by_a_kernel_on_the_gpu():
    x, y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")
    model = sg.Sequential([sg.layers.Input((3,)), sg.layers.Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(x, y)
    with sg.device("cuda"):
        with pytest.raises(DeviceError, match=r"lies on the host[\s\S]*model.to"):
            model.train_on_batch(x, y)
        model.to("cuda")
        first = model.train_on_batch(x, y)
        assert model.train_on_batch(x, y) < first


@ON_EMULATOR
def test_to_stays_where_it_is():
    x = sg.Tensor([1.0])
    assert x.to("cpu") is x and x.to("cuda-emulated") is x


def test_only_one_module_touches_cupy():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(import|from) cupy|require\(\"cupy|import_module\(.cupy", path.read_text(), re.M)
    }
    assert found == {"device_arrays.py"}


def test_import_loads_neither_cupy_nor_the_kernels_of_a_gpu():
    code = "import sys, stepgrad; print([m for m in ('cupy', 'stepgrad._cuda', 'stepgrad._emu') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_compiled_module_says_that_there_is_no_gpu():
    cuda = pytest.importorskip("stepgrad._cuda", reason="nvcc was not there when stepgrad was installed")
    assert cuda.device_count() >= 0 and isinstance(cuda.describe(), str)


def train(device, jit):
    """Return the losses of a few steps of a network with everything that the demo's has."""
    layers = sg.layers
    sg.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    x, y = rng.random((16, 12, 12, 1), "float32") * 255, rng.integers(0, 10, 16)
    with sg.device(device):
        model = sg.Sequential(
            [
                layers.Input((12, 12, 1)),
                layers.Rescaling(1 / 255),
                layers.Conv2D(4, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(6, 3, activation="relu"),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(8, activation="relu"),
                layers.Dense(10),
            ]
        )
        loss = sg.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"], jit_compile=jit)
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
        history["test"] = [model.evaluate(x, y, verbose=0)[0]]
        return np.array(history["loss"] + history["test"]), [w.numpy() for w in model.weights]


@EACH_DEVICE
@pytest.mark.parametrize("jit", ["auto", True])
def test_a_network_trains_on_the_device_as_on_the_cpu(device, jit):
    losses, weights = train(device, jit)
    expected, expected_weights = train("cpu", "auto")
    np.testing.assert_allclose(
        losses, expected, rtol=1e-4
    )  # float32: sums in another order, six steps of Adam
    for got, want in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(got, want, atol=2e-4)
