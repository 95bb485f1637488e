"""Every check of checks.py, for every case, on every rung."""

import pytest

from ops import cases, checks
from stepgrad import kernels


def _name(case):
    return f"{case.family}-{case.ops[0]}" + (f"-{case.label}" if case.label else "")


def _parameters():
    for case in cases.ALL:
        for choice in case.choices():
            native = kernels.REFERENCE not in choice.values()
            rung = "+".join(f"{op}={r}" for op, r in choice.items()) if native else kernels.REFERENCE
            for check in checks.ON_EVERY_RUNG:
                if check is checks.check_threads and not (native and case.large):
                    continue
                yield pytest.param(case, check, choice, id=f"{_name(case)}-{check.__name__[6:]}-{rung}")
        for check in checks.ONCE:
            yield pytest.param(case, check, {}, id=f"{_name(case)}-{check.__name__[6:]}")


@pytest.mark.parametrize("case, check, choice", list(_parameters()))
def test_op(case, check, choice):
    with kernels.use(**choice):
        check(case)
