"""The ladder: each rung is there, and a wrong one is refused before it is timed."""

import io
import re
import subprocess
import sys

import numpy as np
import pytest

from stepgrad import kernels
from stepgrad.bench.cases import case, ladders
from stepgrad.bench.ladder import Ladder, draw
from stepgrad.errors import KernelError


def printed(ladder):
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(draw(ladder))
    return console.export_text()


@pytest.fixture
def planted(monkeypatch):
    """Put a rung on top of matmul's ladder for one test."""

    def plant(function):
        monkeypatch.setitem(
            kernels._ladders["matmul"],
            "planted",
            kernels.Kernel("matmul", "cpu", "planted", function, "", ""),
        )

    return plant


def off_by_one(a, b, **attrs):
    out = a @ b
    out[-1, -1] += 1
    return out


def with_nan(a, b, **attrs):
    out = a @ b
    out[0, 0] = np.nan
    return out


@pytest.mark.parametrize(("wrong", "why"), [(off_by_one, "error"), (with_nan, "NaN in 1 of 256 entries")])
def test_a_wrong_rung_is_refused_and_not_timed(planted, wrong, why):
    planted(wrong)
    ladder = Ladder("matmul", 16)
    ladder.verify()
    ladder.time(rounds=1)
    rung = ladder.rungs[-1]
    assert rung.name == "planted" and why in rung.refused and rung.samples == []
    assert all(other.samples and not other.refused for other in ladder.rungs[:-1])
    assert "WRONG, not timed" in printed(ladder)


def test_a_rung_that_would_take_too_long_is_cut_off_and_says_so(planted, monkeypatch):
    planted(lambda a, b, **attrs: a @ b)
    ladder = Ladder("matmul", 16)
    monkeypatch.setattr(ladder, "_predicted", lambda rung: 99.0 if rung.name == "planted" else 0.0)
    ladder.verify()
    assert ladder.rungs[-1].refused == "cut off: one call would take about 99 s"
    assert ladder.rungs[-1].error is None


def test_the_command_prints_every_rung_with_its_reason():
    command = [sys.executable, "-m", "stepgrad", "ladder", "matmul", "--size", "32", "--budget", "0.05"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    text = re.sub(r"\s+", " ", result.stdout)
    for kernel in kernels.rungs("matmul"):
        assert f" {kernel.rung} " in text and kernel.summary in text
    assert "GFLOP/s" in text


def test_the_command_explains_an_unknown_op():
    result = subprocess.run(
        [sys.executable, "-m", "stepgrad", "ladder", "matmull"], capture_output=True, text=True, timeout=120
    )
    assert result.returncode != 0 and "did you mean 'matmul'?" in result.stderr


def test_an_op_without_inputs_says_so():
    with pytest.raises(KernelError, match="no benchmark has inputs for 'cumsum'"):
        case("cumsum")


@pytest.mark.parametrize("op", [*ladders(), "cos"])
def test_a_case_suits_every_rung_of_its_op(op):
    """Every op with native kernels has inputs, and its rungs are verified on them at a small size."""
    of = case(op, 9)
    before = [a.copy() for a in of.arrays]
    expected = of.expected()
    for kernel in kernels.rungs(op):
        from stepgrad.bench.verify import verify

        assert verify(of.results(kernel.function), expected, of.tolerance).problem == "", kernel.rung
    assert all(np.array_equal(a, b) for a, b in zip(before, of.arrays, strict=True))
    work, unit = of.work(expected)
    assert work > 0 and unit in ("GFLOP/s", "GB/s")


def test_work_of_a_product_and_of_a_pass_over_memory():
    product = case("matmul", 10)
    assert product.work(product.expected()) == (2000.0, "GFLOP/s")
    sums = case("add", 100)
    assert sums.work(sums.expected()) == (1200.0, "GB/s")  # two read, one written, 4 bytes each
    update = case("sgd_update", 100)
    assert update.work(()) == (2000.0, "GB/s")  # weights and velocity read and written, the gradient read
