"""Where a test of the CUDA kernels runs: on the emulator, and with ``-m gpu`` on a GPU."""

import functools
import importlib

import numpy as np
import pytest

from stepgrad import device_arrays, devices

EMULATED, GPU = devices.EMULATED, devices.CUDA
EACH_DEVICE = [EMULATED, pytest.param(GPU, marks=pytest.mark.gpu)]


def module(device):
    """The compiled kernels for a device; None where they are not compiled."""
    try:
        return importlib.import_module(devices.MODULES[device])
    except ModuleNotFoundError:
        return None


@functools.cache
def rungs(device):
    """(op, rung) -> [summary, source, function of NumPy's arrays, dtypes, is_reduced]."""
    table = {(op, rung): row for op, rung, *row in module(device).rungs()}
    if device == GPU:
        for row in table.values():
            row[2] = on_gpu(row[2])
    return table


def on_gpu(native):
    """A kernel of the GPU as a function of NumPy's arrays: they are copied there, and come back as it left them."""

    def moved(argument):
        if isinstance(argument, list) and argument and isinstance(argument[0], np.ndarray):
            return [device_arrays.to_device(a) for a in argument]
        return device_arrays.to_device(argument) if isinstance(argument, np.ndarray) else argument

    def run(*arguments):
        there = [moved(a) for a in arguments]
        devices._on_stream(native)(*there)
        for here, back in zip(arguments, there, strict=True):
            for a, b in zip(here, back, strict=True) if isinstance(here, list) else [(here, back)]:
                if isinstance(a, np.ndarray) and a.flags.writeable:
                    a[...] = device_arrays.to_host(b)

    return run


def each(select=lambda op, rung, is_reduced: True, on=(EMULATED, GPU)):
    """Parameters (device, op, rung): every rung on each device. The GPU's are known from the emulator's, too."""
    compiled = module(EMULATED) or module(GPU)
    if compiled is None:
        pytest.skip("neither the emulator nor _cuda was built", allow_module_level=True)
    chosen = [(op, rung) for op, rung, *_, is_reduced in compiled.rungs() if select(op, rung, is_reduced)]
    emulated = [pytest.param(EMULATED, *key, id="-".join(key)) for key in chosen if module(EMULATED)]
    gpu = [pytest.param(GPU, *key, id="-".join(("cuda", *key)), marks=pytest.mark.gpu) for key in chosen]
    return [*(emulated if EMULATED in on else ()), *(gpu if GPU in on else ())]


def missing():
    """Why no test can run on a GPU here; None where it can."""
    if module(GPU) is None:
        return "stepgrad._cuda was not compiled"
    if not module(GPU).device_count():
        return f"no GPU: {module(GPU).describe()}"
    return devices.problem(GPU)


def primitive(device, name, given, got):
    """Run a probe of csrc/cuda/fragments.cu on NumPy's arrays."""
    run = module(device).primitive
    (on_gpu(run) if device == GPU else run)(name, given, got)
