"""A run that is killed and started again ends with the same bits as one that was not."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stepgrad import callbacks
from stepgrad.errors import ArgumentError, DataError
from training.nets import assert_same_weights, blobs, dense_net

TESTS = Path(__file__).parent.parent
X, Y = blobs(96)


def program(tmp_path, name, save_freq, data, where):
    """Run the training program; return its exit code and its results."""
    output = tmp_path / f"{name}.npz"
    path = os.pathsep.join([str(TESTS), *sys.path])
    command = [
        sys.executable,
        "-m",
        "callbacks.train_program",
        str(tmp_path / name),
        str(output),
        save_freq,
        data,
        where,
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120
    )
    if done.returncode > 0:
        raise AssertionError(done.stderr)
    return done.returncode, np.load(output) if output.exists() else None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the results of a run that nobody kills; how often it makes a backup must not matter to them."""
    known = {}

    def results(data):
        if data not in known:
            folder = tmp_path_factory.mktemp(data)
            code, known[data] = program(folder, "whole", "epoch", data, "never")
            assert code == 0 and not (folder / "whole").exists()
        return known[data]

    return results


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    "save_freq, data, deaths",
    [
        ("epoch", "arrays", ["epoch:2", "batch:12"]),
        ("epoch", "steps", ["batch:13"]),
        ("epoch", "sequence", ["epoch:3"]),
        ("epoch", "generator", ["batch:20"]),
        ("3", "arrays", ["batch:5", "batch:17"]),
        ("4", "steps", ["batch:13"]),
        ("7", "arrays", ["batch:15"]),  # 7 batches an epoch: the backup is made by the last one
        ("5", "generator", ["batch:17"]),
    ],
)
def test_killed_and_resumed(tmp_path, undisturbed, save_freq, data, deaths):
    whole = undisturbed(data)
    for where in deaths:
        code, results = program(tmp_path, "killed", save_freq, data, where)
        assert code == -9 and results is None and (tmp_path / "killed" / "backup.stepgrad").exists()
    code, resumed = program(tmp_path, "killed", save_freq, data, "never")
    assert code == 0 and sorted(whole.files) == sorted(resumed.files)
    assert tuple(whole["first"]) == (0, 0) and tuple(resumed["first"]) > (0, 0)  # it did not begin anew
    for name in set(whole.files) - {"first"}:
        assert whole[name].tobytes() == resumed[name].tobytes(), name


def fit(folder, *more, epochs=4, **settings):
    model = dense_net(dropout=0.2)
    backup = callbacks.BackupAndRestore(folder, **settings)
    return model, model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[backup, *more])


class Interrupt(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def test_only_the_missing_epochs_are_run(tmp_path):
    folder, begun = tmp_path / "backup", []
    with pytest.raises(KeyboardInterrupt):
        fit(folder, Interrupt())
    watch = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    with pytest.warns(UserWarning, match="other callbacks"):
        model, history = fit(folder, watch)
    assert begun == [1, 2, 3] and history.epoch == [
        0,
        1,
        2,
        3,
    ]  # the interrupted epoch was not in the backup yet
    assert not folder.exists()
    assert_same_weights(model, fit(tmp_path / "other")[0])


def test_the_checkpoint_can_be_kept_and_a_finished_run_is_not_repeated(tmp_path):
    model, history = fit(tmp_path, delete_checkpoint=False)
    assert (tmp_path / "backup.stepgrad").exists()
    again, same = fit(tmp_path, delete_checkpoint=False)
    assert same.history == history.history and same.epoch == history.epoch
    assert_same_weights(model, again)
    longer, more = fit(tmp_path, epochs=5, delete_checkpoint=False)
    assert more.epoch == [0, 1, 2, 3, 4] and more.history["loss"][:4] == history.history["loss"]


def test_a_run_that_was_stopped_stays_stopped(tmp_path):
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    _, history = fit(tmp_path, Stop(), delete_checkpoint=False)
    _, again = fit(tmp_path, Stop(), delete_checkpoint=False)
    assert again.epoch == history.epoch == [0, 1]


def test_a_damaged_backup_and_wrong_arguments(tmp_path):
    fit(tmp_path, delete_checkpoint=False)
    file = tmp_path / "backup.stepgrad"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged"):
        fit(tmp_path)
    with pytest.raises(ArgumentError, match="save_freq"):
        callbacks.BackupAndRestore(tmp_path, save_freq="batch")
    with pytest.raises(ArgumentError, match="empty"):
        callbacks.BackupAndRestore("")
