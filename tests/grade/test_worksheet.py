"""Worksheets: YAML, CSV, templates, and what cannot be used."""

import numpy as np
import pytest

from stepgrad.errors import ArgumentError, DataError
from stepgrad.grade import PROBLEMS, grade, problem
from stepgrad.grade.worksheet import find_solution, read, read_csv, read_yaml, template


def test_yaml_keeps_the_digits():
    sheet = read_yaml(
        "problem: mazur\nlearner: Ada\nZ1: [0.3770, .39]\nnumbers:\n  L: 3.0e-1\n  W1': [[1, ?], [_, ]]\n"
    )
    assert (sheet.problem, sheet.learner) == ("mazur", "Ada")
    assert sheet.numbers == {"L": "3.0e-1", "W1'": [["1", ""], ["_"]], "Z1": ["0.3770", ".39"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("problem: [1, 2", "not YAML in line"),
        ("Z1: 1\nZ1: 2\n", "written twice, the second time in line 2"),
        ("just words", "names and numbers"),
        ("numbers: 3", "names with their numbers"),
        ("Z1: {a: 1}", "not a list of numbers"),
        ("a: &x [1, 2]\nb: [*x, *x]\n", "references"),
        ("", "names and numbers"),
    ],
)
def test_unusable_yaml(text, message):
    with pytest.raises(DataError, match=message):
        read_yaml(text)


def test_csv_rows_of_a_matrix_blanks_and_ragged_lines():
    sheet = read_csv("problem,mazur,,\nlearner,Ada\n\n# a remark\nZ1,0.38,,\nW1',1,2\n,3\nL,0.30\n")
    assert sheet.problem == "mazur" and sheet.learner == "Ada"
    assert sheet.numbers == {"Z1": ["0.38", "", ""], "W1'": [["1", "2"], ["3", ""]], "L": ["0.30"]}


def test_the_empty_cells_behind_a_row_do_not_count():
    sheet = read_csv("problem,mazur,,,\nZ1,0.3775,,,\nW1',0.1498,0.2498,,\n,0.1996,0.2995,,\nL,0.2984,,,\n")
    marks = grade(problem("mazur"), sheet.numbers)
    assert (marks.count("right"), marks.count("blank"), marks.count("wrong")) == (6, 1, 0)


def test_csv_numbers_without_a_name():
    with pytest.raises(DataError, match="no name"):
        read_csv(",1,2\n")


def test_yaml_and_csv_give_the_same_marks(tmp_path):
    solution = problem("mazur")
    yaml_file, csv_file = tmp_path / "w.yaml", tmp_path / "w.csv"
    yaml_file.write_text("problem: mazur\nZ1: [0.0275, 0.0425]\nW1': [[0.15, 0.25], [0.2, 0.30]]\n")
    csv_file.write_text("problem,mazur\nZ1,0.0275,0.0425\nW1',0.15,0.25\nW1',0.2,0.30\n")
    marks = [grade(solution, read(path).numbers) for path in (yaml_file, csv_file)]
    assert [s.status.tolist() for s in marks[0].steps] == [s.status.tolist() for s in marks[1].steps]


@pytest.mark.parametrize("name", ["missing.yaml", "w.txt", "binary.yaml", "huge.csv"])
def test_unusable_files(tmp_path, name):
    (tmp_path / "w.txt").write_text("x")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x81")
    (tmp_path / "huge.csv").write_text("x" * 1_000_001)
    with pytest.raises(DataError):
        read(tmp_path / name)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_template_without_blanks_is_all_right(name):
    sheet = read_yaml(template(problem(name), name, blank=0))
    assert grade(find_solution(sheet.problem), sheet.numbers).exit_status == 0


def test_a_template_leaves_the_share_open():
    solution = problem("relu-batch-4")
    size = sum(np.size(solution.truth[n]) for n in solution)
    marks = grade(solution, read_yaml(template(solution, "relu-batch-4", blank=0.4, seed=3)).numbers)
    assert marks.count("blank") == round(0.4 * size)
    assert marks.count("right") == size - round(0.4 * size)
    texts = {template(solution, "relu-batch-4", seed=seed) for seed in (1, 2)}
    assert len(texts) == 2 and texts == {template(solution, "relu-batch-4", seed=seed) for seed in (1, 2)}


def test_a_template_tells_what_is_given():
    text = template(problem("mazur"), "mazur")
    assert "#   X = [[0.05, 0.1]]" in text and "#   eta = 0.5" in text


def test_unknown_problems_are_explained():
    with pytest.raises(ArgumentError, match="did you mean 'mazur'"):
        find_solution("mazurr")
    with pytest.raises(ArgumentError, match="does not say which problem"):
        find_solution("")


def test_a_worksheet_cannot_run_a_file(tmp_path):
    file = tmp_path / "evil.py"
    file.write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    with pytest.raises(ArgumentError, match="cannot choose a Python file"):
        find_solution(f"{file}:model")
    assert not (tmp_path / "ran").exists()


def test_a_file_may_define_a_solution(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(
        "from stepgrad.grade import Solution\n"
        "def line() -> Solution:\n"
        "    return Solution.of_functions('line', {'x': 2.0}, {'y': lambda x: 3 * x})\n"
    )
    assert find_solution(f"{file}:line", may_run_files=True).truth["y"] == 6
