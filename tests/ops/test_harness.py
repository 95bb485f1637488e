"""The harness finds what is wrong: for every check an op that is broken in just that way."""

import numpy as np
import pytest

import stepgrad as sg
from ops import checks, harness
from ops.harness import Case, Input
from stepgrad import kernels
from stepgrad.ops.op import Unary, registry

Failed = (pytest.fail.Exception, AssertionError, sg.StepgradError)


class Right(Unary):
    """y = x^2, and everything about it is right; each test breaks one thing."""

    name = "right"
    formula = "y = x^2"

    def reference(self, x):
        return x * x

    def gradient(self, step, gy):
        return gy * step.inputs[0] * 2.0


def case_of(
    monkeypatch, name="broken", rung=None, generic=True, expected=np.square, domain=harness.nonzero, **broken
):
    op = type("Broken", (Right,), {"name": name, **broken})()
    monkeypatch.setitem(registry, name, op)
    if rung:
        kernels.add(name, "native", rung)
    return Case(name, lambda x: op(x), [Input((3, 5), domain)], expected=expected, generic=generic)


CHECKS = [c for c in (*checks.ON_EVERY_RUNG, *checks.ONCE) if c is not checks.check_threads]


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_right_passes(check, monkeypatch):
    check(case_of(monkeypatch))


def _tail_lost(x):
    y = x * x
    y.reshape(-1)[y.size // 8 * 8 :] = 0  # a vector loop without its tail
    return y


def _nan_lost(x):
    return np.nan_to_num(x) ** 2


def _minus_zero_lost(x):
    return np.abs(x) * np.sign(x) + 0.0


def _writes_its_input(x):
    x *= 1
    return x * x


def _only_contiguous(x):
    return np.square(x if x.flags.c_contiguous else np.zeros_like(x))


def _behind_the_tapes_back(self, step, gy):
    return gy * (step.inputs[0].numpy() * 2)


BROKEN = {
    "value": (checks.check_forward, {"reference": lambda self, x: x * x * 1.001}),
    "tail of a rung": (checks.check_sizes, {"rung": _tail_lost}),
    "NaN in a rung": (checks.check_special, {"rung": _nan_lost}),
    "input written": (checks.check_layout, {"rung": _writes_its_input}),
    "not contiguous": (checks.check_layout, {"rung": _only_contiguous}),
    "shape rule": (checks.check_shape_rule, {"shape": lambda self, x: (*x, 1)}),
    "dtype": (checks.check_dtype, {"reference": lambda self, x: np.square(x, dtype=np.float64)}),
    "gradient": (checks.check_gradient, {"gradient": lambda self, step, gy: gy * step.inputs[0]}),
    "gradient in one place": (
        checks.check_gradient,
        {
            "gradient": lambda self, step, gy: (
                gy * step.inputs[0] * np.where(np.arange(step.inputs[0].shape[-1]) == 2, 2.001, 2.0)
            )
        },
    ),
    "NaN gradient": (checks.check_gradient, {"gradient": lambda self, step, gy: gy * np.nan}),
    "second order": (checks.check_second_order, {"gradient": _behind_the_tapes_back}),
    "no gradient after all": (checks.check_gradient, {"gradient": lambda self, step, gy: None}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_fails(name, monkeypatch):
    check, broken = BROKEN[name]
    case = case_of(monkeypatch, name=f"broken_{name.replace(' ', '_')}", **broken)
    with pytest.raises(Failed):
        check(case)


def test_a_lost_minus_zero_fails(monkeypatch):
    case = case_of(
        monkeypatch, "identity", rung=_minus_zero_lost, expected=lambda x: x,
        reference=lambda self, x: x * 1, gradient=lambda self, step, gy: gy,
    )  # fmt: skip
    with pytest.raises(Failed, match="sign of zero"):
        checks.check_special(case)


def test_a_wrong_adjoint_fails(monkeypatch):
    case = case_of(
        monkeypatch,
        "affine",
        expected=None,
        reference=lambda self, x: x + 1,
        gradient=lambda self, step, gy: gy,
    )
    case.linear = True
    with pytest.raises(Failed, match="adjoint"):
        checks.check_gradient(case)


def test_a_bad_call_that_passes_and_a_message_without_help_fail(monkeypatch):
    case = case_of(monkeypatch, generic=False)
    case.errors = [(lambda: sg.Tensor([1.0]), "anything")]
    with pytest.raises(Failed):
        checks.check_errors(case)

    def silent():
        raise sg.StepgradError("anything")

    case.errors = [(silent, "anything")]
    with pytest.raises(Failed, match="does not teach"):
        checks.check_errors(case)


def test_threads_that_change_the_sum_fail(monkeypatch):
    if not kernels.compiled():
        pytest.skip("the C++ extension is not compiled")
    from stepgrad import _cpu

    case = case_of(
        monkeypatch, "threaded", rung=lambda x: x * x * (1 + (_cpu.get_num_threads() - 1) * np.float32(1e-7))
    )
    with pytest.raises(Failed, match="other bits"):
        checks.check_threads(case)
