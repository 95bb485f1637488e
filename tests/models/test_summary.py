"""The summary: Keras's table, as plain text."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers
from stepgrad.errors import ArgumentError
from stepgrad.models import Model, Sequential
from stepgrad.utils import clear_session


@pytest.fixture(autouse=True)
def fresh_names(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # of the terminal that Keras's console thinks it writes to
    clear_session()
    keras.utils.clear_session()


def net(words):
    return words.Sequential(
        [
            words.Input((28, 28, 1)),
            words.layers.Conv2D(8, 3, activation="relu"),
            words.layers.BatchNormalization(),
            words.layers.MaxPooling2D(),
            words.layers.Flatten(),
            words.layers.Dense(10, name="the_scores_of_all_ten_classes"),
        ]
    )


def text_of(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    return "\n".join(lines)


def cells(text):
    """Return the table's rows as lists of cells, lines of one row joined."""
    rows, row = [], None
    for line in text.splitlines():
        if line[:1] in "┃│":
            parts = [part.strip() for part in line.strip("┃│").replace("┃", "│").split("│")]
            row = parts if row is None else [a + b for a, b in zip(row, parts, strict=True)]
        elif row is not None:
            rows.append([cell.replace(" ", "") for cell in row])
            row = None
    return rows


def test_same_cells_and_totals_as_keras():
    ours, theirs = text_of(net(sg), line_length=88), text_of(net(keras), line_length=88)
    assert cells(ours) == cells(theirs)

    def totals(text):
        return [line.strip() for line in text.splitlines() if "params:" in line]

    assert totals(ours) == totals(theirs)
    assert ours.splitlines()[0] == 'Model: "sequential"'


def test_same_connections_as_keras():
    def model(words):
        a, b = words.Input((3,), name="a"), words.Input((3,), name="b")
        shared = words.layers.Dense(4)
        return words.Model([a, b], words.layers.Add()([shared(a), shared(b)]))

    assert cells(text_of(model(sg), line_length=108)) == cells(text_of(model(keras), line_length=108))


def test_long_names_go_on_in_the_next_line():
    model = Sequential([layers.Input((3,)), layers.Dense(10, name="a_name_that_is_longer_than_its_cell")])
    assert cells(text_of(model, line_length=60))[1][0] == "a_name_that_is_longer_than_its_cell(Dense)"


def test_lines_have_one_length_and_fit():
    text = text_of(net(sg), line_length=70)
    table = [line for line in text.splitlines() if line[0] in "┏┃┡│├└"]
    assert len({len(line) for line in table}) == 1
    assert len(table[0]) <= 71


def test_it_prints():
    out = io.StringIO()
    with redirect_stdout(out):
        net(sg).summary()
    assert "Total params: " in out.getvalue()


def test_unbuilt_and_trainable():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    assert "0 (unbuilt)" in text_of(model, line_length=88)
    model(np.ones((2, 4)))
    model.layers[0].trainable = False
    text = text_of(model, line_length=100, show_trainable=True)
    assert [row[-1] for row in cells(text)] == ["Trainable", "N", "Y"]
    assert "Non-trainable params: 15" in text


def test_nested_models():
    x = sg.Input((3,))
    inner = Sequential([layers.Input((3,)), layers.Dense(4)], name="inner")
    model = Model(x, inner(x))
    assert "└ dense (Dense)" not in text_of(model, line_length=90)
    assert "└ dense (Dense)" in text_of(model, line_length=90, expand_nested=True)


def test_layer_range():
    model = Sequential([layers.Input((3,)), *(layers.Dense(2, name=f"d{i}") for i in range(4))])
    assert [row[0] for row in cells(text_of(model, line_length=80, layer_range=("d1", "d2")))][1:] == [
        "d1(Dense)", "d2(Dense)",
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match="layer_range"):
        model.summary(layer_range=("x", "d2"))


def test_optimizer_is_counted():
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    assert "Optimizer params: " in text_of(model)


def test_too_narrow():
    with pytest.raises(ArgumentError, match="line_length"):
        net(sg).summary(line_length=10)
