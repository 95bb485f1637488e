"""Callbacks, each by what it does to a run."""

import csv

import numpy as np
import pytest

from stepgrad import callbacks
from stepgrad.errors import ArgumentError, DTypeError, MissingExtraError
from training.nets import assert_same_weights, blobs, dense_net

X, Y = blobs(96)


class Script(callbacks.Callback):
    """Write chosen numbers into the logs, before the callback under test reads them."""

    def __init__(self, **values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.values.items()})


def run(*some, epochs=6, model=None, **arguments):
    model = model or dense_net()
    return model, model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(some), **arguments)


def test_every_hook_in_its_place():
    calls = []
    hooks = {n: lambda *a, n=n: calls.append(n) for n in dir(callbacks.Callback) if n.startswith("on_")}
    hooks.pop("on_batch_begin"), hooks.pop("on_batch_end")
    watch = callbacks.LambdaCallback(**hooks)
    model, _ = run(watch, epochs=1, batch_size=96, validation_data=(X, Y), validation_batch_size=96)
    assert calls == [
        "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_test_begin",
        "on_test_batch_begin", "on_test_batch_end", "on_test_end", "on_epoch_end", "on_train_end",
    ]  # fmt: skip
    calls.clear()
    model.predict(X, batch_size=96, callbacks=[watch], verbose=0)
    assert calls == ["on_predict_begin", "on_predict_batch_begin", "on_predict_batch_end", "on_predict_end"]


def test_old_names_of_the_batch_hooks_and_unknown_ones():
    seen = []
    run(
        callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append((batch, sorted(logs)))),
        epochs=1,
    )
    assert seen == [(i, ["accuracy", "loss"]) for i in range(3)]
    with pytest.raises(ArgumentError, match="on_epoch_end"):
        callbacks.LambdaCallback(on_epoch_ends=print)


def test_callback_list_refuses_what_is_no_callback():
    with pytest.raises(DTypeError, match="with the brackets"):
        callbacks.CallbackList([callbacks.History])


def test_parameters_and_model_are_set():
    seen = {}

    class Look(callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.update(self.params, built=self.model.built)

    run(Look(), epochs=2)
    assert (seen["epochs"], seen["steps"], seen["verbose"], seen["built"]) == (2, 3, 0, True)


@pytest.mark.parametrize(
    "values, settings, last_epoch",
    [
        ([5, 4, 4, 4, 3, 2], {"patience": 2}, 3),
        ([5, 4, 4, 3, 3, 2], {"patience": 2}, 5),
        ([5, 4, 3.9, 3.8, 3.7, 1], {"patience": 2, "min_delta": 0.5}, 3),
        ([1, 2, 3, 3, 3, 3], {"patience": 1, "mode": "max"}, 3),
        ([5, 4, 3, 2, 1, 0], {"patience": 2, "baseline": 1.5}, 5),
        ([5, 5, 5, 5, 5, 5], {"patience": 1, "start_from_epoch": 3}, 4),
        ([float("nan")] * 6, {"patience": 2}, 2),
    ],
)
def test_early_stopping(values, settings, last_epoch):
    # the baseline case: improvements above the baseline do not restart the wait, and do not stop by themselves
    stop = callbacks.EarlyStopping("watched", **{"mode": "min", **settings})
    _, history = run(Script(watched=values), stop)
    assert history.epoch[-1] == last_epoch


def test_early_stopping_agrees_with_keras():
    keras = pytest.importorskip("keras")
    generator = np.random.default_rng(3)
    for _ in range(60):
        values = generator.integers(0, 4, 12).astype(float)
        settings = {
            "patience": int(generator.integers(0, 4)),
            "min_delta": float(generator.choice([0, 0.5])),
            "mode": str(generator.choice(["min", "max"])),
            "baseline": [None, 1.0][generator.integers(0, 2)],
            "start_from_epoch": int(generator.integers(0, 3)),
            "restore_best_weights": True,
        }
        results = []
        for module in (callbacks, keras.callbacks):

            class Model:
                stop_training, epoch = False, 0

                def get_weights(self):
                    return self.epoch

                def set_weights(self, weights):
                    self.restored = weights

            model, stop = Model(), module.EarlyStopping("watched", **settings)
            stop.set_model(model)
            stop.on_train_begin()
            for model.epoch, value in enumerate(values):
                stop.on_epoch_end(model.epoch, {"watched": value})
                if model.stop_training:
                    break
            stop.on_train_end()
            results.append(
                (model.epoch, stop.best, stop.best_epoch, stop.wait, getattr(model, "restored", None))
            )
        assert results[0] == results[1], (values, settings)


def test_early_stopping_restores_the_best_weights(capsys):
    weights = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    model = dense_net()
    stop = callbacks.EarlyStopping("watched", patience=2, mode="min", restore_best_weights=True, verbose=1)
    run(Script(watched=[3, 1, 2, 2, 0, 0]), stop, keep, model=model)
    assert len(weights) == 4
    assert_same_weights(model.get_weights(), weights[1])
    assert "Epoch 4: early stopping" in capsys.readouterr().out


def test_a_metric_that_is_not_there_is_named():
    with pytest.warns(UserWarning, match="watches 'val_loss'.*accuracy, loss"):
        run(callbacks.EarlyStopping("val_loss"), epochs=1)
    with pytest.raises(ArgumentError, match="should rise or fall"):
        run(Script(strange=[1, 2, 3]), callbacks.EarlyStopping("strange"), epochs=3)
    with pytest.raises(ArgumentError, match="mode"):
        callbacks.EarlyStopping(mode="up")


@pytest.mark.parametrize(
    "monitor, rises", [("val_accuracy", True), ("val_loss", False), ("val_mae", False), ("auc", True)]
)
def test_mode_auto(monitor, rises):
    stop = callbacks.EarlyStopping(monitor)
    assert stop.is_improvement(2.0, 1.0) is rises and stop.is_improvement(1.0, 2.0) is not rises


def test_learning_rate_scheduler():
    _, history = run(callbacks.LearningRateScheduler(lambda epoch, rate: 0.5**epoch), epochs=3)
    assert history.history["learning_rate"] == [1.0, 0.5, 0.25]
    with pytest.raises(DTypeError, match="must return a number"):
        run(callbacks.LearningRateScheduler(lambda epoch, rate: "fast"), epochs=1)


def test_reduce_lr_on_plateau():
    reduce = callbacks.ReduceLROnPlateau(
        "watched", factor=0.5, patience=2, mode="min", cooldown=1, min_lr=0.0002
    )
    model, history = run(Script(watched=[3, 3, 3, 3, 3, 3, 3, 3, 3]), reduce, epochs=9)
    # logged before the reduction of the same epoch; a cooldown of 1 ends, as in Keras, in the epoch after the reduction
    rates = [0.001] * 3 + [0.0005] * 2 + [0.00025] * 2 + [0.0002] * 2
    assert history.history["learning_rate"] == pytest.approx(rates)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.0002)
    with pytest.raises(ArgumentError, match="below 1"):
        callbacks.ReduceLROnPlateau(factor=1.0)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras with PyTorch
def test_reduce_lr_agrees_with_keras():
    keras = pytest.importorskip("keras")
    generator = np.random.default_rng(4)
    for _ in range(30):
        values = generator.integers(0, 3, 15).astype(float)
        settings = {"factor": 0.5, "patience": int(generator.integers(1, 3)), "cooldown": int(generator.integers(0, 3)),
                    "mode": "min", "min_lr": 0.1}  # fmt: skip
        rates = []
        for module in (callbacks, keras.callbacks):
            # keras.optimizers.SGD serves both: the callback only reads and sets learning_rate
            model = type("Model", (), {"optimizer": keras.optimizers.SGD(1.0)})()
            reduce = module.ReduceLROnPlateau("watched", **settings)
            reduce.set_model(model)
            reduce.on_train_begin()
            rates.append([])
            for epoch, value in enumerate(values):
                reduce.on_epoch_end(epoch, {"watched": value})
                rates[-1].append(float(model.optimizer.learning_rate))
        assert rates[0] == pytest.approx(rates[1]), (values, settings)


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"

    def rows():
        with open(path, newline="") as file:
            return list(csv.reader(file))

    model, history = run(callbacks.CSVLogger(path), epochs=3, validation_data=(X, Y), validation_freq=2)
    first = rows()
    assert first[0] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [row[0] for row in first[1:]] == ["0", "1", "2"] and first[1][3] == "NA" and first[2][3] != "NA"
    assert [float(row[2]) for row in first[1:]] == history.history["loss"]
    run(callbacks.CSVLogger(path, append=True), epochs=1, model=model, validation_data=(X, Y))
    assert rows()[:4] == first and len(rows()) == 5 and rows()[4][0] == "0"
    run(callbacks.CSVLogger(path), epochs=1, model=model)
    assert rows()[0] == ["epoch", "accuracy", "loss"] and len(rows()) == 2


def test_terminate_on_nan(capsys):
    model = dense_net()
    model.layers[0].kernel.assign(np.full((4, 8), np.nan))
    batches = []
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    run(callbacks.TerminateOnNaN(), count, model=model)
    assert batches == [0] and "Invalid loss" in capsys.readouterr().out


def test_model_checkpoint_names_and_frequency(tmp_path):
    run(
        callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.stepgrad"),
        epochs=2,
        validation_data=(X, Y),
    )
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert len(names) == 2 and names[0].startswith("01-") and names[1].startswith("02-")
    run(callbacks.ModelCheckpoint(tmp_path / "b{epoch}-{batch}.stepgrad", save_freq=2), epochs=2)
    assert sorted(p.name for p in tmp_path.glob("b*")) == ["b1-2.stepgrad", "b2-1.stepgrad", "b2-3.stepgrad"]
    with pytest.raises(ArgumentError, match="val_los.*did you mean 'val_loss'|wants a value"):
        run(callbacks.ModelCheckpoint(tmp_path / "{val_los}.stepgrad"), epochs=1)
    with pytest.raises(ArgumentError, match="save_freq"):
        callbacks.ModelCheckpoint("x", save_freq=0)
    with pytest.raises(ArgumentError, match=r"best\.stepgrad"):  # at once, not after the first epoch
        callbacks.ModelCheckpoint("best.weights.h5")


def test_model_checkpoint_keeps_the_best(tmp_path, capsys):
    path, weights = tmp_path / "best.stepgrad", []
    model = dense_net()
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    best = callbacks.ModelCheckpoint(
        path, "watched", save_best_only=True, save_weights_only=True, mode="max", verbose=1
    )
    run(Script(watched=[1, 3, 2, 3]), best, keep, model=model, epochs=4)
    other = dense_net(seed=9)
    other.load_weights(path)
    assert_same_weights(other.get_weights(), weights[1])
    out = capsys.readouterr().out
    assert "improved from 1.00000 to 3.00000" in out and "did not improve from 3.00000" in out
    with pytest.warns(UserWarning, match="which is not there, and saves"):
        run(callbacks.ModelCheckpoint(path, save_best_only=True), epochs=1)


def test_tensorboard(tmp_path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    _, history = run(callbacks.TensorBoard(tmp_path), epochs=3, validation_data=(X, Y))
    for folder, tag, name in (
        ("train", "epoch_loss", "loss"),
        ("validation", "epoch_accuracy", "val_accuracy"),
    ):
        events = event_accumulator.EventAccumulator(str(tmp_path / folder))
        events.Reload()
        scalars = events.Scalars(tag)
        assert [s.step for s in scalars] == [0, 1, 2]
        np.testing.assert_allclose(
            [s.value for s in scalars], history.history[name], rtol=1e-6
        )  # events hold float32


def test_tensorboard_is_missing(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtraError, match="stepgrad\\[tensorboard\\]"):
        run(callbacks.TensorBoard("logs"))


def test_a_callback_list_of_ones_own():
    seen = []
    some = callbacks.CallbackList(
        [callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))]
    )
    some.append(callbacks.TerminateOnNaN())
    model = dense_net()
    some.set_model(model)
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=some)
    assert seen == history.epoch == [0, 1] and model.history is history


def test_swap_ema_weights_evaluates_the_averages():
    import stepgrad as sg

    model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="moving averages"):
        model.evaluate(np.ones((2, 2)), np.ones(2), verbose=0, callbacks=[callbacks.SwapEMAWeights()])
    model.compile(sg.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    seen = []

    class Look(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.layers[-1].kernel.numpy())

    model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=[Look()])
    weights = model.get_weights()
    averages = [a.numpy() for a in model.optimizer._averages]
    swap = callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    for now, average in zip(model.get_weights(), averages, strict=True):
        np.testing.assert_array_equal(now, average)
    swap.on_test_end()
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)


def test_remote_monitor_posts_json_and_survives_without_a_server():
    import http.server
    import threading

    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        callbacks.RemoteMonitor(address, send_as_json=True).on_epoch_end(1, {"loss": 0.5})
        thread.join()
    assert got == ['{"epoch": 1, "loss": 0.5}']
    with pytest.warns(UserWarning, match="no server"):
        callbacks.RemoteMonitor(address).on_epoch_end(1, {"loss": 0.5})
