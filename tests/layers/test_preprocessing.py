"""The layers that prepare data: values of Keras where they are not random, chosen extremes where they are, configs."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import Input, layers
from stepgrad.errors import StepgradError
from stepgrad.utils.serialization import deserialize_object, serialize_object

RNG = np.random.default_rng(4)
PIXELS = RNG.uniform(0, 255, (2, 6, 8, 3)).astype("float32")
CODES = np.array([[3, 0, 3], [1, 2, 5]])

SAME = [  # name, settings, input: the values of Keras
    ("Resizing", {"height": 4, "width": 5}, PIXELS),
    ("Resizing", {"height": 9, "width": 12}, PIXELS),
    ("Resizing", {"height": 3, "width": 16, "interpolation": "nearest"}, PIXELS),
    ("Resizing", {"height": 4, "width": 5, "antialias": True}, PIXELS),
    ("Resizing", {"height": 7, "width": 11, "interpolation": "bicubic"}, PIXELS),
    ("Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, PIXELS),
    ("Resizing", {"height": 4, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 7.0}, PIXELS),
    ("Resizing", {"height": 4, "width": 5, "data_format": "channels_first"}, PIXELS.transpose(0, 3, 1, 2)),
    ("CenterCrop", {"height": 3, "width": 5}, PIXELS),
    ("CenterCrop", {"height": 3, "width": 5}, PIXELS[0]),
    ("AutoContrast", {}, PIXELS),
    ("RandomBrightness", {"factor": (0.2, 0.2)}, PIXELS),
    ("RandomInvert", {"factor": (1.0, 1.0)}, PIXELS),
    ("RandomGrayscale", {"factor": 1.0}, PIXELS),
    ("RandomColorDegeneration", {"factor": (0.4, 0.4)}, PIXELS),
    ("RandomTranslation", {"height_factor": (1 / 3, 1 / 3), "width_factor": (0.25, 0.25)}, PIXELS),
    ("RandomRotation", {"factor": (0.25, 0.25), "fill_mode": "constant"}, PIXELS[:, :, :6]),
    ("CategoryEncoding", {"num_tokens": 6}, CODES),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "count"}, CODES),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, CODES),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0]}, RNG.normal(size=(3, 4)).astype("float32")),
    (
        "Discretization",
        {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"},
        RNG.normal(size=(5, 1)).astype("float32"),
    ),
]
RANDOM = [  # name, settings: run, keep the shape, repeat with the seed
    ("RandomFlip", {}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomZoom", {"height_factor": (0.4, 0.6), "width_factor": 0.3, "interpolation": "nearest"}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2}),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1, "fill_mode": "wrap"}),
    ("RandomBrightness", {"factor": 0.3}),
    ("RandomContrast", {"factor": 0.3}),
    ("RandomSaturation", {"factor": 0.8}),
    ("RandomHue", {"factor": 0.4}),
    ("RandomSharpness", {"factor": 0.7}),
    ("RandomColorDegeneration", {"factor": 0.7}),
    ("RandomPosterization", {"factor": 3}),
    ("RandomErasing", {"scale": (0.1, 0.4)}),
    ("RandomGaussianBlur", {}),
    ("Solarization", {"addition_factor": 0.2, "threshold_factor": 0.6}),
    ("RandomCrop", {"height": 4, "width": 5}),
    (
        "RandomColorJitter",
        {"brightness_factor": 0.2, "contrast_factor": 0.2, "saturation_factor": 0.6, "hue_factor": 0.1},
    ),
    ("MixUp", {"alpha": 2.0}),
    ("Equalization", {}),
]


def _ids(rows):
    return [f"{row[0]}-{i}" for i, row in enumerate(rows)]


@pytest.mark.parametrize(("name", "settings", "x"), SAME, ids=_ids(SAME))
def test_values_are_those_of_keras(name, settings, x):
    """Pixels up to 255 in float32, resampled in another order: 1e-2 is 4e-5 of the range."""
    theirs = getattr(keras.layers, name)(**settings)
    want = keras.ops.convert_to_numpy(theirs(x, training=True) if "Random" in name else theirs(x))
    got = getattr(layers, name)(**settings)(x).numpy()
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, atol=1e-2)


@pytest.mark.parametrize(("name", "settings"), RANDOM, ids=_ids(RANDOM))
def test_random_layers_repeat_with_their_seed_and_rest_outside_of_training(name, settings):
    seeded = {} if name == "Equalization" else {"seed": 3}
    one, two = (getattr(layers, name)(**settings, **seeded) for _ in range(2))
    changed = one(PIXELS, training=True).numpy()
    np.testing.assert_array_equal(changed, two(PIXELS, training=True).numpy())
    assert changed.dtype == "float32" and np.isfinite(changed).all()
    assert changed.min() >= -1e-3 and changed.max() <= 255.001
    calm = one(PIXELS, training=False).numpy()
    if name != "RandomCrop":
        np.testing.assert_array_equal(calm, PIXELS)
        assert name == "MixUp" or not np.array_equal(changed, PIXELS)  # which may mix an image with itself
    single = one(PIXELS[0], training=True).numpy()
    assert single.shape == changed.shape[1:]
    assert one(Input((6, 8, 3))).shape[1:] == changed.shape[1:]


@pytest.mark.parametrize(
    ("name", "settings"), [*((n, s) for n, s, _ in SAME), *RANDOM], ids=_ids([*SAME, *RANDOM])
)
def test_config_goes_there_and_back(name, settings):
    layer = getattr(layers, name)(**settings)
    copy = deserialize_object(json.loads(json.dumps(serialize_object(layer))))
    assert json.dumps(copy.get_config()) == json.dumps(layer.get_config())


def test_discretization_learns_quantiles():
    layer = layers.Discretization(num_bins=4)
    layer.adapt(np.arange(1000.0))
    assert np.bincount(layer(np.arange(1000.0)).numpy()).tolist() == [250] * 4


def test_lookups():
    layer = layers.StringLookup()
    layer.adapt([["a", "b", "b"], ["c", "c", "c"]])
    assert layer.get_vocabulary() == ["[UNK]", "c", "b", "a"]
    assert layer(np.array([["a", "z"], ["c", "b"]])).tolist() == [[3, 0], [1, 2]]
    masked = layers.StringLookup(vocabulary=["a"], mask_token="")
    assert masked(np.array(["", "a", "q"])).tolist() == [0, 2, 1]
    assert layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")([["b", "b"]]).tolist() == [
        [0, 0, 1]
    ]
    counted = layers.IntegerLookup(vocabulary=[5, 7], output_mode="count")(np.array([[5, 5, 9]]))
    assert counted.tolist() == [[1.0, 2.0, 0.0]]
    assert layers.IntegerLookup(vocabulary=[5, 7], invert=True)(np.array([2, 0])).tolist() == [7, -1]
    spread = layers.IntegerLookup(vocabulary=[5], num_oov_indices=2)(np.array([8, 9, 5]))
    assert spread.tolist() == [0, 1, 2]
    with pytest.raises(StepgradError, match="no vocabulary"):
        layers.StringLookup()(np.array(["a"]))
    with pytest.raises(StepgradError, match="not in the vocabulary"):
        layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(np.array(["b"]))
    copy = layers.StringLookup.from_config(json.loads(json.dumps(layer.get_config())))
    assert copy(np.array(["b"])).tolist() == [2]


def test_text_vectorization():
    texts = ["The cat sat.", "A cat, a dog!"]
    layer = layers.TextVectorization(max_tokens=5)
    layer.adapt(texts)
    assert layer.get_vocabulary() == ["", "[UNK]", "cat", "a", "the"]
    assert layer(texts).tolist() == [[4, 2, 1, 0], [3, 2, 3, 1]]
    pairs = layers.TextVectorization(ngrams=2, vocabulary=["cat", "the cat"], output_sequence_length=6)
    assert pairs(texts).tolist() == [[1, 2, 1, 3, 1, 0], [1, 2, 1, 1, 1, 1]]
    letters = layers.TextVectorization(standardize=None, split="character", vocabulary=["c", "a"])
    assert letters(["cab"]).tolist() == [[2, 3, 1]]
    weighted = layers.TextVectorization(output_mode="tf_idf")
    weighted.adapt(texts)
    vector = weighted(["cat cat dog"]).numpy()[0]
    words = weighted.get_vocabulary()
    np.testing.assert_allclose(vector[words.index("cat")], 2 * np.log(1 + 2 / 3), rtol=1e-6)
    np.testing.assert_allclose(vector[words.index("dog")], np.log(1 + 2 / 2), rtol=1e-6)


def test_hashing():
    layer = layers.Hashing(5)
    words = np.array(["a", "b", "c", "a"])
    numbers = layer(words).numpy()
    assert numbers[0] == numbers[3] and set(numbers) <= set(range(5))
    np.testing.assert_array_equal(numbers, layers.Hashing(5)(words).numpy())
    masked = layers.Hashing(3, mask_value="")(np.array(["", "x"])).numpy()
    assert masked[0] == 0 and masked[1] > 0
    many = np.bincount(layers.Hashing(4)(np.arange(4000)).numpy())
    assert many.min() > 900  # even: 1000 each, standard deviation 27
    crossed = layers.HashedCrossing(7, "one_hot")((np.array(["a", "b"]), np.array([1, 2])))
    assert crossed.shape == (2, 7) and crossed.numpy().sum() == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: layers.RandomFlip("diagonal"), "must be one of"),
        (lambda: layers.CategoryEncoding(3)(np.array([5])), "out of range"),
        (lambda: layers.Discretization(), "either bin_boundaries or num_bins"),
        (lambda: layers.Discretization(num_bins=3)(np.array([1.0])), "no boundaries"),
        (lambda: layers.Resizing(2, 2)(np.ones((4, 4))), "three axes"),
        (lambda: layers.RandomRotation((0.3, 0.1)), "a pair"),
        (lambda: layers.HashedCrossing(3)((np.array(["a"]),)), "two or more"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "twice"),
    ],
)
def test_errors_teach(call, words):
    with pytest.raises(StepgradError, match=words):
        call()


def test_reversible_embedding_is_that_of_keras():
    for settings in ({}, {"tie_weights": False, "logit_soft_cap": 2.0}):
        ours, theirs = (m.layers.ReversibleEmbedding(7, 3, **settings) for m in (sg, keras))
        tokens, vectors = np.array([[1, 5]]), RNG.normal(size=(1, 2, 3)).astype("float32")
        ours(tokens), theirs(tokens)
        theirs.set_weights(ours.get_weights())
        want = keras.ops.convert_to_numpy(theirs(vectors, reverse=True))
        np.testing.assert_allclose(ours(vectors, reverse=True).numpy(), want, rtol=1e-5, atol=1e-6)


def test_pipeline_runs_and_saves():
    layer = layers.Pipeline([layers.CenterCrop(4, 4), layers.RandomInvert((1.0, 1.0))])
    copy = deserialize_object(json.loads(json.dumps(serialize_object(layer))))
    np.testing.assert_allclose(copy(PIXELS).numpy(), 255 - layers.CenterCrop(4, 4)(PIXELS).numpy(), atol=1e-3)
