"""Every command in this process: what it prints, and what it refuses."""

import pytest
import typer
from typer.testing import CliRunner

from stepgrad import cli


@pytest.fixture(scope="module")
def app():
    return cli._app(typer)


def run(app, *words, code=0):
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--version"], "stepgrad 0."),
        (["doctor"], "C++ kernels"),
        (["kernels", "--op", "matmul"], "matmul"),
        (["walk", "--list"], "3-3-3-3"),
        (["walk", "colah"], "multiply"),
        (["walk", "colah", "--markdown"], "$"),
        (["walk", "colah", "--json"], '"steps"'),
        (["worksheet", "colah", "--blank", "40%", "--seed", "1"], "colah"),
        (["ladder", "exp", "--size", "64"], "exp"),
    ],
)
def test_a_command_shows_what_it_promises(app, words, shown):
    assert shown in run(app, *words)


def test_a_worksheet_filled_in_right_gets_full_marks(app, tmp_path):
    sheet = tmp_path / "sheet.yaml"
    sheet.write_text(run(app, "worksheet", "colah", "--blank", "0%"))
    run(
        app,
        "grade",
        str(sheet),
        "--json",
        str(tmp_path / "marks.json"),
        "--html",
        str(tmp_path / "marks.html"),
    )
    assert (tmp_path / "marks.json").stat().st_size and (tmp_path / "marks.html").stat().st_size


def test_the_demo(app, tmp_path):
    text = run(app, "demo", "--epochs", "1", "--out", str(tmp_path))
    assert "test accuracy" in text and (tmp_path / "page.html").exists()


def test_our_errors_have_no_traceback(monkeypatch):
    monkeypatch.setattr("sys.argv", ["stepgrad", "walk", "no-such-example"])
    with pytest.raises(SystemExit, match=r"stepgrad: (.|\n)*no-such-example"):
        cli.main()
