"""Updates of many variables in one call: the same bits as one call a variable, across launches and empty variables."""

import numpy as np
import pytest

from kernels import on_device

SIZES = [0, 1, 10, 1023, 1024, 1025, 2500, 0] + [7] * 120 + [3000, 0]  # more than one launch can take
SLOTS = {"sgd_update": 1, "adam_update": 3, "rmsprop_update": 3, "adagrad_update": 1}
NUMBERS = {
    "sgd_update": (0.1, 0.9, True),
    "adam_update": (0.1, 0.9, 0.99, 1e-7),
    "rmsprop_update": (0.1, 0.9, 0.5, 1e-7),
    "adagrad_update": (0.1, 1e-7),
}


def arrays(op, dtype):
    rng = np.random.default_rng(0)
    draws = [[rng.uniform(1, 2, n).astype(dtype) for n in SIZES] for _ in range(2 + SLOTS[op])]
    if op == "rmsprop_update":
        draws[4] = [mean * dtype(0.1) for mean in draws[4]]  # mean_g^2 below v, as it always is
    return draws


@pytest.mark.parametrize("device, op, rung", on_device.each(lambda op, *_: op.endswith("_update")))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_list_of_variables_gets_the_bits_of_single_calls(device, op, rung, dtype):
    rungs = on_device.rungs(device)
    together, alone = arrays(op, dtype), arrays(op, dtype)
    rungs[op, rung][2](*together, *NUMBERS[op])
    for one in zip(*alone, strict=True):
        rungs[op, "naive"][2](*one, *NUMBERS[op])
    before = arrays(op, dtype)
    for kind, (got, want, old) in enumerate(zip(together, alone, before, strict=True)):
        for a, b, c in zip(got, want, old, strict=True):
            np.testing.assert_array_equal(a, b)
            assert kind or a.size == 0 or (a != c).any()  # all weights have moved
