"""Each of the nine programs runs on a slice: data, model, table, picture; and on the command line."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import stepgrad as sg
from stepgrad import cli, programs
from stepgrad.errors import ArgumentError
from stepgrad.programs import running, s1_simple, s1_worked, s3_cnn, sentences

TRAINED = [name for name in programs.NAMES if name != "S1-worked"]


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(s3_cnn, "SMALL", 16)
    monkeypatch.setattr(sentences, "SENTENCE", 12)
    monkeypatch.chdir(tmp_path)


def command(*words, code=0):
    result = CliRunner().invoke(cli._app(typer), ["run", *words])
    assert result.exit_code == code, result.output
    return result.output


def test_the_list_names_all_nine():
    lines = command("--list").splitlines()
    assert [line.split()[0] for line in lines] == list(programs.NAMES) and len(lines) == 9
    for name in programs.NAMES:
        assert programs.get(name).name == name


@pytest.mark.parametrize("name", TRAINED)
def test_a_program_trains_tests_and_draws(name, tmp_path, capsys):
    rows, result = running.run(programs.get(name), epochs=2, limit=96, out=tmp_path / "out", verbose=0)
    assert len(result.history["loss"]) == 2 and np.isfinite(result.history["loss"]).all()
    assert (tmp_path / "out" / f"{name}.png").stat().st_size > 5000
    assert all(len(row) == 4 and row.what for row in rows) and any(row.ours for row in rows)
    printed = capsys.readouterr().out
    assert "data: " in printed and "article" in printed and "corrected" in printed


def test_the_worked_example_is_right_in_all_63_numbers(capsys):
    rows, _ = running.run(programs.get("S1-worked"))
    assert len(rows) == 63 and sum(map(len, s1_worked.RIGHT.values())) == 63
    np.testing.assert_allclose(
        [float(row.ours) for row in rows], [float(row.corrected) for row in rows], rtol=1e-5
    )  # printed with 6 digits
    assert "printed numbers are wrong" in capsys.readouterr().out


def test_the_worked_example_against_pytorch():
    torch = pytest.importorskip("torch")
    x, y = torch.tensor([1.0, 2, 3], dtype=torch.float64), torch.tensor([0.0, 1, 0], dtype=torch.float64)
    w = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True)
         for n, v in {"W1": [.1, .2, .3], "W2": [.1, .3, .5], "W3": [.1, .3, .5], "b1": [.1] * 3, "b2": [.1] * 3, "b3": [.1] * 3}.items()}  # fmt: skip
    a = x
    for layer in "123":
        a = a * w[f"W{layer}"] + w[f"b{layer}"]
    (0.5 * ((a - y) ** 2).sum()).backward()
    for name, variable in w.items():
        np.testing.assert_allclose(variable.grad, s1_worked.RIGHT["d" + name], rtol=1e-12)
        np.testing.assert_allclose(
            (variable - 0.01 * variable.grad).detach(), s1_worked.RIGHT[name + "'"], rtol=1e-12
        )


def test_the_command_line(tmp_path):
    text = command("S0-mlp", "--epochs", "1", "--limit", "64", "--out", str(tmp_path / "pictures"))
    assert "test accuracy" in text and (tmp_path / "pictures" / "S0-mlp.png").exists()
    assert "did you mean" in str(CliRunner().invoke(cli._app(typer), ["run", "S4-cifr"]).exception)
    assert "steps" in command("S0-mlp", "--against", "keras", "--limit", "64")
    assert "one-hot row" in command("S1-simple", "--as-printed")
    assert "no mistake" in command("S0-mlp", "--as-printed")


def test_the_image_folder_is_written_once(tmp_path):
    root = s3_cnn.image_folder(20, 10, "slice")
    files = sorted(root.rglob("*.png"))
    assert len(files) == 30 and len(list((root / "train").iterdir())) == 10
    before = [f.stat().st_mtime_ns for f in files]
    assert s3_cnn.image_folder(20, 10, "slice") == root and [f.stat().st_mtime_ns for f in files] == before


def test_a_dead_start_stays_at_the_logarithm_of_three():
    dead, seeds = s1_simple.dead_starts()
    assert 0 < dead < seeds
    for seed in range(seeds):
        sg.utils.set_random_seed(seed)
        model = s1_simple.build(sg, {})
        if not np.any(model.predict_on_batch(s1_simple.X)):
            losses = model.fit(s1_simple.X, s1_simple.Y, epochs=5, verbose=0).history["loss"]
            np.testing.assert_allclose(losses, np.log(3), rtol=1e-6)
            return


def test_programs_without_data_have_nothing_to_compare():
    from stepgrad.programs.against import compare

    with pytest.raises(ArgumentError, match="trains nothing"):
        compare(programs.get("S1-worked"), "keras", 1, False, None)
    with pytest.raises(ArgumentError, match="keras"):
        compare(programs.get("S0-mlp"), "torch", 1, False, 32)
