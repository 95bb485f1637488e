"""Files that go from stepgrad to Keras and back: same predictions, and training that goes on as if nothing had happened.

Tolerance: both compute in float32 and sum in another order; over a few steps of training the rounding stays below 2e-5.
"""

import io
import json
import os
import zipfile

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import numpy as np
import pytest

import stepgrad as sg
from layers.cases import CASES
from stepgrad import interop
from stepgrad.errors import ArgumentError, DataError, NotBuiltError, ShapeError

CLOSE = {"rtol": 2e-5, "atol": 2e-5}
RNG = np.random.default_rng(0)
IMAGES, MORE = (RNG.normal(size=shape).astype("float32") for shape in ((24, 8, 8, 3), (24, 5)))
POINTS, KINDS = RNG.normal(size=(24, 4)).astype("float32"), RNG.integers(0, 3, 24)


def mlp(k):
    return k.Sequential(
        [
            k.layers.Input((4,)),
            k.layers.Dense(8, activation="tanh", kernel_regularizer=k.regularizers.L2(1e-3)),
            k.layers.BatchNormalization(),
            k.Sequential([k.layers.Dense(6, activation=k.activations.relu), k.layers.Dropout(0.3)]),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def images(k):
    a, b = k.Input((8, 8, 3), name="a"), k.Input((5,), name="b")
    inner = k.Sequential([k.layers.Input((6, 6, 4)), k.layers.Conv2D(4, 3), k.layers.Flatten()], name="inner")
    x = k.layers.BatchNormalization()(k.layers.Conv2D(4, 3, name="c1")(a))
    x = k.layers.concatenate([inner(k.layers.MaxPooling2D(1)(x)), k.layers.Dense(4)(b)])
    shared = k.layers.Dense(68, name="shared")
    x = k.ops.relu(shared(shared(x))) * 2.0 + 1.0
    return k.Model([a, b], [k.layers.Dense(3, activation="softmax", name="kind")(x[:, :7]),
                            k.ops.mean(x, axis=-1, keepdims=True)])  # fmt: skip


MODELS = {"mlp": (mlp, POINTS), "images": (images, [IMAGES, MORE])}


def compiled(model, lr=0.05):
    k = sg if isinstance(model, sg.Model) else keras
    loss = "sparse_categorical_crossentropy"
    model.compile(k.optimizers.SGD(lr, momentum=0.9), loss, metrics=["accuracy"])
    return model


def close(a, b):
    for one, other in zip(*(m if isinstance(m, list | tuple) else [m] for m in (a, b)), strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


@pytest.mark.parametrize("name", MODELS)
def test_models_of_keras_are_read(name, tmp_path):
    make, x = MODELS[name]
    theirs = make(keras)
    theirs.save(tmp_path / "m.keras")
    ours = interop.load_keras(tmp_path / "m.keras")
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]


@pytest.mark.parametrize("name", MODELS)
def test_models_are_written_for_keras(name, tmp_path):
    make, x = MODELS[name]
    ours = make(sg)
    ours.save(tmp_path / "m.keras")
    theirs = keras.saving.load_model(tmp_path / "m.keras")
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    close(sg.saving.load_model(tmp_path / "m.keras").predict(x, verbose=0), ours.predict(x, verbose=0))


def without_dropout(k):
    return k.Sequential(
        [k.layers.Input((4,)), k.layers.Dense(8, activation="tanh"), k.layers.Dense(3, activation="softmax")]
    )


OPTIMIZERS = {
    "SGD": {"momentum": 0.9},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "RMSprop": {"centered": True, "momentum": 0.5},
    "Adagrad": {},
    "Nadam": {},
    "Adamax": {},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("first", ["keras", "stepgrad"])
def test_training_goes_on_in_the_other_library(name, first, tmp_path):
    k, load = (keras, sg.saving.load_model) if first == "keras" else (sg, keras.saving.load_model)
    model = without_dropout(k)
    model.compile(getattr(k.optimizers, name)(0.01, **OPTIMIZERS[name]), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])  # fmt: skip
    run = {"batch_size": 8, "shuffle": False, "verbose": 0}
    model.fit(POINTS, KINDS, **run)
    model.save(tmp_path / "m.keras")
    other = load(tmp_path / "m.keras")
    a, b = (m.fit(POINTS, KINDS, epochs=2, **run).history for m in (model, other))
    assert list(a) == list(b)
    close(list(a.values()), list(b.values()))
    close(model.get_weights(), other.get_weights())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_layer_goes_both_ways(case, tmp_path):
    x = case.inputs()
    for k, load in ((keras, interop.load_keras), (sg, keras.saving.load_model)):
        several = isinstance(x, list)
        inputs = [k.Input(part.shape[1:], dtype=str(part.dtype)) for part in (x if several else [x])]
        inputs = inputs if several else inputs[0]
        layer = getattr(k.layers, case.name)(*case.args, **case.kwargs)
        model = k.Model(inputs, layer(inputs))
        model.set_weights([w + RNG.uniform(0.1, 0.2, w.shape) for w in model.get_weights()])
        model.save(tmp_path / "m.keras")
        close(output(model, x), output(load(tmp_path / "m.keras"), x))


def output(model, x):
    y = model(x, training=False)
    return y.numpy() if isinstance(model, sg.Model) else keras.ops.convert_to_numpy(y)


class OfLayers:
    """The same class, made for both libraries."""

    def __new__(cls, k):
        class Block(k.layers.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.zeta = k.layers.Dense(3)
                self.parts = [k.layers.Dense(3), k.layers.BatchNormalization()]
                self.named = {"q": k.layers.Dense(2)}

            def build(self, input_shape):
                self.w = self.add_weight(shape=(3,), name="w")

            def call(self, x):
                x = self.parts[1](self.parts[0](self.zeta(x)))
                return self.named["q"](x + self.w)

        class Net(k.Model):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.block = Block()
                self.alpha = k.layers.Dense(4)
                self.out = k.layers.Dense(3)  # after "layers" in the alphabet: stored there

            def call(self, x):
                return self.out(self.block(self.alpha(x)))

        return Net()


@pytest.mark.parametrize("first", [sg, keras], ids=["stepgrad", "keras"])
def test_weights_of_subclassed_models(first, tmp_path):
    second = keras if first is sg else sg
    a, b = OfLayers(first), OfLayers(second)
    for model in (a, b):
        compiled(model).predict(POINTS, verbose=0)
    a.fit(POINTS, KINDS, verbose=0)
    b.fit(POINTS, KINDS, verbose=0)
    a.save_weights(tmp_path / "m.weights.h5")
    b.load_weights(tmp_path / "m.weights.h5")
    close(a.predict(POINTS, verbose=0), b.predict(POINTS, verbose=0))
    close([float(a.optimizer.iterations)], [float(b.optimizer.iterations)])


def test_custom_classes_by_name(tmp_path):
    for k in (keras, sg):

        @k.saving.register_keras_serializable("interop", name="Half")
        class Half(k.layers.Layer):
            def call(self, x):
                return x / 2

        @k.saving.register_keras_serializable("interop", name="third")
        def third(x):
            return x / 3

    for k, load in ((keras, sg.saving.load_model), (sg, keras.saving.load_model)):
        layer, function = (k.saving.get_registered_object(f"interop>{name}") for name in ("Half", "third"))
        model = k.Sequential([k.layers.Input((4,)), layer(), k.layers.Dense(2, activation=function)])
        model.save(tmp_path / "m.keras")
        close(model.predict(POINTS, verbose=0), load(tmp_path / "m.keras").predict(POINTS, verbose=0))


OPS = {
    "relu": lambda o, x: o.relu(x) - o.sigmoid(x) / o.exp(x),
    "comparison": lambda o, x: o.where(x > 0.0, o.log(x * x + 1.0), -x),
    "reductions": lambda o, x: o.max(x, axis=1, keepdims=True) + o.sum(o.abs(x), axis=(1, 2), keepdims=True),
    "shapes": lambda o, x: o.transpose(o.reshape(x, (-1, 3, 2)), (0, 2, 1)),
    "joined": lambda o, x: o.concatenate(
        [o.stack([x[..., 0], x[..., 1]], axis=-1), o.flip(x, axis=1)], axis=-1
    ),
    "split": lambda o, x: o.split(x, 3, axis=-1)[1] @ o.expand_dims(o.squeeze(x[:, :1], axis=1), 1),
    "activations": lambda o, x: o.gelu(x) + o.gelu(x, approximate=False) + o.leaky_relu(x) + o.log_softmax(x),
    "padded": lambda o, x: o.pad(x, ((0, 0), (1, 0), (0, 2)), constant_values=1.5),
    "clipped": lambda o, x: (
        o.clip(o.minimum(o.power(x, 2), 3.0), 0.1, 2.0) + o.var(x, axis=-1, keepdims=True)
    ),
}


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("first", ["keras", "stepgrad"])
def test_ops_between_layers(name, first, tmp_path):
    k, load = (keras, sg.saving.load_model) if first == "keras" else (sg, keras.saving.load_model)
    inputs = k.Input((2, 3))
    model = k.Model(inputs, OPS[name](k.ops, inputs))
    x = RNG.normal(size=(5, 2, 3)).astype("float32")
    model.save(tmp_path / "m.keras")
    close(output(model, x), output(load(tmp_path / "m.keras"), x))


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_code_in_a_file_is_never_run(tmp_path):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(
        ArgumentError, match=r"(?s)Lambda layer holds code, which is never run.*register_keras"
    ):
        interop.load_keras(tmp_path / "m.keras")


def test_unknown_layers_are_named(tmp_path):
    model = mlp(sg)
    model.save(tmp_path / "m.keras")
    edit(tmp_path / "m.keras", lambda config: config.replace(b'"Dropout"', b'"Dropaut"'))
    with pytest.raises(
        ArgumentError, match=r"(?s)'Dropaut', which is not known here.*did you mean 'Dropout'"
    ):
        interop.load_keras(tmp_path / "m.keras")


def test_an_op_that_keras_has_not(tmp_path):
    x = sg.Input((4,))
    model = sg.Model(x, sg.ops.linear_scan(x, x, axis=1))
    with pytest.raises(ArgumentError, match=r"(?s)linear_scan: this op cannot be written.*model.stepgrad"):
        model.save(tmp_path / "m.keras")
    assert not os.listdir(tmp_path)


def edit(path, change):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = change(members["config.json"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_weights_of_another_model_change_nothing(tmp_path):
    path = tmp_path / "m.weights.h5"
    mlp(sg).save_weights(path)
    other = sg.Sequential([sg.layers.Input((4,)), sg.layers.Dense(8), sg.layers.Dense(2)])
    before = other.get_weights()
    with pytest.raises(
        ShapeError, match=r"(?s)weights.*2 weights at 'layers/dense_1'.*got: +2|another shape"
    ):
        other.load_weights(path)
    close(before, other.get_weights())


def test_another_optimizer_begins_anew(tmp_path):
    path = tmp_path / "m.weights.h5"
    model = compiled(mlp(sg))
    model.fit(POINTS, KINDS, verbose=0)
    model.save_weights(path)
    other = mlp(sg)
    other.compile("adam", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="state of another optimizer"):
        other.load_weights(path)
    close(other.predict(POINTS, verbose=0), model.predict(POINTS, verbose=0))


def h5_file(path, fill):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    path.write_bytes(content.getvalue())


def dense():
    return sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])


BROKEN = {
    "empty": (lambda path: path.write_bytes(b""), "no HDF5 file, or damaged"),
    "text": (lambda path: path.write_text("weights"), "no HDF5 file, or damaged"),
    "keras-2": (
        lambda path: h5_file(path, lambda f: f.attrs.__setitem__("layer_names", ["dense"])),
        "HDF5 format of Keras 2",
    ),
    "soft-link": (
        lambda path: h5_file(path, lambda f: f.__setitem__("layers", h5py.SoftLink("/other"))),
        "link at 'layers/dense/vars', which is not followed",
    ),
    "external-link": (
        lambda path: h5_file(path, lambda f: f.__setitem__("layers/dense/vars/0", h5py.ExternalLink("a.h5", "/x"))),
        "link at 'layers/dense/vars/0', which is not followed",
    ),
    "array-for-group": (
        lambda path: h5_file(path, lambda f: f.__setitem__("layers/dense", [1.0])),
        "an array at 'layers/dense/vars'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_weight_files(kind, tmp_path):
    write, message = BROKEN[kind]
    write(tmp_path / "m.weights.h5")
    with pytest.raises(DataError, match=message):
        interop.load_weights_h5(dense(), tmp_path / "m.weights.h5")


def test_cut_files(tmp_path):
    path = tmp_path / "m.keras"
    mlp(sg).save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError):
            interop.load_keras(path)


def test_other_refusals(tmp_path):
    path = tmp_path / "m.keras"
    model = dense()
    model.save(path)
    with pytest.raises(ArgumentError, match="overwrite=True"):
        model.save(path, overwrite=False)
    with pytest.raises(ArgumentError, match=r"must end in '\.keras'"):
        interop.save_keras(model, tmp_path / "m.zip")
    with pytest.raises(ArgumentError, match=r"(?s)must end in '\.weights\.h5'.*m\.weights\.h5"):
        interop.save_weights_h5(model, tmp_path / "m.h5")
    with pytest.raises(NotBuiltError, match="must be built"):
        sg.Sequential([sg.layers.Dense(1)]).save_weights(tmp_path / "n.weights.h5")
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("metadata.json"))["keras_version"].startswith("3.")
    model.load_weights(path)  # the weights of a whole model
