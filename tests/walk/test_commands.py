"""`stepgrad walk` as a user meets it: in a pipe, in a terminal with keys, as Markdown, JSON and a page."""

import json
import os
import select
import subprocess
import sys

import numpy as np
import pytest

import stepgrad as sg
from stepgrad.walk import examples

MINE = """
import stepgrad as sg
from stepgrad import layers
sg.utils.set_random_seed(1)
x, y = [[1.0, 2.0]], [[1.0]]
model = sg.Sequential([layers.Input((2,)), layers.Dense(2, activation="tanh"), layers.Dense(1)])
model.compile("adam", "mse")
w = sg.Variable(2.0, name="w")
def alone():
    return w * w * 3.0
def score(x):
    return (sg.Tensor(x) * w).sum()
number = 3
"""


def stepgrad(*words):
    return subprocess.run(
        [sys.executable, "-m", "stepgrad", "walk", *words],
        capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_the_list_names_every_example():
    lines = stepgrad("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(examples.names)


def test_in_a_pipe_everything_is_printed_with_the_errata():
    text = stepgrad("3-3-3-3").stdout
    steps = examples.get("3-3-3-3").walk()
    assert all(f" {s.number}/{len(steps)} " in text for s in steps)
    assert "the last input, 3, was used for every unit" in text and "63 printed numbers:" in text
    assert "\x1b" not in text


def test_json_has_all_numbers():
    data = json.loads(stepgrad("mazur", "--json").stdout)
    made = {v["name"]: v["values"] for s in data["steps"] for v in s["outputs"]}
    np.testing.assert_array_equal(made["dW1"], examples.get("mazur").walk().value("dW1"))
    row = next(r for r in data["example"]["numbers"] if r["name"] == "E total after 1 step")
    assert (
        row["printed"] == "0.291027924"
        and row["right"] == pytest.approx(0.2910277737, abs=1e-10)
        and row["erratum"]
    )


def test_json_of_numbers_that_json_does_not_know():
    x = sg.Tensor([np.inf, np.nan, 1.0], requires_grad=True, name="x")
    data = json.loads(sg.walk(lambda x: sg.ops.sum(x), x).json())
    assert data["steps"][0]["inputs"][0]["values"] == ["inf", "nan", 1.0]


def test_markdown_has_the_formulas_and_the_table():
    text = stepgrad("colah", "--markdown").stdout
    assert text.startswith("# Colah's") and "$$\nc = a + b = 2 + 1 = 3\n$$" in text
    assert "| de/db | 5 |" in text


def test_the_page_of_an_example(tmp_path):
    result = stepgrad("colah", "--html", str(tmp_path / "colah.html"))
    assert str(tmp_path / "colah.html") in result.stdout.replace("\n", "")
    assert "the printed numbers" in (tmp_path / "colah.html").read_text()


@pytest.mark.parametrize(
    ("thing", "words"),
    [("model", ["W1", "delta1", "Adam"]), ("alone", ["dw = dw(1) + dw(2)", "12"]), ("score", ["dw"])],
)
def test_the_users_own_file(mine, thing, words):
    result = stepgrad(f"{mine}:{thing}")
    assert result.returncode == 0, result.stderr
    assert all(word in result.stdout for word in words)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mazurr", "did you mean 'mazur'?"),
        ("no.py:model", "there is no file 'no.py'"),
        ("MINE:modell", "did you mean 'model'?"),
        ("MINE:number", "neither a model nor a function"),
    ],
)
def test_mistakes_are_explained(mine, name, message):
    result = stepgrad(name.replace("MINE", str(mine)))
    assert result.returncode != 0 and message in result.stderr and "Traceback" not in result.stderr


def test_walks_are_saved_by_their_suffix(tmp_path):
    steps = examples.get("colah").walk()
    assert json.loads(steps.save(tmp_path / "a.json").read_text())["title"].startswith("Colah")
    assert steps.save(tmp_path / "a.md").read_text().startswith("# Colah")
    assert steps.save(tmp_path / "a.html").read_text().startswith("<!doctype html>")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals on Windows")
def test_the_keys_step_forward_back_and_quit():
    """Press keys in a real (pseudo) terminal."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", COLUMNS="100", LINES="40")
        os.execv(sys.executable, [sys.executable, "-m", "stepgrad", "walk", "colah"])

    def wait_for(text):
        seen = ""
        while text not in seen:
            assert select.select([terminal], [], [], 60)[0], f"nothing more came after {seen!r}"
            seen += os.read(terminal, 4096).decode(errors="replace")
        return seen

    wait_for("q: quit")
    for key, expected in (
        (b"\x1b[C", "2/7"),
        (b" ", "3/7"),
        (b"\x1b[D", "2/7"),
        (b"b", "1/7"),
        (b"\x1b[F", "7/7"),
    ):
        os.write(terminal, key)
        assert expected in wait_for("q: quit")
    os.write(terminal, b"q")
    assert "7 printed numbers: 7 right" in wait_for("errata.")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
