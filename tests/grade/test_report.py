"""Table, page, JSON, exit status: the grader from the command line."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stepgrad.grade import grade, problem
from stepgrad.grade.report import as_dict, as_html, headline, remarks

DOCUMENT = Path(__file__).with_name("document.yaml")


def stepgrad(*words, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "stepgrad", *map(str, words)],
        capture_output=True, text=True, timeout=300, cwd=cwd, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def marks_of(**numbers):
    return grade(problem("mazur"), {name.replace("_", "'"): value for name, value in numbers.items()})


def test_the_document_from_the_command_line(tmp_path):
    result = stepgrad("grade", DOCUMENT, "--html", tmp_path / "d.html", "--json", tmp_path / "d.json")
    assert result.returncode == 1, result.stderr
    assert "The first wrong step is Z1." in result.stdout
    assert "wrong row or index" in result.stdout
    data = json.loads((tmp_path / "d.json").read_text())
    assert data["summary"] == {"right": 2, "follows": 28, "wrong": 33, "blank": 0}
    assert data["first_wrong"] == "Z1" and data["all_right"] is False
    page = (tmp_path / "d.html").read_text()
    assert page.count("<tr>") == 22 and "http" not in page and "<script" not in page


def test_a_right_worksheet_exits_with_0_and_a_template_with_blanks_with_1(tmp_path):
    for blank, status in (("0%", 0), ("40%", 1)):
        made = stepgrad("worksheet", "softmax-cross-entropy", "--blank", blank)
        assert made.returncode == 0, made.stderr
        (tmp_path / "w.yaml").write_text(made.stdout)
        assert stepgrad("grade", tmp_path / "w.yaml").returncode == status


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("problem: mazurr\nZ1: [1, 2]\n", "did you mean 'mazur'?"),
        ("problem: mazur\nZZ1: [1, 2]\n", "did you mean 'Z1'?"),
        ("problem: mazur\nZ1: [1, 2, 3]\n", "2 numbers, shape (1, 2)"),
        ("problem: mazur\nZ1: [1, a]\n", "'a' is not a number"),
        ("problem: mazur\n", "no number to grade"),
        ("problem: own.py:thing\nZ1: 1\n", "cannot choose a Python file"),
    ],
)
def test_an_unusable_worksheet_exits_with_2_and_says_why(tmp_path, text, message):
    (tmp_path / "w.yaml").write_text(text)
    result = stepgrad("grade", tmp_path / "w.yaml")
    assert result.returncode == 2
    assert message in result.stderr and "Traceback" not in result.stderr


def test_the_teacher_names_the_problem(tmp_path):
    (tmp_path / "own.py").write_text(
        "import stepgrad as sg\nx = sg.Tensor(3.0, name='x', requires_grad=True)\n\ndef square(x):\n    return x * x\n"
    )
    made = stepgrad("worksheet", "own.py:square", "--blank", "0", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    (tmp_path / "w.yaml").write_text(made.stdout)
    assert stepgrad("grade", "w.yaml", "--problem", "own.py:square", cwd=tmp_path).returncode == 0
    assert stepgrad("grade", "w.yaml", cwd=tmp_path).returncode == 2


def test_a_share_that_is_none():
    result = stepgrad("worksheet", "mazur", "--blank", "many")
    assert result.returncode != 0 and "40% or 0.4" in result.stderr


def test_the_page_escapes_what_the_learner_wrote():
    class Tags(HTMLParser):
        seen: list[str] = []

        def handle_starttag(self, tag, attrs):
            self.seen.append(tag)

    solution = problem("mazur")
    solution.title = "<script>alert(1)</script>"
    page = as_html(grade(solution, {"Z1": ["0.1", "0.2"]}))
    reader = Tags()
    reader.feed(page)
    assert "script" not in reader.seen


def test_blanks_are_not_given_away():
    marks = marks_of(Z1=["0.9", "_"], A1=["_", "0.596884"])
    assert "0.39" not in as_html(marks)
    blank = as_dict(marks)["steps"][0]
    assert blank["status"] == [["wrong", "blank"]]


def test_words():
    marks = marks_of(Z1=["0.0275", "0.0425"], A1=["0.507", "0.511"])
    assert headline(marks) == (
        "0 right, 2 not right but rightly worked out from your own numbers before, 2 wrong. The first wrong step is Z1."
    )
    assert remarks(marks["Z1"]) == ["bias forgotten: the bias b1 was forgotten"]
    assert remarks(marks_of(Z1=["17.3", "0.3925"])["Z1"]) == ["no mistake that I know gives the number"]
