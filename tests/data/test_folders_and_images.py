"""Files as data: images, texts, time series, padding."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from stepgrad import layers, models, utils
from stepgrad.errors import ArgumentError, DataError, DTypeError, ShapeError, StepgradError


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    root = tmp_path_factory.mktemp("pets")
    generator = np.random.default_rng(0)
    for name, count in (("cats", 6), ("dogs", 4), ("frogs", 2)):
        (root / name).mkdir()
        for i in range(count):
            utils.save_img(root / name / f"{i}.png", generator.uniform(0, 255, (9, 12, 3)), scale=False)
    (root / "notes.md").write_text("not an image")
    return root


QUIET = {"verbose": False, "image_size": (4, 6)}


def test_a_folder_of_images(pets):
    data = utils.image_dataset_from_directory(pets, batch_size=5, **QUIET)
    assert data.class_names == ["cats", "dogs", "frogs"] and len(data.file_paths) == 12 and len(data) == 3
    first, second = ([y.tolist() for _, y in data] for _ in range(2))
    assert sorted(sum(first, [])) == [0] * 6 + [1] * 4 + [2] * 2 and first != second, (
        "shuffled anew every epoch"
    )
    x, y = next(iter(utils.image_dataset_from_directory(pets, shuffle=False, **QUIET)))
    assert x.shape == (12, 4, 6, 3) and x.dtype == np.float32 and y.dtype == np.int32
    expected = utils.img_to_array(
        utils.load_img(pets / "cats" / "0.png", target_size=(4, 6), interpolation="bilinear")
    )
    np.testing.assert_array_equal(x[0], expected)


@pytest.mark.parametrize(
    ("arguments", "shape", "labels"),
    [
        ({"label_mode": "categorical"}, (12, 4, 6, 3), np.eye(3)[[0] * 6 + [1] * 4 + [2] * 2]),
        ({"class_names": ["dogs", "cats"], "label_mode": "binary"}, (10, 4, 6, 3), [[0.0]] * 4 + [[1.0]] * 6),
        ({"class_names": ["frogs"]}, (2, 4, 6, 3), [0, 0]),
        ({"labels": list(range(12))}, (12, 4, 6, 3), list(range(12))),
        ({"label_mode": None, "color_mode": "grayscale"}, (12, 4, 6, 1), None),
        ({"labels": None, "color_mode": "rgba"}, (12, 4, 6, 4), None),
        ({"labels": None, "data_format": "channels_first"}, (12, 3, 4, 6), None),
    ],
)
def test_labels_and_colours(pets, arguments, shape, labels):
    batch = next(iter(utils.image_dataset_from_directory(pets, shuffle=False, **QUIET, **arguments)))
    x = batch if labels is None else batch[0]
    assert x.shape == shape
    if labels is not None:
        np.testing.assert_array_equal(batch[1], labels)


def test_subsets_share_no_file(pets, capsys):
    split = {"validation_split": 0.25, "seed": 3, "image_size": (4, 6)}
    training, validation = (
        utils.image_dataset_from_directory(pets, subset=subset, **split)
        for subset in ("training", "validation")
    )
    assert "Found 12 files belonging to 3 classes.\nUsing 3 files for validation." in capsys.readouterr().out
    assert len(training.file_paths) == 9 and not {*training.file_paths} & {*validation.file_paths}
    both = utils.image_dataset_from_directory(pets, subset="both", **split, verbose=False)
    assert [d.file_paths for d in both] == [training.file_paths, validation.file_paths]


def test_stretched_cut_or_padded(pets):
    wide = np.zeros((4, 8, 3))
    wide[:, 4:] = 255
    folder = pets.parent / "wide"
    folder.mkdir()
    utils.save_img(folder / "1.png", wide, scale=False)
    settings = {"labels": None, "image_size": (4, 4), "interpolation": "nearest", "verbose": False}
    stretched, cut, padded = (
        next(iter(utils.image_dataset_from_directory(folder, **settings, **more)))[0, :, :, 0]
        for more in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True})
    )
    np.testing.assert_array_equal(stretched, [[0, 0, 255, 255]] * 4)
    np.testing.assert_array_equal(cut, [[0, 0, 255, 255]] * 4)
    np.testing.assert_array_equal(padded, [[0] * 4, [0, 0, 255, 255], [0, 0, 255, 255], [0] * 4])


def test_a_model_learns_from_a_folder(pets):
    training, validation = utils.image_dataset_from_directory(
        pets, subset="both", validation_split=0.25, seed=1, batch_size=4, **QUIET
    )
    model = models.Sequential(
        [
            layers.Input((4, 6, 3)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(training, epochs=2, validation_data=validation, verbose=0).history
    assert len(history["val_accuracy"]) == 2 and model.predict(validation, verbose=0).shape == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"label_mode": "integer"}, "did you mean 'int'"),
        ({"labels": "infered"}, "labels cannot be"),
        ({"labels": [1, 2]}, "(?s)one label a file.*12"),
        ({"class_names": ["cat"]}, "(?s)sub-folders.*cats"),
        ({"labels": None, "class_names": ["cats"]}, "class_names goes with"),
        ({"label_mode": "binary"}, "(?s)two classes.*frogs"),
        ({"subset": "train", "validation_split": 0.2, "seed": 1}, "did you mean 'training'"),
        ({"subset": "training"}, "go together"),
        ({"validation_split": 2.0, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "training"}, "(?s)needs a seed.*in both"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "no files are left"),
        ({"color_mode": "bgr"}, "color_mode"),
        ({"format": "grain"}, "format"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "do not go together"),
    ],
)
def test_wrong_arguments(pets, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        utils.image_dataset_from_directory(pets, **{**QUIET, **arguments})


def test_folders_without_files(tmp_path):
    with pytest.raises(DataError, match="not a folder"):
        utils.image_dataset_from_directory(tmp_path / "none")
    (tmp_path / "texts").mkdir()
    with pytest.raises(DataError, match="(?s)no files to read.*txt"):
        utils.text_dataset_from_directory(tmp_path)


def test_a_folder_of_texts(tmp_path):
    for name, text in (("bad/1", "dull, dull"), ("good/1", "très bien"), ("good/2", "fun")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    texts, labels = next(iter(utils.text_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))
    assert texts.tolist() == ["dull, dull", "très bien", "fun"] and labels.tolist() == [0, 1, 1]
    cut = utils.text_dataset_from_directory(
        tmp_path, shuffle=False, verbose=False, max_length=4, label_mode=None
    )
    assert next(iter(cut)).tolist()[::2] == ["dull", "fun"]


@pytest.mark.parametrize("stride, rate, first, last", [(1, 1, None, None), (2, 3, None, None), (3, 2, 4, 27)])
def test_windows_of_a_time_series(stride, rate, first, last):
    series = np.arange(60.0).reshape(30, 2)
    data = utils.timeseries_dataset_from_array(
        series, series[:, 0] * 10, 4, sequence_stride=stride, sampling_rate=rate, batch_size=3, start_index=first,
        end_index=last,
    )  # fmt: skip
    x, y = (np.concatenate(parts) for parts in zip(*data, strict=True))
    starts = range(first or 0, (last or 30) - 3 * rate, stride)
    np.testing.assert_array_equal(x, [series[s : s + 3 * rate + 1 : rate] for s in starts])
    np.testing.assert_array_equal(y, [20 * 10 * s / 10 for s in starts])
    alone = utils.timeseries_dataset_from_array(series, None, 4, batch_size=None, shuffle=True, seed=1)
    assert len(alone) == 27 and next(iter(alone)).shape == (4, 2)


@pytest.mark.parametrize(
    "arguments",
    [{"sequence_length": 0}, {"sequence_length": 4, "start_index": 9}, {"sequence_length": 4, "sampling_rate": 3},
     {"sequence_length": 2, "format": "grain"}],
)  # fmt: skip
def test_wrong_windows(arguments):
    with pytest.raises(ArgumentError):
        utils.timeseries_dataset_from_array(np.arange(8.0), None, **arguments)


SEQUENCES = [[1, 2, 3, 4, 5], [], [6], [7, 8, 9]]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 3, 7])
def test_pad_sequences_is_keras(padding, truncating, maxlen):
    for sequences, dtype in ((SEQUENCES, "int32"), ([[[1.0, 2.0]] * n for n in (3, 0, 5)], "float32")):
        arguments = {
            "maxlen": maxlen,
            "dtype": dtype,
            "padding": padding,
            "truncating": truncating,
            "value": 9,
        }
        ours, theirs = (
            p.utils.pad_sequences(sequences, **arguments) for p in (__import__("stepgrad"), keras)
        )
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (([1, 2],), DTypeError),
        (([[1], [[2]]],), StepgradError),
        (([[1]], 2, "int32", "front"), ArgumentError),
        (([[1]], 2, "int32", "pre", "pre", "x"), DTypeError),
    ],
)
def test_wrong_sequences(arguments, kind):
    with pytest.raises(kind):
        utils.pad_sequences(*arguments)


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7, 1), (5, 7, 4)])
def test_images_and_arrays_are_keras(shape, tmp_path):
    x = np.random.default_rng(2).uniform(0, 255, shape)
    for scale in (True, False):
        ours, theirs = (p.array_to_img(x, scale=scale) for p in (utils, keras.utils))
        # scaling divides first in Keras and multiplies first here: one level, where rounding meets a whole number
        assert (
            ours.mode == theirs.mode
            and np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max() <= scale
        )
    mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[shape[2]]
    path = tmp_path / "image.png"
    utils.save_img(path, x, scale=False)
    for arguments in (
        {},
        {"target_size": (3, 9), "interpolation": "bilinear"},
        {"target_size": (3, 9), "keep_aspect_ratio": True},
    ):
        a, b = (
            p.img_to_array(p.load_img(path, color_mode=mode, **arguments), data_format="channels_first")
            for p in (utils, keras.utils)
        )
        np.testing.assert_array_equal(a, b)


def test_image_files(tmp_path):
    deep = np.array([[[300.0], [0.0]]])
    assert utils.array_to_img(deep, scale=False).mode == "I"
    with pytest.warns(UserWarning, match="transparency"):
        utils.save_img(tmp_path / "a.jpg", np.ones((4, 4, 4)))
    with open(tmp_path / "a.jpg", "rb") as file:
        assert utils.load_img(io.BytesIO(file.read())).size == (4, 4)
    Image.fromarray(np.array([[500]], "uint16")).save(tmp_path / "deep.png")
    assert utils.img_to_array(utils.load_img(tmp_path / "deep.png", "grayscale")).item() == 500
    (tmp_path / "b.png").write_text("words")
    with pytest.raises(DataError, match="not an image"):
        utils.load_img(tmp_path / "b.png")
    with pytest.raises(ArgumentError, match="did you mean 'rgb'"):
        utils.load_img(tmp_path / "a.jpg", "rbg")
    with pytest.raises(ShapeError, match=r"take one image of the batch, x\[0\]"):
        utils.array_to_img(np.zeros((2, 4, 4, 3)))
    with pytest.raises(ShapeError, match="2 or 3 axes"):
        utils.img_to_array(np.zeros(4))
    with pytest.raises(DTypeError):
        utils.load_img(5)
