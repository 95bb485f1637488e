"""Every op is documented and tested: nothing enters the library without a formula, a reference, a gradient and a case."""

import pytest

from ops import cases
from stepgrad.ops.op import Op, registry

COVERED = {op for case in cases.ALL for op in case.ops}


@pytest.mark.parametrize("family", sorted(cases.BROKEN) or ["none"])
def test_case_modules_import(family):
    if family in cases.BROKEN:
        pytest.fail(cases.BROKEN[family])


@pytest.mark.parametrize("name", sorted(registry))
def test_op_is_complete(name):
    op = registry[name]
    missing = []
    if name not in COVERED:
        missing.append("a case in tests/ops/cases")
    if not op.formula:
        missing.append("formula")
    if not op.gradient_formula:
        missing.append("gradient_formula")
    if type(op).reference is Op.reference:
        missing.append("a reference")
    if op.differentiable and type(op).gradient is Op.gradient:
        missing.append("a gradient (or differentiable = False)")
    if name in COVERED and not any(case.errors for case in cases.ALL if name in case.ops):
        missing.append("a case with a bad call (errors=...)")
    if name in COVERED and not any(case.expected for case in cases.ALL if name in case.ops):
        missing.append("a case with an independent expectation (expected=...)")
    if missing:
        pytest.fail(f"op '{name}' has no " + ", no ".join(missing))


def test_cases_name_ops_that_exist():
    unknown = COVERED - set(registry)
    if unknown:
        pytest.fail(f"cases name ops that do not exist: {sorted(unknown)}")


def test_a_gradient_of_only_none_is_not_differentiable():
    """An op that is called differentiable is one in at least one of its cases."""
    for name in COVERED & set(registry):
        if registry[name].differentiable:
            inputs = [i for case in cases.ALL if name in case.ops for i in case.inputs]
            assert any(i.dtype is None and i.wrt for i in inputs), (
                f"no case of {name} has an input with a gradient"
            )
