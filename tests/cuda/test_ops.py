"""The op tests of the CPU, from the same declarations, on the top rung of every op that has a CUDA kernel: emulated, and on a GPU."""

import pytest

import stepgrad as sg
from kernels import on_device
from ops import cases, checks
from stepgrad import kernels

WITH_KERNELS = {parameter.values[1] for parameter in on_device.each(on=[on_device.GPU])}
CHECKS = [
    check for check in checks.ON_EVERY_RUNG if check is not checks.check_threads
]  # a matter of the CPU's kernels


def _parameters():
    for case in cases.ALL:
        if WITH_KERNELS.isdisjoint(case.ops):
            continue
        for check in CHECKS:
            name = "+".join(case.ops) + (f"-{case.label}" if case.label else "")
            yield pytest.param(case, check, id=f"{case.family}-{name}-{check.__name__[6:]}")


@pytest.mark.parametrize("case, check", list(_parameters()))
@pytest.mark.parametrize("device", on_device.EACH_DEVICE)
def test_op_on_the_device(device, case, check):
    with sg.device(device):
        assert kernels.current(case.ops[0]).device == device
        check(case)
