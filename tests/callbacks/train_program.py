"""A training run as a program of its own, for the tests that kill it.

Arguments: backup folder, output file, save_freq, kind of data, and where to die: "epoch:N", "batch:N" or "never".
"""

import os
import signal
import sys

import numpy as np

import stepgrad as sg
from stepgrad import callbacks, layers
from training.nets import blobs

X, Y = blobs(100)


class Sequence:
    def __len__(self):
        return 7

    def __getitem__(self, i):
        return X[15 * i : 15 * (i + 1)], Y[15 * i : 15 * (i + 1)]


def endless():
    generator = np.random.default_rng(0)
    while True:
        rows = generator.integers(0, 100, 16)
        yield X[rows], Y[rows]


DATA = {
    "arrays": ((X, Y), {"batch_size": 16}),
    "steps": ((X, Y), {"batch_size": 16, "steps_per_epoch": 5}),
    "sequence": ((Sequence(),), {}),
    "generator": ((endless(),), {"steps_per_epoch": 6}),
}


class Die(callbacks.Callback):
    """Kill this process, without any chance to clean up."""

    def __init__(self, where):
        super().__init__()
        self.what, _, number = where.partition(":")
        self.number = int(number or 0)
        self.batches = 0
        self.epoch, self.first = -1, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.what == "epoch" and epoch == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_train_batch_begin(self, batch, logs=None):
        self.first = self.first or (self.epoch, batch)

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.what == "batch" and self.batches == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder, output, save_freq, data, where):
    sg.utils.set_random_seed(11)
    model = sg.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(sg.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    arguments, settings = DATA[data]
    die = Die(where)
    log = os.path.join(folder + "_log.csv")
    history = model.fit(
        *arguments,
        **settings,
        epochs=6,
        verbose=0,
        validation_data=(X[:30], Y[:30]),
        callbacks=[
            callbacks.LearningRateScheduler(
                lambda epoch, rate: rate * (0.9 + 0.01 * float(sg.random.uniform(())))
            ),
            callbacks.ReduceLROnPlateau(patience=1, min_delta=0.05),
            callbacks.EarlyStopping(patience=4, restore_best_weights=True, min_delta=0.2),
            callbacks.CSVLogger(log),
            callbacks.BackupAndRestore(folder, save_freq if save_freq == "epoch" else int(save_freq)),
            die,
        ],
    )
    weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    logs = {f"h_{name}": np.array(values) for name, values in history.history.items()}
    with open(log) as file:
        text = file.read()
    np.savez(
        output,
        **weights,
        **logs,
        first=die.first,
        epochs=history.epoch,
        iterations=int(model.optimizer.iterations),
        csv=text,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
