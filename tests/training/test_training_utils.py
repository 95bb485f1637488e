"""set_random_seed, clear_session, to_categorical, plot_history, PyDataset."""

import random as python_random

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers, utils
from stepgrad.errors import ArgumentError, DTypeError
from training.nets import assert_same_weights, blobs, dense_net

X, Y = blobs(96)


def test_set_random_seed():
    def draw():
        utils.set_random_seed(4)
        return (
            python_random.random(),
            np.random.rand(),
            sg.random.normal((2,)).tolist(),
            layers.Dense(2)(X).numpy().tolist(),
        )

    assert draw() == draw()
    for wrong in (-1, 1.5, True, "one"):
        with pytest.raises(ArgumentError, match="seed"):
            utils.set_random_seed(wrong)


def test_clear_session_starts_names_anew():
    utils.clear_session()
    assert [layers.Dense(1).name, layers.Dense(1).name] == ["dense", "dense_1"]
    utils.clear_session()
    assert layers.Dense(1).name == "dense"


@pytest.mark.parametrize(
    "labels, classes", [([0, 2, 1], None), ([[0], [3]], 5), ([[0, 1], [2, 2]], 3), (3, 4), ([0.0, 1.0], None)]
)
def test_to_categorical_agrees_with_keras(labels, classes):
    keras = pytest.importorskip("keras")
    ours, theirs = utils.to_categorical(labels, classes), keras.utils.to_categorical(labels, classes)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == np.float32


def test_to_categorical_refuses():
    with pytest.raises(ArgumentError, match="0 <= label < 2"):
        utils.to_categorical([0, 2], 2)
    with pytest.raises(DTypeError, match="whole numbers"):
        utils.to_categorical([0.5])
    with pytest.raises(ArgumentError, match="num_classes"):
        utils.to_categorical([])


def test_plot_history(tmp_path):
    pytest.importorskip("matplotlib")
    history = dense_net().fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    figure = utils.plot_history(history, tmp_path / "history.png")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_title() for axes in figure.axes] == ["accuracy", "loss"]
    assert figure.axes[1].lines[1].get_ydata().tolist() == history.history["val_loss"]
    with pytest.raises(ArgumentError, match="nothing to plot"):
        utils.plot_history({})


def test_py_dataset():
    class Batches(utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[32 * i : 32 * (i + 1)], Y[32 * i : 32 * (i + 1)]

    model, other = dense_net(), dense_net()
    model.fit(Batches(workers=2), verbose=0, shuffle=False)
    other.fit(X, Y, verbose=0, shuffle=False)
    assert_same_weights(model, other)
