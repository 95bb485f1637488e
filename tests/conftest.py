"""Settings for every test: Keras, where it is compared with, runs on PyTorch, and PyTorch on one thread."""

import os

import pytest

os.environ["KERAS_BACKEND"] = "torch"
# The tests themselves run on all cores. Beside others, OpenMP's threads burn more time waiting than they save: a small LSTM of
# Keras's needs three times as long on two of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(config, items):
    """Leave out what needs a GPU where there is none; where `-m gpu` asks for it, skip it and say why."""
    for_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not for_gpu:
        return
    from kernels import on_device

    reason = on_device.missing()
    if reason is None:
        return
    if "gpu" in config.option.markexpr:
        for item in for_gpu:
            item.add_marker(pytest.mark.skip(reason=reason))
    else:
        items[:] = [item for item in items if not item.get_closest_marker("gpu")]
        config.hook.pytest_deselected(items=for_gpu)
