"""MNIST: 28 x 28 grey pictures of handwritten digits (LeCun, Cortes and Burges; CC BY-SA 3.0)."""

from __future__ import annotations

import os

import numpy as np

from stepgrad.datasets import _files
from stepgrad.errors import DataError

_NPZ_SHA256 = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}
_SHA256 = {  # of the contents without compression
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_KEYS = ("x_train", "y_train", "x_test", "y_test")


def load_data(path: str | os.PathLike[str] | None = None) -> _files.Loaded:
    """Load MNIST from Keras's ``mnist.npz`` or from a folder with the four official IDX files.

    Parameters
    ----------
    path : str or path, optional
        The file or the folder, as it is or inside the data folder. Without one, ``mnist.npz`` and then ``mnist/`` are
        looked for in the data folder (``$STEPGRAD_DATA`` or ``~/.stepgrad/datasets``).

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : uint8 arrays [n, 28, 28] and [n]

    Raises
    ------
    DataError
        Where the files are missing (it says what to put where), damaged or not the official ones.

    Examples
    --------
    >>> load_data("/no/such/mnist.npz")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stepgrad.errors.DataError: MNIST is not on this machine, and stepgrad never downloads
      expected: ...
    """
    wanted = "Keras's mnist.npz, or a folder 'mnist' with the four files train-images-idx3-ubyte.gz, ..."
    found = _files.find(path, ["mnist.npz", "mnist"], "MNIST", wanted)
    if found.is_dir():
        train, test = _files.read_idx_splits(found, _SHA256)
        return _files.Loaded(train, test, f"MNIST from {found}: {len(train[0]):,} + {len(test[0]):,} images")
    arrays = _files.read_npz(found, _KEYS, "take the mnist.npz of Keras, which holds plain arrays")
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8 or y.dtype != np.uint8:
            raise DataError(f"{found} does not hold bytes", expected="uint8", got=f"{x.dtype} and {y.dtype}")
        _files.check_images(x, y, f"x_{part} of {found}", f"y_{part} of {found}")
    _files.check_sha256(str(found), found, _NPZ_SHA256.get(found.name))
    train, test = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    return _files.Loaded(train, test, f"MNIST from {found}: {len(train[0]):,} + {len(test[0]):,} images")
