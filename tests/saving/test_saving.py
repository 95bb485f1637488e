"""Saving and loading: round trips, reproducible bytes, atomic writing, and files that are not what they should be."""

import json
import os
import zipfile

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers, saving
from stepgrad.errors import ArgumentError, DataError, NotBuiltError, ShapeError
from stepgrad.saving import archive
from training.nets import assert_same_weights, blobs, dense_net

X, Y = blobs(96)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.stepgrad"


def functional():
    inner_input = layers.Input((4,), name="inner_input")
    inner = sg.Model(
        inner_input, layers.Dense(5, activation="relu", name="inner_dense")(inner_input), name="inner"
    )
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(4, name="shared")
    x = sg.ops.concatenate([inner(shared(a)), inner(shared(b))], axis=-1)
    return sg.Model(
        [a, b], [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="size")(x)]
    )


def nested():
    return sg.Sequential(
        [
            layers.Input((4,)),
            sg.Sequential([layers.Dense(6, activation="relu"), layers.Dropout(0.3)]),
            layers.Dense(3),
        ]
    )


@pytest.mark.parametrize("make, inputs", [(functional, [X, X[::-1]]), (nested, X)])
def test_round_trip(make, inputs, path):
    model = make()
    model.save(path)
    again = saving.load_model(path)
    assert type(again) is type(model) and again.get_config() == model.get_config() and again is not model
    assert_same_weights(model, again)
    before, after = model.predict(inputs, verbose=0), again.predict(inputs, verbose=0)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_training_goes_on_as_if_it_had_not_been_saved(path, optimizer):
    model = dense_net(dropout=0.4, optimizer=optimizer)
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(path)
    again = saving.load_model(path)
    assert int(again.optimizer.iterations) == 6
    a = model.fit(X, Y, epochs=2, verbose=0).history
    b = again.fit(X, Y, epochs=2, verbose=0).history
    assert a == b and "accuracy" in a
    assert_same_weights(model, again)


def test_compile_settings_come_back(path):
    model = sg.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(
        sg.optimizers.SGD(0.125, momentum=0.5),
        sg.losses.Huber(delta=2.0),
        metrics=["mae", sg.metrics.MeanSquaredError(name="m")],
    )
    model.save(path)
    again = saving.load_model(path)
    assert (again.optimizer.get_config()["momentum"], float(again.optimizer.learning_rate)) == (0.5, 0.125)
    assert again.evaluate(X, X[:, :1], verbose=0, return_dict=True) == model.evaluate(
        X, X[:, :1], verbose=0, return_dict=True
    )
    assert not saving.load_model(path, compile=False).compiled


def test_custom_classes_need_a_name(path):
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    model = sg.Sequential([layers.Input((4,)), Twice(), layers.Dense(1)])
    model.save(path)
    with pytest.raises(ArgumentError, match="(?s)Twice.*custom_objects"):
        saving.load_model(path)
    again = saving.load_model(path, custom_objects={"Twice": Twice})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@saving.register_keras_serializable("tests")
class Subclassed(sg.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [layers.Dense(units, activation="relu"), layers.Dense(3)]

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return inputs

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_subclassed_models(path):
    model = Subclassed(5)
    with pytest.raises(NotBuiltError, match="call it on a batch"):
        model.save(path)
    model.compile("adam", sg.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, Y, verbose=0)
    model.save(path)
    again = saving.load_model(path)
    assert_same_weights(model, again)
    assert model.train_on_batch(X, Y) == again.train_on_batch(X, Y)


def test_weights_alone(tmp_path):
    model = dense_net()
    for name in ("w.stepgrad", "w.weights", "w"):
        model.save_weights(tmp_path / name)
        other = dense_net(seed=7)
        assert not np.array_equal(other.get_weights()[0], model.get_weights()[0])
        other.load_weights(str(tmp_path / name))
        assert_same_weights(model, other)
    with pytest.raises(DataError, match="weights only"):
        saving.load_model(tmp_path / "w")


def test_frozen_layers_keep_their_place(path):
    model = dense_net()
    model.save_weights(path)
    other = dense_net(seed=7)
    other.layers[0].trainable = False
    other.load_weights(path)
    assert_same_weights(model, other)


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in "ab":
        sg.utils.clear_session()
        model = dense_net(dropout=0.1)
        model.fit(X, Y, verbose=0)
        model.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as file:
        names = ["metadata.json", "config.json", "weights.safetensors", "optimizer.safetensors"]
        assert file.namelist() == names and file.testzip() is None


def test_the_members_can_be_read_with_other_programs(path):
    safetensors = pytest.importorskip("safetensors.numpy")
    model = dense_net()
    model.save(path)
    with zipfile.ZipFile(path) as file:
        arrays = safetensors.load(file.read("weights.safetensors"))
        names = json.loads(file.read("metadata.json"))["weights"]
    assert sorted(arrays) == sorted(names)
    assert_same_weights([arrays[name] for name in names], model)
    assert names[0].endswith("hidden/kernel")


@pytest.mark.parametrize("moment", ["archive", "fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_file(path, monkeypatch, moment):
    model = dense_net()
    model.save(path)
    before = path.read_bytes()

    def crash(*arguments):
        raise OSError("no space left")

    model.fit(X, Y, verbose=0)
    target = {"archive": (zipfile.ZipFile, "writestr"), "fsync": (os, "fsync"), "replace": (os, "replace")}[
        moment
    ]
    monkeypatch.setattr(*target, crash)
    with pytest.raises(OSError, match="no space left"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # nothing is left behind


def test_overwrite(path):
    model = dense_net()
    model.save(path)
    with pytest.raises(ArgumentError, match="overwrite"):
        model.save(path, overwrite=False)
    with pytest.raises(ArgumentError, match="overwrite"):
        model.save_weights(path, overwrite=False)


@pytest.mark.parametrize("name", ["m.h5", "m.H5", "m.onnx", "m.pt", "m.npz", "m.pkl"])
def test_names_that_promise_another_format(tmp_path, name):
    model = dense_net()
    for action in (model.save, model.save_weights, model.load_weights, saving.load_model):
        with pytest.raises(ArgumentError, match=r"of another format(?s:.*)m\.stepgrad"):
            action(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_folders(tmp_path):
    with pytest.raises(ArgumentError, match="does not exist"):
        dense_net().save(tmp_path / "no" / "model.stepgrad")
    with pytest.raises(ArgumentError, match="this is a folder"):
        dense_net().save(tmp_path)
    with pytest.raises(DataError, match="folder"):
        saving.load_model(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        saving.load_model(tmp_path / "model.stepgrad")


def test_truncated_and_changed_files(path):
    dense_net().save(path)
    whole = path.read_bytes()
    model = dense_net(seed=3)
    first = model.get_weights()
    for length in [0, 1, 2, 10, *range(50, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(DataError):
            saving.load_model(path)
    for position in range(5, len(whole), 61):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            model.load_weights(path)
        except DataError:
            assert_same_weights(first, model)
        else:  # a byte that nothing depends on: a date, a file mode
            assert_same_weights(dense_net(), model)
            model.set_weights(first)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"\x89HDF\r\n\x1a\n" + b"0" * 100, "HDF5"),
        (b"\x80\x04\x95 a pickle", "something else"),
        (b"", "empty"),
    ],
)
def test_files_of_another_kind(path, content, words):
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"(?s)no stepgrad file.*{words}"):
        saving.load_model(path)


def rewrite(path, **members):
    """Write the file again with some members replaced (None: left out)."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    content.update({name.replace("__", "."): value for name, value in members.items()})
    archive.write_archive(str(path), {name: value for name, value in content.items() if value is not None})


@pytest.mark.parametrize(
    "members",
    [
        {"metadata__json": None},
        {"metadata__json": b"{"},
        {"metadata__json": b"[1]"},
        {"metadata__json": b'{"format": "stepgrad", "format_version": 99}'},
        {"metadata__json": b'{"format": "stepgrad", "format_version": 1, "weights": 3}'},
        {"metadata__json": b'{"format": "stepgrad", "format_version": 1, "weights": []}'},
        {"config__json": b"\xff\xfe"},
        {"config__json": b"[]"},
        {"weights__safetensors": None},
        {"weights__safetensors": b"\xff" * 50},
        {"weights__safetensors": b""},
    ],
)
def test_members_that_are_wrong(path, members):
    dense_net().save(path)
    rewrite(path, **members)
    with pytest.raises(DataError):
        saving.load_model(path)


def test_compressed_members_are_refused(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("metadata.json", b"0" * 10_000_000)
    with pytest.raises(DataError, match="compressed"):
        saving.load_model(path)


def test_a_file_cannot_name_what_is_not_a_layer(path):
    dense_net().save(path)
    for module, name in (
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("stepgrad.utils", "set_random_seed"),
    ):
        config = {
            "module": module,
            "class_name": name,
            "config": {"command": "false"},
            "registered_name": name,
        }
        rewrite(path, config__json=json.dumps(config).encode())
        with pytest.raises(ArgumentError, match="not known here"):
            saving.load_model(path)


def test_weights_of_another_model(path):
    dense_net().save(path)
    first = (wide := dense_net(features=6)).get_weights()
    with pytest.raises(ShapeError, match=r"(?s)hidden.*\(6, 8\).*\(4, 8\)"):
        wide.load_weights(path)
    assert_same_weights(first, wide)
    short = sg.Sequential([layers.Input((4,)), layers.Dense(8)])
    with pytest.raises(ShapeError, match="(?s)expected: 2 weights.*4 in the file.*out/kernel"):
        short.load_weights(path)
    with pytest.raises(NotBuiltError):
        sg.Sequential([layers.Dense(8)]).load_weights(path)


def my_loss(y_true, y_pred):
    return sg.ops.mean(sg.ops.abs(y_true - y_pred), axis=-1)


def test_functions_of_ones_own_in_compile(path):
    model = sg.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile("sgd", my_loss, metrics=[my_loss])
    model.fit(X, X[:, :1], verbose=0)
    model.save(path)
    with pytest.raises(ArgumentError, match="(?s)my_loss.*custom_objects"):
        saving.load_model(path)
    again = saving.load_model(path, custom_objects={"my_loss": my_loss})
    assert again.evaluate(X, X[:, :1], verbose=0) == model.evaluate(X, X[:, :1], verbose=0)
    assert saving.load_model(path, compile=False).predict(X, verbose=0).shape == (96, 1)
