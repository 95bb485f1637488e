"""What fit takes as data, and what it says about data it cannot take."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers
from stepgrad.errors import ArgumentError, DataError, DTypeError, NotBuiltError, ShapeError
from training.nets import assert_same_weights, blobs, dense_net

X, Y = blobs(96)


def trained(*data, epochs=2, **arguments):
    model = dense_net()
    model.fit(*data, epochs=epochs, verbose=0, shuffle=False, **arguments)
    return model


def batches(size=32):
    for start in range(0, len(X), size):
        yield X[start : start + size], Y[start : start + size]


class Sequence:
    def __init__(self):
        self.ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, i):
        if not 0 <= i < 3:
            raise IndexError(i)
        return X[32 * i : 32 * (i + 1)], Y[32 * i : 32 * (i + 1)]

    def on_epoch_end(self):
        self.ended += 1


class Again:
    def __iter__(self):
        return batches()


def endless():
    while True:
        yield from batches()


@pytest.mark.parametrize(
    "data, arguments",
    [
        ((X.tolist(), Y.tolist()), {}),
        ((X.astype("float64"), Y.astype("int64")), {}),
        ((sg.Tensor(X), sg.Tensor(Y)), {}),
        ((np.asfortranarray(X), Y), {}),
        ((X[::-1][::-1], Y), {}),
        ((list(batches()),), {}),
        ((Sequence(),), {}),
        ((Again(),), {}),
        ((endless(),), {"steps_per_epoch": 3}),
        ((Again(),), {"steps_per_epoch": 3}),
        (((b for _ in range(2) for b in batches()),), {"steps_per_epoch": 3}),
    ],
    ids=[
        "lists",
        "float64",
        "tensors",
        "fortran",
        "strided",
        "list-of-batches",
        "sequence",
        "iterable",
        "endless",
        "again-steps",
        "generator",
    ],
)
def test_every_kind_of_data_trains_alike(data, arguments):
    assert_same_weights(trained(*data, **arguments), trained(X, Y))


def test_torch_data_loaders():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    assert_same_weights(trained(torch.utils.data.DataLoader(data, batch_size=32)), trained(X, Y))


def test_weights_in_the_batches():
    weights = np.linspace(0, 2, 96).astype("float32")
    model = trained([(X[:32], Y[:32], weights[:32]), (X[32:], Y[32:], weights[32:])], epochs=1)
    other = dense_net()
    other.train_on_batch(X[:32], Y[:32], weights[:32])
    other.train_on_batch(X[32:], Y[32:], weights[32:])
    assert_same_weights(model, other)


def test_class_weight_with_batches():
    weight = {0: 0.2, 2: 3.0}
    assert_same_weights(trained(list(batches()), class_weight=weight), trained(X, Y, class_weight=weight))


def test_sequences_shuffle_their_batches_and_hear_of_the_epochs_end():
    sequence, order = Sequence(), []
    sequence.__class__ = type(
        "Recording", (Sequence,), {"__getitem__": lambda s, i: order.append(i) or Sequence.__getitem__(s, i)}
    )
    dense_net(metrics=None).fit(sequence, epochs=4, verbose=0)
    epochs = [tuple(order[-12:][i : i + 3]) for i in range(0, 12, 3)]
    assert all(sorted(epoch) == [0, 1, 2] for epoch in epochs) and len(set(epochs)) > 1
    assert sequence.ended == 4


def test_steps_per_epoch_goes_on_where_the_last_epoch_stopped():
    # 3 batches of data, 2 in an epoch: 3 epochs are 2 passes
    assert_same_weights(trained(X, Y, steps_per_epoch=2, epochs=3), trained(X, Y, epochs=2))


def test_a_generator_that_runs_out_stops_training_with_a_warning():
    model = dense_net()
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(batches(), epochs=3, verbose=0)
    assert len(history.epoch) == 1


def test_several_inputs_and_outputs_by_position_and_by_name():
    a, b = layers.Input((4,), name="a"), layers.Input((2,), name="b")
    x = layers.Dense(4, activation="relu", name="body")(sg.ops.concatenate([a, b], axis=-1))
    model = sg.Model(
        [a, b], [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="size")(x)]
    )
    first = model.get_weights()
    extra, size = np.ones((96, 2), "float32"), np.linspace(-1, 1, 96).astype("float32")[:, None]
    by_list = {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "loss_weights": [1.0, 0.5],
        "metrics": [["accuracy"], ["mae"]],
    }
    by_name = {
        "loss": {"size": "mse", "kind": "sparse_categorical_crossentropy"},
        "loss_weights": {"size": 0.5, "kind": 1.0},
        "metrics": {"size": "mae", "kind": ["accuracy"]},
    }
    results = []
    for settings, inputs, labels in (
        (by_list, [X, extra], [Y, size]),
        (by_name, {"a": X, "b": extra}, {"size": size, "kind": Y}),
        (by_name, (X, extra), (Y, size)),
    ):
        model.set_weights(first)
        model.compile("sgd", **settings)
        history = model.fit(inputs, labels, epochs=2, verbose=0, shuffle=False).history
        assert set(history) == {"loss", "kind_loss", "size_loss", "kind_accuracy", "size_mae"}
        assert history["loss"][0] == pytest.approx(
            history["kind_loss"][0] + 0.5 * history["size_loss"][0], rel=1e-5
        )
        results.append((history, model.get_weights()))
        kind, number = model.predict(inputs, verbose=0)
        assert kind.shape == (96, 3) and number.shape == (96, 1)
    assert results[0][0] == results[1][0] == results[2][0]
    assert_same_weights(results[0][1], results[1][1])


def test_dict_outputs_and_an_output_without_loss():
    x = layers.Input((4,))
    model = sg.Model(x, {"kind": layers.Dense(3, activation="softmax")(x), "free": layers.Dense(2)(x)})
    model.compile("sgd", loss={"kind": "sparse_categorical_crossentropy"}, metrics={"kind": "accuracy"})
    with pytest.warns(
        UserWarning, match="does not depend"
    ):  # the optimizer names the weights that get no gradient
        history = model.fit(X, {"kind": Y}, verbose=0).history
    assert set(history) == {"loss", "kind_accuracy"}
    assert set(model.predict(X, verbose=0)) == {"kind", "free"}


def test_validation_split_is_the_end_of_the_data():
    split, given = dense_net(), dense_net()
    a = split.fit(X, Y, validation_split=0.25, epochs=2, verbose=0, shuffle=False).history
    b = given.fit(
        X[:72], Y[:72], validation_data=(X[72:], Y[72:]), epochs=2, verbose=0, shuffle=False
    ).history
    assert a == b and "val_accuracy" in a
    assert_same_weights(split, given)


@pytest.mark.parametrize("frequency, validated", [(2, 2), ([1, 4], 2), (1, 4)])
def test_validation_frequency(frequency, validated):
    history = (
        dense_net().fit(X, Y, validation_data=(X, Y), epochs=4, verbose=0, validation_freq=frequency).history
    )
    assert len(history["val_loss"]) == validated and len(history["loss"]) == 4


def test_validation_data_may_be_batches():
    data = list(batches())
    history = dense_net().fit(X, Y, validation_data=data, epochs=2, verbose=0, shuffle=False).history
    assert (
        history == dense_net().fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0, shuffle=False).history
    )


def raises(kind, *words):
    return pytest.raises(kind, match="(?s)" + ".*".join(words))


@pytest.mark.parametrize(
    "data, kind, words",
    [
        ((X, Y[:90]), ShapeError, ("96 in x", "90 in y")),
        ((X, Y, np.ones(5)), ShapeError, ("96", "5 in sample_weight")),
        (([X, X[:3]], Y), ShapeError, ("two arrays in x",)),
        ((X[:0], Y[:0]), DataError, ("no data",)),
        ((np.array([["a", "b"]]), Y[:1]), DTypeError, ("x must hold numbers", "map the words")),
        ((X, np.array(["cat"] * 96)), DTypeError, ("y must hold numbers",)),
        ((np.array([None] * 96), Y), DTypeError, ("objects", "pad the rows")),
        (([[1.0, 2.0], [1.0]], Y[:2]), ShapeError, ("pad the rows",)),
        ((X, None), ArgumentError, ("needs labels", "y=None")),
        ((None, None), ArgumentError, ("no data",)),
        (("words", None), DTypeError, ("no data",)),
        ((lambda: None, None), DTypeError, ("call the function",)),
        (([X, X], Y), ValueError, ("2",)),
        ((X, [Y, Y]), ArgumentError, ("one output",)),
        ((X[:, :3], Y), ValueError, ("4",)),
    ],
)
def test_wrong_data(data, kind, words):
    names = ("x", "y", "sample_weight")
    with raises(kind, *words):
        dense_net().fit(**dict(zip(names, data, strict=False)), verbose=0)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"batch_size": 0}, ("batch_size",)),
        ({"batch_size": 2.5}, ("batch_size",)),
        ({"steps_per_epoch": -1}, ("steps",)),
        ({"validation_split": 1.5}, ("between 0 and 1",)),
        ({"validation_split": 0.999}, ("without data",)),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(96)}, ("do not go together",)),
        ({"validation_data": (X, Y), "validation_freq": 0}, ("validation_freq",)),
        ({"callbacks": [sg.callbacks.EarlyStopping]}, ("not a callback",)),
    ],
)
def test_wrong_arguments(arguments, words):
    with raises((ArgumentError, DTypeError), *words):
        dense_net().fit(X, Y, verbose=0, **arguments)


def test_wrong_compile_arguments():
    model = sg.Sequential([layers.Input((4,)), layers.Dense(3)])
    with raises(NotBuiltError, "fit", "compile"):
        model.fit(X, Y)
    with raises(ArgumentError, "metrics must be a list"):
        model.compile("sgd", "mse", metrics="accuracy")
    model.compile("sgd")
    with raises(ArgumentError, "no loss"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", loss=["mse", "mse"])
    with raises(ArgumentError, "one output"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", loss="msee")
    with raises(ArgumentError, "did you mean"):
        model.fit(X, Y, verbose=0)
