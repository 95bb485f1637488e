"""Every CUDA kernel at every rung, on the emulator and on a GPU, with the calls that the CPU's kernels must get right."""

import os
from pathlib import Path

import numpy as np
import pytest

from kernels import on_device
from kernels.native_case import Out
from kernels.native_cases import CUDA_ONLY, OPS, cases

EACH_RUNG = pytest.mark.parametrize("device, op, rung", on_device.each())
EACH_DEVICE = pytest.mark.parametrize("device", on_device.EACH_DEVICE)
REPOSITORY = Path(__file__).parents[2]
WIDER = {"tf32": 5e-3, "bf16": 3e-2}  # 11 and 8 bits of precision in what is multiplied, sums in float32


# Elements of a call that is repeated in every order: a barrier costs a switch for each thread. tests/sanitizers.sh asks for less.
SMALL = int(os.environ.get("STEPGRAD_TEST_ELEMENTS", 20_000))


def is_small(case):
    return sum(np.size(getattr(arg, "want", arg)) for arg in case.args) < SMALL


def check(device, op, rung, dtype, only_small=False):
    _, _, function, dtypes, is_reduced = on_device.rungs(device)[op, rung]
    if np.dtype(dtype).char not in dtypes:
        with pytest.raises(TypeError, match=op):
            next(cases(op)).run(function, dtype)
        return
    for case in cases(op):
        if only_small and not is_small(case):
            continue
        if is_reduced:
            case.rtol = next(room for name, room in WIDER.items() if name in rung)
            case.atol *= case.rtol / 1e-5  # it grows with the length of the sums
        case.check(function, dtype)


@EACH_RUNG
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matches_numpy(device, op, rung, dtype):
    assert op in OPS or op in CUDA_ONLY
    # The kernels of matmul_bf16 are those of matmul, which run the large cases.
    check(device, op, rung, dtype, only_small=dtype == "float64" or op == "matmul_bf16")


@pytest.mark.parametrize("device, op, rung", on_device.each(on=[on_device.EMULATED]))
def test_order_of_threads_and_copies_does_not_matter(device, op, rung, order, copies):
    check(device, op, rung, "float32", only_small=True)


@EACH_DEVICE
def test_source_points_at_the_registration(device):
    for (op, rung), (summary, source, *_) in on_device.rungs(device).items():
        path, line = source.split(":")
        text = " ".join((REPOSITORY / path).read_text().splitlines()[int(line) - 1 : int(line) + 1])
        assert text.startswith("STEPGRAD_RUNG") and f'"{op}"' in text, f"{op}/{rung}: {source}"
        assert path.endswith(".cu") and summary and "\n" not in summary


@EACH_DEVICE
def test_wrong_arguments_are_refused(device):
    a, b = np.zeros((1, 2, 3), "float32"), np.zeros((1, 4, 5), "float32")
    function = on_device.rungs(device)["matmul", "naive"][2]
    with pytest.raises(
        ValueError, match=r"matmul: argument 'b': expected shape \(1, 3, 5\), got shape \(1, 4, 5\)"
    ):
        function(a, b, np.zeros((1, 2, 5), "float32"), False, False)


@EACH_DEVICE
def test_more_entries_of_a_batch_than_a_grid_has_rows(device):
    """One rung for all: they share the grid and the way from a block to its entry."""
    entries = np.arange(65_538, dtype="float32").reshape(-1, 1, 1)  # y of a grid ends at 65535
    got = np.full_like(entries, np.nan)
    on_device.rungs(device)["matmul", "naive"][2](entries, np.full_like(entries, 2), got, False, False)
    np.testing.assert_array_equal(got, 2 * entries)


def test_option_of_the_environment_is_checked(monkeypatch):
    if on_device.module(on_device.EMULATED) is None:
        pytest.skip("the emulator was not built")
    monkeypatch.setenv("STEPGRAD_EMULATOR_ORDER", "sideways")
    case = next(case for case in cases("matmul") if np.size(case.args[2].want))
    assert isinstance(case.args[2], Out)
    with pytest.raises(RuntimeError, match="STEPGRAD_EMULATOR_ORDER: expected forward, reverse, random"):
        case.run(on_device.rungs(on_device.EMULATED)["matmul", "naive"][2], "float32")
