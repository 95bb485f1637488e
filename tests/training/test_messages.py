"""What training says about losses, metrics and labels that do not fit the model."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import callbacks, layers
from stepgrad.errors import ArgumentError, DataError, DTypeError, GradientError, ShapeError
from training.nets import blobs, dense_net

X, Y = blobs(64)
SIZE = np.ones((64, 1), "float32")
LABELS = {"kind": Y, "size": SIZE}
LOSSES = {"kind": "sparse_categorical_crossentropy", "size": "mse"}


def two_outputs(**compile_arguments):
    x = layers.Input((4,))
    model = sg.Model(
        x, [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="size")(x)]
    )
    model.compile("sgd", **{"loss": LOSSES, **compile_arguments})
    return model


@pytest.mark.parametrize(
    "settings, labels, words",
    [
        ({"loss": {"kinds": "mse"}}, LABELS, "'kinds'.*did you mean 'kind'"),
        ({"loss": ["mse"]}, LABELS, "one entry for each output.*2: kind, size.*1 entries"),
        ({"loss_weights": {"size": 1.0, "other": 2.0}}, LABELS, "loss_weights.*'other'"),
        ({"loss_weights": 0.5}, LABELS, "loss_weights is a single value.*kind, size"),
        ({"metrics": ["mae"]}, LABELS, "metrics must have one entry for each output"),
        ({}, [Y], "y must have one entry for each output"),
        ({}, Y, "y is a single value"),
        ({}, {"kind": Y, "sise": SIZE}, "'sise'.*did you mean 'size'"),
    ],
)
def test_several_outputs(settings, labels, words):
    with pytest.raises(ArgumentError, match=f"(?s){words}"):
        two_outputs(**settings).fit(X, labels, verbose=0)


def test_one_loss_serves_all_outputs_and_names_are_numbered():
    history = (
        two_outputs(loss="mse", metrics=[["mae", "mae"], None])
        .fit(X, [np.ones((64, 3)), SIZE], verbose=0)
        .history
    )
    assert set(history) == {"loss", "kind_loss", "size_loss", "kind_mae", "kind_mae_1"}


def test_class_weights():
    for labels, words in (
        ([Y, SIZE], "single array of labels"),
        (np.ones((64, 5, 3)), "one class a sample"),
        (None, "labels y"),
    ):
        with pytest.raises(ArgumentError, match=words):
            two_outputs().fit(X, labels, class_weight={0: 1.0}, verbose=0)
    logs = [dense_net().train_on_batch(X, labels, class_weight={0: 2.0}) for labels in (Y, Y.tolist())]
    assert logs[0] == logs[1]
    with pytest.raises(ArgumentError, match="do not go together"):
        dense_net().train_on_batch(X, Y, np.ones(64), class_weight={0: 1.0})
    with pytest.raises(ArgumentError, match="do not go together"):
        dense_net().fit([(X, Y, np.ones(64))], class_weight={0: 1.0}, verbose=0)


def test_batches_bring_their_own_weights_and_sizes():
    for settings in ({"sample_weight": np.ones(64)}, {"batch_size": 8}):
        with pytest.raises(ArgumentError, match="data that comes in batches"):
            dense_net().fit([(X, Y)], verbose=0, **settings)
    with pytest.raises(ArgumentError, match="validation_split needs arrays"):
        dense_net().fit([(X, Y)], validation_split=0.5, verbose=0)
    with pytest.raises(ArgumentError, match="a tuple of 4"):
        dense_net().fit(iter([(X, Y, X, Y)]), verbose=0)


def test_no_batches():
    class Empty:
        def __iter__(self):
            return iter(())

    class EmptySequence(sg.utils.PyDataset):
        def __len__(self):
            return 0

    for data in (Empty(), EmptySequence(), iter(())):
        with pytest.raises(DataError, match="no data"):
            dense_net().fit(data, verbose=0)
    with pytest.warns(UserWarning, match="ran out of data"), pytest.raises(ArgumentError, match="0 batches"):
        dense_net().predict(iter(()), verbose=0)


def test_numbers_without_an_axis_of_samples():
    with pytest.raises(ShapeError, match="(?s)first axis.*3.0"):
        dense_net().fit(np.float32(3.0), np.float32(1.0), verbose=0)


def test_outputs_that_left_the_tape():
    class OutsideTheTape(sg.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return sg.Tensor(self.dense(inputs).numpy())

    model = OutsideTheTape()
    model.compile("sgd", "mse")
    with pytest.raises(GradientError, match="not with numpy"):
        model.fit(X, np.ones((64, 3)), verbose=0)


def test_a_train_step_must_return_logs():
    class Silent(sg.Model):
        def call(self, inputs):
            return inputs

        def train_step(self, data):
            return None

    model = Silent()
    model.compile("sgd")
    with pytest.raises(DTypeError, match="train_step must return a dict"):
        model.fit(X, verbose=0)


def test_compile_arguments():
    with pytest.raises(ArgumentError, match="steps_per_execution"):
        dense_net(steps_per_execution=0)
    with pytest.raises(ArgumentError, match="did you mean 'adam'"):
        dense_net(optimizer="adan")


def test_callbacks_report_what_they_do(capsys):
    model = dense_net()
    values = iter([3.0, 3.0, 3.0])

    def write(epoch, logs):
        logs["watched"] = next(values)

    some = [
        callbacks.LambdaCallback(on_epoch_end=write),
        callbacks.LearningRateScheduler(lambda epoch, rate: 0.5, verbose=1),
        callbacks.ReduceLROnPlateau("watched", mode="min", patience=1, verbose=1, factor=0.5),
    ]
    model.fit(X, Y, epochs=2, verbose=0, callbacks=some)
    out = capsys.readouterr().out
    assert (
        "setting learning rate to 0.5" in out
        and "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.25" in out
    )
    with pytest.warns(UserWarning, match="ReduceLROnPlateau watches 'val_loss'"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.ReduceLROnPlateau()])
