"""The op tests of the CPU, from the same declarations, on the top rung of every op that has a CUDA kernel."""

import pytest

import stepgrad as sg
from ops import cases, checks
from stepgrad import devices, kernels

_emu = pytest.importorskip("stepgrad._emu", reason="the emulator was not built")
WITH_KERNELS = {op for op, *_ in _emu.rungs()}
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
def test_op_on_the_emulated_device(case, check):
    with sg.device(devices.EMULATED):
        assert kernels.current(case.ops[0]).device == devices.EMULATED
        check(case)
