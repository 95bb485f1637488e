"""The races, in processes of their own, and the report that is made of them."""

import json

import numpy as np
import pytest

from stepgrad import kernels
from stepgrad.bench import (
    bf16,
    conv,
    gemm,
    goals,
    libraries,
    lstm,
    machine,
    nets,
    plots,
    report,
    singles,
    steps,
    suite,
)  # fmt: skip
from stepgrad.bench.race import Entry, Race, Result, Track
from stepgrad.bench.timing import Sample, summarize
from stepgrad.bench.verify import verify
from stepgrad.errors import ArgumentError

SETTINGS = {"quick": True, "threads": [1], "rounds": 2, "seed": 0, "minutes": 0.1, "limits": ["a limit"]}


def result(contestant, seconds, ratio=None, title="a case", section="sgemm", **more):
    samples = [Sample(seconds, False)] * 3
    return Result(
        section, title, contestant, 1, error=0.0, summary=summarize(samples), rate=1 / seconds, unit="GFLOP/s",
        ratio=ratio, samples=samples, **more,
    )  # fmt: skip


MACHINE = {"peak_gflops": 8.0, "copy_gbs": 2.0}
RESULTS = [
    result("stepgrad", 1.0), result("OpenBLAS", 2.0, 2.0), result("MKL", 0.5, 0.5),
    Result("sgemm", "a case", "JAX", 1, note="not installed: jax"),
    result("numpy", 2.0, 4.0, "matmul: 4 x 4 x 4", "ladders", intensity=2.0),
    result("naive", 4.0, 8.0, "matmul: 4 x 4 x 4", "ladders", intensity=2.0),
    result("stepgrad", 1.0, None, "a net", "steps", memory=50.0, faults=3.0),
    result("stepgrad on NumPy", 0.9, 0.9, "a net", "steps", memory=51.0, faults=2.0),
    result("PyTorch", 0.8, 0.8, "a net", "steps", memory=300.0, faults=1.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def track():
    with Track(rounds=2, seconds=1e-4, budget=0.1) as track:
        yield track


def test_a_race_verifies_and_times_each_contestant(track):
    spec = {"shape": "TN 5x6x7"}
    race = Race(
        "sgemm",
        "TN 5x6x7",
        "gemm",
        {name: Entry(name, spec) for name in ("stepgrad", "OpenBLAS")},
        work=420.0,
    )
    ours, openblas = track.run(race)
    assert (
        ours.note == ""
        and ours.error < 1e-5
        and len(ours.samples) == 2
        and ours.rate > 0
        and ours.ratio is None
    )
    if openblas.note:  # a NumPy without it
        assert "OpenBLAS" in openblas.note
    else:
        assert openblas.error < 1e-5 and openblas.ratio > 0


def test_a_wrong_contestant_is_refused(track, monkeypatch):
    monkeypatch.setattr(gemm, "expected", lambda shape: (np.zeros((2, 2)),))
    [only] = track.run(
        Race("sgemm", "NN 2x2x2", "gemm", {"stepgrad": Entry("stepgrad", {"shape": "NN 2x2x2"})})
    )
    assert "WRONG, not timed" in only.note and only.samples == [] and only.summary is None


def test_a_failure_is_reported_and_the_others_go_on(track, monkeypatch):
    good, bad = {"op": "exp", "size": 50, "rung": "numpy"}, {"op": "exp", "size": 50, "rung": "no such rung"}
    works, fails = track.run(
        Race("ladders", "exp", "rung", {"numpy": Entry("stepgrad", good), "bad": Entry("stepgrad", bad)})
    )
    assert works.samples and fails.note.startswith("failed: ") and not fails.samples


def test_a_library_that_is_not_installed_is_listed(track, monkeypatch):
    absent = libraries.Library("Absent", ("no_such_package",))
    monkeypatch.setitem(libraries.LIBRARIES, "Absent", absent)
    [only] = track.run(
        Race("steps", "x", "single", {"Absent": Entry("Absent", {"name": "x * y, 3 entries"})})
    )
    assert only.note == "not installed: no_such_package"


def test_a_training_step_in_a_process_of_its_own_reports_its_memory():
    with Track(rounds=1, seconds=1e-4) as track:
        [ours] = track.run(
            Race("steps", "tiny", "step", {"stepgrad": Entry("stepgrad", {"net": "tiny"})}, fresh=True)
        )
    assert ours.note == "" and ours.memory > 1 and ours.faults >= 0


@pytest.mark.parametrize(
    "library", ["stepgrad", "stepgrad, train_on_batch", "PyTorch", "PyTorch, fused Adam"]
)
def test_libraries_agree_on_the_tiny_net(library):
    if "PyTorch" in library:
        pytest.importorskip("torch")
    assert verify(steps.load(library, "tiny")[1], steps.expected("tiny"), steps.TOLERANCE).problem == ""


def test_pytorch_gets_the_same_convolutional_net():
    torch = pytest.importorskip("torch")
    import stepgrad

    net = nets.NETS["demo"]
    x = nets.batch(net)[0]
    ours = nets.sequential(net, stepgrad)(stepgrad.Tensor(x)).numpy()
    theirs = steps.torch_model(net)(torch.from_numpy(x).permute(0, 3, 1, 2)).detach().numpy()
    assert verify([theirs], [ours.astype(np.float64)]).problem == ""


def test_a_step_that_learns_nothing_is_found():
    wrong = (np.repeat(steps.expected("tiny")[0][:1], steps.STEPS),)
    assert verify(wrong, steps.expected("tiny"), steps.TOLERANCE).problem


@pytest.mark.parametrize("name", list(singles.SINGLES)[:4])
def test_single_ops_agree_with_float64(name):
    assert verify(singles.load("stepgrad", name)[1], singles.expected(name)).problem == ""


def test_convolutions_in_both_layouts_of_pytorch_agree(monkeypatch):
    pytest.importorskip("torch")
    small = conv.Convolution(2, 5, 3, 4, padding=1)
    monkeypatch.setitem(conv.CONVOLUTIONS, small.title, small)
    for which in conv.PASSES:
        for library in ("stepgrad", "PyTorch", "PyTorch, channels_last"):
            assert (
                verify(conv.load(library, small.title, which)[1], conv.expected(small.title, which)).problem
                == ""
            )


def test_drawn_shapes_depend_on_the_seed_only():
    assert gemm.draw(5, 1) == gemm.draw(5, 1) != gemm.draw(5, 2)


@pytest.mark.parametrize("quick", [True, False])
def test_the_suite_knows_all_that_its_races_name(quick):
    races = list(suite.races(("ops", "steps"), 1, quick, 0))
    assert {race.section for race in races} == {"single ops", "steps"}
    for race in races:
        assert all(entry.library in libraries.LIBRARIES for entry in race.entries.values())


def test_lstms_agree_with_float64(monkeypatch):
    pytest.importorskip("torch")
    small = lstm.Lstm(3, 2, 4, 5)
    monkeypatch.setitem(lstm.LSTMS, small.title, small)
    for which in lstm.PASSES:
        want = lstm.expected(small.title, which)
        assert len(want) == (1 if which == "forward" else 5)
        for library in ("stepgrad", "PyTorch, denormals flushed"):
            assert verify(lstm.load(library, small.title, which)[1], want).problem == ""


def test_bfloat16_products_agree_with_float64():
    pytest.importorskip("torch")
    for name, library in bf16.CONTESTANTS.items():
        got = bf16.load(library, "NN 5x6x7", name)[1]
        assert verify(got, bf16.expected("NN 5x6x7", name), bf16.TOLERANCE).problem == "", name


def test_a_step_beside_a_busy_neighbour_is_compared_with_one_thread():
    spec = {"net": "tiny"}
    entries = {"alone": Entry("stepgrad", spec, threads=1), "busy": Entry("stepgrad", spec)}
    with Track(threads=2, rounds=2, seconds=1e-4) as track:
        race = Race("busy neighbour", "x", "step", entries, ours="alone", fresh=True, neighbour=True)
        alone, busy = track.run(race)
    assert alone.note == busy.note == "" and busy.ratio > 0
    assert not any(sample.preempted for sample in busy.samples)


def test_a_run_that_was_cut_off_goes_on(tmp_path, monkeypatch):
    from stepgrad.bench import commands

    race = Race("sgemm", "NN 2x2x2", "gemm", {"stepgrad": Entry("stepgrad", {"shape": "NN 2x2x2"})})
    ran = []
    monkeypatch.setattr(
        Track, "run", lambda self, race: ran.append(race.title) or [result("stepgrad", 1.0, title=race.title)]
    )
    monkeypatch.setattr(suite, "races", lambda *_: [race])
    monkeypatch.setattr(commands, "_write", lambda *_: None)
    monkeypatch.setattr(machine, "limits", lambda: {"peak_gflops": 8.0, "copy_gbs": 8.0})
    commands.bench(quick=True, out=tmp_path)
    results, described, settings = report.from_json((tmp_path / "results.json").read_text())
    assert results == [result("stepgrad", 1.0, title="NN 2x2x2")] and settings["threads"] == [1]
    commands.bench(quick=True, out=tmp_path, resume=True)
    assert ran == ["NN 2x2x2"]  # not again
    results[0].note = "failed: for a reason"
    (tmp_path / "results.json").write_text(report.to_json(results, described, settings))
    commands.bench(quick=True, out=tmp_path, resume=True)
    assert ran == ["NN 2x2x2"] * 2
    with pytest.raises(ArgumentError, match="measured otherwise"):
        commands.bench(quick=False, out=tmp_path, resume=True)


def test_json_describes_the_machine():
    data = json.loads(report.to_json(RESULTS, machine.describe(), SETTINGS))
    assert {"cpu", "cores", "flags", "compiler", "load", "versions", "date"} <= set(data["machine"])
    assert data["machine"]["versions"]["numpy"] == np.__version__
    assert data["settings"]["seed"] == 0
    assert data["results"][0]["summary"]["median"] == 1.0 and len(data["results"]) == len(RESULTS)


def test_markdown_shows_losses_and_what_was_left_out():
    described = {**machine.describe(), "peak_gflops": 8.0, "openblas": "Zen"}
    text = report.to_markdown(RESULTS, described, SETTINGS)
    assert "OpenBLAS's kernels: Zen; " in text and "all cores at once" not in text
    assert (
        "reach 1.9 times the peak of one, before the worst of the races on several threads 1 times"
        in "\n".join(report.describe(described, {**SETTINGS, "cores_at_once": [1.9, 1.0, 2.0]}))
    )
    assert "0.5 us" not in text and "2 ±0% (**0.50 loss**)" in text  # MKL's rate and the ratio
    assert "0.5 ±0% (2.00)" in text  # OpenBLAS
    assert "- JAX: not installed: jax" in text
    assert "1.25 ±0% (**0.80 loss**) [300, 1]" in text  # PyTorch's step, memory and page faults
    assert "(0.90)" in text  # our own other way is no loss
    assert "| matmul: 4 x 4 x 4 | numpy | 1 | 0.5 GFLOP/s | 6% |" in text  # of the machine's 8


def test_goals_are_measured_and_judged():
    chain = result("stepgrad", 0.5e-6, None, goals.CHAIN, "single ops")
    table = goals.table([*RESULTS, chain])
    assert (
        "| sgemm, shapes of deep learning, against OpenBLAS | 1 | 2.00 | 1 | 1.15 | goal reached |" in table
    )
    assert "| sgemm, shapes of deep learning, against MKL | 1 | 0.50 |  | 0.97 | not yet |" in table
    assert "| one small op, forward and backward, us | 1 | 0.50 | 1 | 0.35 | floor holds |" in table
    assert "| page faults of a CNN step |  | not measured | 1 | 1 |  |" in table
    slower = [
        result("stepgrad", 2.0, None, goals.TINY, "steps"),
        result("PyTorch", 2.2, 1.1, goals.TINY, "steps"),
    ]
    assert "| 3-3-3-3 step, against PyTorch | 1 | 1.10 | 5 | 15 | **below the floor** |" in goals.table(
        slower
    )


def test_goals_for_bfloat16_say_which_instructions_they_are_for():
    section = bf16.SECTIONS["dot_product"]
    rows = [
        result("stepgrad, float32", 2.0, ratio, f"NN {n}x{n}x{n}", section)
        for n, ratio in ((128, 1.0), (256, 1.5), (512, 1.5))
    ]
    table = goals.table(rows)
    assert f"| products of {section} from 256 on, against our float32 | 1 | 1.50 |  |  |  |" in table
    assert (
        "on AMX from 256 on, against our float32 |  | not measured: only where the top rung is `amx` | 3 |"
        in table
    )
    in_float32 = kernels.rungs("matmul_bf16")[-1].rung in (kernels.REFERENCE, "rounded")
    assert (bf16.section() is None) == in_float32


def test_the_goal_for_small_ops_is_a_time_and_a_ratio():
    rows = [
        result("stepgrad", 2e-6, None, goals.CHAIN, "single ops"),
        result("PyTorch", 12e-6, 6.0, goals.CHAIN, "single ops"),
    ]
    table = goals.table(rows)
    assert "| - the same in PyTorch, us | 1 | 12.00 |  |  |  |" in table
    assert "where it needs 5.7 us) | 1 | 6.00 | 5.7 | 16 | floor holds |" in table


def test_the_goal_beside_a_busy_neighbour_takes_the_worst_step():
    rows = [
        Result("busy neighbour", f"{title}: {library}", contestant, 2, summary=summarize([Sample(s, False)]), ratio=ratio)
        for library, times in {"stepgrad": (1.0, 1.1, 1.4), "PyTorch, fused Adam": (1.0, 9.0, 3.0)}.items()
        for title, ratio in zip("ab", times[1:])
        for contestant, s, ratio in ((suite.ALONE, times[0], None), (suite.BUSY, ratio, ratio))
    ]  # fmt: skip
    table = goals.table(rows)
    assert "on one, at its worst | 2 | 1.40 | 1.6 | 1.2 | floor holds |" in table
    assert "| - the same in PyTorch, fused Adam | 2 | 9.00 |  |  |  |" in table
    text = report.table("busy neighbour", rows, {})
    assert "| a: PyTorch, fused Adam | 2 | 1 s | 9 s | 9.00 |" in text


def test_the_goal_for_convolutions_sums_the_passes_and_takes_the_better_layout():
    rows = [
        result(name, seconds, None, f"a convolution, {which}", "conv2d")
        for name, times in {
            "stepgrad": (1, 1, 2),
            "PyTorch": (4, 4, 8),
            "PyTorch, channels_last": (1, 1, 6),
        }.items()
        for which, seconds in zip(conv.PASSES, times, strict=True)
    ]
    assert goals.GOALS[7].measure(rows) == 4.0
    assert goals.GOALS[8].measure(rows) == 2.0


def test_the_readme_is_rewritten_between_its_markers_only(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(
        "top\n<!-- bench:sgemm -->\nold\n<!-- /bench:sgemm -->\n<!-- bench:conv2d -->keep<!-- /bench:conv2d -->\nend\n"
    )
    assert report.refresh(readme, RESULTS, machine.describe(), SETTINGS) == ["sgemm"]
    text = readme.read_text()
    assert text.startswith("top\n") and text.endswith("keep<!-- /bench:conv2d -->\nend\n")
    assert "old" not in text and "**0.50 loss**" in text
    before = text
    report.refresh(readme, RESULTS, machine.describe(), SETTINGS)
    assert readme.read_text() == before
    assert report.refresh(tmp_path / "absent.md", RESULTS, {}, {}) == []


def test_plots_are_written(tmp_path):
    names = [path.name for path in plots.save(RESULTS, tmp_path, MACHINE)]
    assert names == ["ladders.png", "roofline.png", "ratios.png"]
    assert plots.save([], tmp_path, MACHINE) == []


def test_the_roofline_has_the_measured_roof_and_a_point_for_each_result():
    axes = plots.roofline(RESULTS, MACHINE).axes[0]
    roof, *points = axes.lines
    assert roof.get_ydata().max() == 8.0 and (8.0 / 2.0) in roof.get_xdata()  # flat from peak / bandwidth on
    assert sorted(y for line in points for y in line.get_ydata()) == [0.25, 0.5]
    assert plots.roofline(RESULTS, {}) is None


@pytest.mark.skipif(not kernels.compiled(), reason="measured by the C++ extension")
def test_the_peak_is_measured():
    found = machine.limits()
    assert found["peak_gflops"] > 0 and found["copy_gbs"] > 0
    assert machine.cores_at_once(2, found["peak_gflops"]) > 0
    assert report.peak(RESULTS, {"peak_gflops": 8.0}) == {1: 8.0}
    assert report.peak(RESULTS, {}) == {1: 2.0}  # the best seen stands in
