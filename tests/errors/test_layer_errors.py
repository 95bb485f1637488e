"""Wrong uses of layers and models, and what the errors say: where, what was expected, what came, the likely fix."""

from __future__ import annotations

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers
from stepgrad.errors import StepgradError
from stepgrad.models import Model, Sequential


def called(layer, *shape):
    return lambda: layer(np.zeros(shape, "float32"))


def built(layer, *shape):
    layer.build((None, *shape))
    return layer


def late_weight():
    layer = built(layers.Dense(2, name="dense"), 3)
    layer.extra = layers.Dense(1)


def no_super():
    class Bad(layers.Layer):
        def __init__(self):
            self.inner = layers.Dense(1)

    Bad()


def never_initialized():
    class Bad(layers.Layer):
        def __init__(self):
            self.units = 3

    Bad()(np.ones((1, 2)))


def image_model(size=(28, 28, 1)):
    return Sequential(
        [layers.Input(size, name="pictures"), layers.Conv2D(2, 3, name="conv"), layers.Flatten()], name="net"
    )


def flat_model():
    return Sequential([layers.Input((784,)), layers.Dense(10, name="dense")], name="net")


def nested():
    inner = Sequential([layers.Dense(4, name="small"), layers.Reshape((3,), name="wrong")], name="inner")
    Sequential([inner], name="outer")(np.ones((2, 5)))


def without_channels():
    layers.Conv2D(2, 3, name="conv")(sg.Input((8, 8, None)))


CASES = {
    # too few or too many axes
    "single image": (
        called(layers.Conv2D(2, 3, name="conv"), 8, 8, 3),
        ["layer 'conv'", "4 axes", "(8, 8, 3)", "x[None]"],
    ),
    "no channel axis": (called(layers.Conv2D(2, 3, name="conv"), 5, 28, 28), ["(5, 28, 28)", "x[..., None]"]),
    "flat rows into a convolution": (
        called(layers.Conv2D(2, 3, name="conv"), 5, 784),
        ["2 axes", "model.summary()"],
    ),
    "a vector into Dense": (called(layers.Dense(3, name="dense"), 5), ["at least 2 axes", "x[None]"]),
    "a sequence into RepeatVector": (
        called(layers.RepeatVector(2), 2, 3, 4),
        ["2 axes", "did you forget Flatten"],
    ),
    "an image into Conv1D": (called(layers.Conv1D(2, 3), 2, 8, 8, 3), ["3 axes", "did you forget Flatten"]),
    # the wrong size on an axis
    "forgot Flatten": (
        called(built(layers.Dense(10, name="d"), 784), 32, 28, 28),
        ["784 on axis -1", "Flatten"],
    ),
    "channels first": (
        called(built(layers.Conv2D(2, 3), 32, 32, 3), 4, 3, 32, 32),
        ["channels-first", "(0, 2, 3, 1)", "data_format='channels_first'"],
    ),
    "channels last": (
        called(built(layers.Conv2D(2, 3, data_format="channels_first"), 3, 32, 32), 4, 32, 32, 3),
        ["channels-last"],
    ),
    "other features": (
        called(built(layers.Dense(2, name="d"), 5), 2, 7),
        ["5 on axis -1", "(2, 7)", "built for another"],
    ),
    "other rank in BatchNormalization": (
        called(built(layers.BatchNormalization(name="bn"), 5), 2, 3, 5),
        ["layer 'bn'", "2 axes"],
    ),
    # models
    "model: images not flattened": (
        called(flat_model(), 32, 28, 28),
        ["layer 'net'", "(None, 784)", "x.reshape(len(x), -1)"],
    ),
    "model: one image": (called(image_model(), 28, 28, 1), ["(None, 28, 28, 1)", "x[None]"]),
    "model: no channels but right otherwise": (
        called(image_model((28, 28, 3)), 4, 28, 28),
        ["'pictures'", "(None, 28, 28, 3)"],
    ),
    "model: channels first": (called(image_model((28, 28, 3)), 4, 3, 28, 28), ["channels-first"]),
    "model: path of the inner layer": (nested, ["layer 'wrong'", "4 in samples"]),
    "model: call is missing": (lambda: Model()(np.ones((1, 2))), ["no call()", "define call"]),
    "model: no such layer": (lambda: image_model().get_layer("cnov"), ["'cnov'", "did you mean 'conv'"]),
    "model: a function among layers": (lambda: Sequential([abs]), ["only layers", "Lambda"]),
    "model: a class among layers": (lambda: Sequential([layers.Dense]), ["Dense(3), not Dense"]),
    "model: same layer twice": (
        lambda: Sequential([d := layers.Dense(1, name="d"), d]),
        ["already has a layer 'd'", "functional"],
    ),
    "model: Input in the middle": (
        lambda: Sequential([layers.Dense(1), layers.Input((3,))]),
        ["only come first"],
    ),
    "model: summary of nothing to pop": (lambda: Sequential().pop(), ["no layer to take away"]),
    # arguments
    "units": (lambda: layers.Dense(-3), ["units must be a positive integer", "units=-3"]),
    "filters": (lambda: layers.Conv2D(2.5, 3), ["filters must be a positive integer"]),
    "kernel_size": (lambda: layers.Conv2D(2, (3, 3, 3)), ["kernel_size", "2 integers"]),
    "padding": (lambda: layers.Conv2D(2, 3, padding="sane"), ["'valid', 'same'", "did you mean 'same'"]),
    "causal images": (lambda: layers.Conv2D(2, 3, padding="causal"), ["'valid', 'same'"]),
    "strides and dilation": (lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2), ["not both"]),
    "groups": (called(layers.Conv2D(4, 3, groups=2), 1, 8, 8, 3), ["divide evenly", "3 channels"]),
    "rate": (lambda: layers.Dropout(25), ["between 0 and 1", "rate=25"]),
    "activation": (lambda: layers.Dense(2, activation="rleu"), ["'rleu'", "did you mean 'relu'"]),
    "initializer": (lambda: layers.Dense(2, kernel_initializer="he_nromal"), ["did you mean 'he_normal'"]),
    "input_shape": (lambda: layers.Dense(2, input_shape=(3,)), ["'input_shape'", "Input(shape=...)"]),
    "unknown argument": (lambda: layers.Dense(2, unit=3), ["does not know the argument 'unit'"]),
    "dtype": (lambda: layers.Dense(2, dtype="flaot32"), ["no such dtype", "'float32'"]),
    "Input without shape": (lambda: layers.Input(), ["shape", "without the batch axis"]),
    "Input with an int": (lambda: layers.Input(784), ["(784,)"]),
    "Reshape": (called(layers.Reshape((3, 5)), 2, 16), ["stay the same", "15 entries", "16 in samples"]),
    "Permute": (lambda: layers.Permute((0, 1)), ["every axis once"]),
    "Cropping": (called(layers.Cropping2D(4), 1, 8, 8, 3), ["nothing would be left"]),
    "one tensor into Add": (called(layers.Add(), 2, 3), ["layer([a, b])", "one tensor"]),
    "three tensors into Subtract": (
        lambda: layers.Subtract()([np.ones((1, 2))] * 3),
        ["exactly 2", "a list of 3"],
    ),
    "shapes in Add": (
        lambda: layers.Add(name="add")([np.ones((2, 3)), np.ones((2, 4))]),
        ["'add'", "broadcast"],
    ),
    "shapes in Dot": (
        lambda: layers.Dot(1)([np.ones((2, 3)), np.ones((2, 4))]),
        ["sizes to sum over differ"],
    ),
    "index too large": (
        lambda: layers.Embedding(10, 2, name="e")(np.array([[3, 10]])),
        ["'e'", "< 10", "10"],
    ),
    "unknown channels": (without_channels, ["number of channels", "None"]),
    # use
    "a layer instead of its output": (lambda: layers.Dense(3)(layers.Dense(4)), ["b(a(x)), not b(a)"]),
    "a list of numbers": (lambda: layers.Dense(3)([[1.0, 2.0]]), ["numpy.array"]),
    "normalization before adapt": (
        called(layers.Normalization(name="n"), 2, 3),
        ["layer 'n'", "adapt(training_data)"],
    ),
    "half of the statistics": (lambda: layers.Normalization(mean=1.0), ["both mean and variance"]),
    "weights of an unbuilt layer": (lambda: layers.Dense(3).count_params(), ["no weights yet", "Input"]),
    "number of weights": (
        lambda: built(layers.Dense(3, name="d"), 2).set_weights([np.ones((2, 3))]),
        ["2: d/kernel, d/bias"],
    ),
    "shape of a weight": (
        lambda: built(layers.Dense(3, name="d"), 2).set_weights([np.ones((3, 2)), np.ones(3)]),
        ["'d/kernel'", "(2, 3)", "(3, 2)"],
    ),
    "output of an unconnected layer": (lambda: layers.Dense(3).output, ["no output yet", "Input"]),
    "state after build": (late_weight, ["already built", "__init__ or in build"]),
    "super().__init__() too late": (no_super, ["sets 'inner' before", "super().__init__()"]),
    "super().__init__() never": (never_initialized, ["super().__init__()"]),
    "layer without call": (called(layers.Layer(), 1, 2), ["has no call()"]),
    "saving a Lambda": (lambda: layers.Lambda(abs).get_config(), ["cannot be saved", "subclass of Layer"]),
    "add_loss of a number": (lambda: layers.Dense(2).add_loss(1.0), ["scalar tensor"]),
}


@pytest.mark.parametrize("use", CASES.values(), ids=CASES)
def test_message(use):
    wrong, fragments = use
    with pytest.raises(StepgradError) as caught:
        wrong()
    for fragment in fragments:
        assert fragment in str(caught.value), str(caught.value)


def test_a_layer_still_works_after_an_error():
    layer = layers.Dense(2)
    with pytest.raises(StepgradError):
        layer(np.ones(3))
    assert layer(np.ones((1, 3))).shape == (1, 2)
    assert sg.steps_of(layer(np.ones((1, 3))))[0].scope == layer.name
