"""What the guide to callbacks exercises: every hook, the logs, stopping at the best weights, the learning rate."""

import numpy as np


def net(keras, fill):
    model = fill(keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]))
    model.compile(keras.optimizers.RMSprop(learning_rate=0.1), loss="mean_squared_error", metrics=["mae"])
    return model


def test_every_hook(keras, same, fill, blobs):
    seen = []

    class Log(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            for phase in ("train", "test", "predict"):
                for moment in ("begin", "end"):
                    setattr(self, f"on_{phase}_{moment}", self.note(f"{phase}_{moment}"))
                    setattr(self, f"on_{phase}_batch_{moment}", self.note(f"{phase}_batch_{moment}"))
            for moment in ("begin", "end"):
                setattr(self, f"on_epoch_{moment}", self.note(f"epoch_{moment}"))

        def note(self, name):
            def hook(*number, logs=None):
                if len(number) == 2 or (number and not isinstance(number[0], int)):
                    *number, logs = number
                seen.append([name, list(number), sorted(logs or ())])

            return hook

    model, x, y = net(keras, fill), blobs[0], blobs[1].astype("float32")
    model.fit(x, y, batch_size=32, epochs=1, verbose=0, validation_split=0.5, callbacks=[Log()])
    model.evaluate(x, y, batch_size=32, verbose=0, callbacks=[Log()])
    model.predict(x, batch_size=32, verbose=0, callbacks=[Log()])
    same([[name, number] for name, number, _ in seen])
    same([logs for name, _, logs in seen if not name.startswith("predict")])


def test_stopping_at_the_least_loss(keras, same, fill, blobs):
    class Stop(keras.callbacks.Callback):
        def __init__(self, patience=0):
            super().__init__()
            self.patience, self.best_weights = patience, None

        def on_train_begin(self, logs=None):
            self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

        def on_epoch_end(self, epoch, logs=None):
            if np.less(logs.get("loss"), self.best):
                self.best, self.wait = logs.get("loss"), 0
                self.best_weights = self.model.get_weights()
                return
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True
                self.model.set_weights(self.best_weights)

    stop, model = Stop(), net(keras, fill)
    model.optimizer.learning_rate = 0.5
    same(
        model.fit(
            blobs[0], blobs[1].astype("float32"), epochs=30, shuffle=False, verbose=0, callbacks=[stop]
        ).history
    )
    assert stop.stopped_epoch > 0
    same([stop.stopped_epoch, model.get_weights()])


def test_a_schedule_of_ones_own(keras, same, fill, blobs):
    class Schedule(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = rate * (0.5 if epoch in (1, 3) else 1.0)

    rates = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(
            float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        )
    )
    model = net(keras, fill)
    same(
        model.fit(
            blobs[0],
            blobs[1].astype("float32"),
            epochs=5,
            shuffle=False,
            verbose=0,
            callbacks=[Schedule(), note],
        ).history
    )
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.05, 0.025, 0.025], rtol=1e-6)
