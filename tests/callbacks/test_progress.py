"""What fit, evaluate and predict print."""

import io
import re
import sys

import pytest

from stepgrad.utils import Progbar
from training.nets import blobs, dense_net

X, Y = blobs(96)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_piped_output_is_one_line_an_epoch(capsys):
    model = dense_net()
    model.fit(X, Y, epochs=2, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2" and len(lines) == 4
    number = r"\d+\.\d{4}(e-\d+)?"
    pattern = (
        rf"3/3 ━{{20}} \d+s \d+(ms|us|s)/step - accuracy: {number} - loss: {number} - "
        rf"val_accuracy: {number} - val_loss: {number}"
    )
    assert re.fullmatch(pattern, lines[1]) and re.fullmatch(pattern, lines[3])
    model.evaluate(X, Y)
    model.predict(X)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("3/3 ━") and "loss" not in lines[1]


def test_verbose_0_and_2(capsys):
    model = dense_net()
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr().out == ""
    model.fit(X, Y, verbose=2)
    assert re.match(
        r"3/3 - 0s - \d+(ms|us)/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}\n$", capsys.readouterr().out
    )


def test_a_terminal_is_redrawn_in_place(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    times = iter(range(100))
    bar = Progbar(4, clock=lambda: next(times))
    for step in range(1, 5):
        bar.update(step, [("loss", 0.5), ("tiny", 1e-5)], finalize=step == 4)
    text = stream.getvalue()
    assert (
        len({len(line) for line in re.sub(r"\x1b\[\d*m|\n", "", text).split("\r")[1:]}) == 1
    )  # nothing stays behind
    assert text.count("\r") == 4 and text.count("\n") == 1 and text.endswith("\n")
    assert "loss: 0.5000 - tiny: 1.0000e-05" in re.sub(r"\x1b\[\d*m", "", text)


def test_a_narrow_terminal_does_not_wrap(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "40")
    times = iter(range(100))
    Progbar(400, clock=lambda: next(times)).update(7, [("a_metric_with_a_long_name", 0.5)])
    assert len(re.sub(r"\x1b\[\d*m|\r", "", stream.getvalue())) < 40


def test_unknown_length_and_plain_letters(monkeypatch, capsys):
    bar = Progbar(None)
    bar.update(3, finalize=True)
    assert capsys.readouterr().out.startswith("3/Unknown")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    Progbar(2).update(2)
    stream.seek(0)
    assert stream.read().startswith("2/2 " + "=" * 20)


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_generators_learn_their_length(capsys, verbose):
    class Batches:
        def __iter__(self):
            return iter([(X[:48], Y[:48]), (X[48:], Y[48:])])

    dense_net().fit(Batches(), epochs=2, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("2/2 ━") and lines[3].startswith("2/2 ━")
