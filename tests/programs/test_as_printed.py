"""The listings as printed: what the article's library says is quoted word for word, and stepgrad names mistake and fix."""

import keras
import pytest

from stepgrad import programs
from stepgrad.programs import running

FIXES = {
    ("S1-simple", 0): "nothing: stepgrad runs it",
    ("S1-simple", 1): "numpy.argmax(labels, axis=-1)",
    ("S2-imdb-lstm", 0): "name 'pad_sequences' is not defined",
    ("S3-cnn", 0): "6422528 is 16 x 401408: are 2 poolings of 2 x 2 missing",
    ("S4-cifar", 0): "build the model for these images, Input((32, 32, 3))",
    (
        "S4-cifar",
        1,
    ): "use sparse_categorical_crossentropy, or one-hot the labels with utils.to_categorical(labels, 10)",
    ("S4-cifar", 2): "layer.adapt(training_data) before training",
}
MISTAKES = {(name, i): m for name in programs.NAMES for i, m in enumerate(programs.get(name).mistakes)}


def test_every_mistake_has_its_words():
    assert MISTAKES.keys() == FIXES.keys()


@pytest.mark.parametrize("name", sorted({name for name, _ in FIXES}))
def test_stepgrad_names_the_mistake_and_the_fix(name, capsys):
    messages = running.as_printed(programs.get(name))
    for i, message in enumerate(messages):
        assert FIXES[name, i] in message
    printed = capsys.readouterr().out
    for mistake in programs.get(name).mistakes:
        assert mistake.what in printed and mistake.quoted in printed


@pytest.mark.parametrize("key", MISTAKES, ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_library_says_what_is_quoted(key):
    mistake = MISTAKES[key]
    attempt = mistake.theirs or (lambda: mistake.attempt(keras))
    if mistake.silent:
        result = attempt()
        assert result is not None
        if isinstance(result, float):
            assert f"{result:.4f}" in mistake.quoted
        return
    with pytest.raises(Exception) as raised:
        attempt()
    assert mistake.quoted in str(raised.value)
