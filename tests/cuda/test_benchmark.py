"""benchmarks/cuda.py: what it does without a GPU, and its cases, checks and tables with the emulator in the GPU's place."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
PATH = Path(__file__).parents[2] / "benchmarks" / "cuda.py"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(PATH.parent))  # as for `python benchmarks/cuda.py`
    spec = importlib.util.spec_from_file_location("cuda_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(PATH.parent))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_guesses_nothing(bench, tmp_path, capsys):
    assert bench.main(["--out", str(tmp_path)]) == 0
    assert "Not measured" in capsys.readouterr().out
    assert json.loads((tmp_path / "cuda.json").read_text())["rows"] == []
    table = (tmp_path / "cuda.md").read_text()
    assert "Not measured" in table
    goals = table[table.index("## Goals") :].splitlines()[4:]
    assert len(goals) >= 13 and all(line.endswith("| not measured |") for line in goals if line)


def wall_clock(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


SMALL = {
    "matmul": [(20, 30, 40)],
    **{op: [(5, 70)] for op in ("softmax", "log_softmax", "take")},
    **{f"sparse_softmax_cross_entropy{end}": [(5, 70)] for end in ("", "_gradient")},
    **{op: [(2, 4, 6, 3)] for op in ("max_pool2d", "average_pool2d")},
    "sum": [(3, 40, 2)],
    **{op: [(40, 6)] for op in ("bias_activation", "bias_activation_gradient")},
    **{f"{kind}_norm{end}": [(40, 30)] for kind in ("layer", "rms", "batch") for end in ("", "_gradient")},
    "attention": [(1, 9, 2, 8)],
    "lstm_sequence": [(3, 4, 5, 6)],
    "conv2d": [(2, 5, 3, 4)],
    "adam_update": [(37,)],
}
TINY_GPT = ("tiny-gpt", "a tiny GPT", (5,), (("gpt", 1, 8, 2),))


def test_every_case_is_right_and_timed(bench, tmp_path):
    emulator = pytest.importorskip("stepgrad._emu", reason="the emulator was not built")
    device = bench.Device(emulator, "cpu", wall_clock)
    rows = [row for case in bench.cases(device, SMALL) for row in bench.race(device, case, rounds=1)]
    convolutions = {"conv2d", "conv2d_input_gradient", "conv2d_weight_gradient"}
    assert {r.op for r in rows} == {*SMALL, *convolutions, "attention_gradient"}
    raced = {(r.op, r.contestant) for r in rows}
    assert {(op, rung) for op, rung, *_ in emulator.rungs() if op in {r.op for r in rows}} <= raced
    assert all(r.seconds and r.share for r in rows if r.error is not None), "a rung is wrong"
    table = bench.markdown(rows, "a test")
    assert all(f"| {r.contestant} |" in table for r in rows) and "WRONG" not in table
    bench.plot(rows, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_training_steps_agree_with_pytorch_and_goals_are_told(bench):
    emulator = pytest.importorskip("stepgrad._emu", reason="the emulator was not built")
    steps = bench.cuda_steps
    net = steps.nets.Net(*TINY_GPT, classes=11, batch=2, from_logits=True)
    trained = steps.race(bench.Device(emulator, "cpu", wall_clock), "cuda-emulated", [net], rounds=1)
    assert [s.contestant for s in trained] == ["PyTorch", "stepgrad"] and all(s.seconds for s in trained)
    assert trained[1].error < 1e-4  # float32: a few steps of Adam
    row = bench.Row("matmul", "a", "warp_tile", "float32", 1e-7, 1.0, 1.0, "TFLOP/s", 0.8)
    slow = row._replace(title="b", share=0.5)
    assert "| matmul, float32 | 75% | 90% | 50% |" in steps.goals([row, slow], trained)
    wrong = steps.Step("net", "stepgrad", float("nan"), None, None)
    assert "WRONG" in steps.table([wrong])


def test_a_wrong_rung_is_not_timed(bench):
    case = bench.Case("op", "a case", (torch.ones(3),), {0: torch.ones(3)}, {}, 1.0)
    wrong = type(
        "Module", (), {"rungs": staticmethod(lambda: [("op", "lazy", "", "", lambda x: None, "f", False)])}
    )
    (row,) = bench.race(bench.Device(wrong, "cpu", wall_clock), case, rounds=1)
    assert row.error != row.error and row.seconds is None and row.rate is None  # NaN is let through nowhere
    assert "WRONG" in bench.markdown([row], "")
