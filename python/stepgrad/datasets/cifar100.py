"""CIFAR-100: 32 x 32 colour pictures in 100 fine and 20 coarse classes (Krizhevsky 2009)."""

from __future__ import annotations

import os

from stepgrad.datasets import _cifar, _files
from stepgrad.errors import ArgumentError, did_you_mean

_LABELS = {"coarse": 0, "fine": 1}  # the order of the two bytes in a record

_CIFAR = _cifar.Cifar(
    title="CIFAR-100",
    archive="cifar-100-binary.tar.gz",
    folder="cifar-100-binary",
    sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    train=("train.bin",),
    test=("test.bin",),
    records={"train": 50_000, "test": 10_000},
    label_classes=(20, 100),
    pickled=("cifar-100-python.tar.gz", "cifar-100-python"),
)


def load_data(label_mode: str = "fine", path: str | os.PathLike[str] | None = None) -> _files.Loaded:
    """Load CIFAR-100 from its binary version.

    Parameters
    ----------
    label_mode : {"fine", "coarse"}
        100 classes, or the 20 groups of five that they form.
    path : str or path, optional
        ``cifar-100-binary.tar.gz`` or the folder ``cifar-100-binary``; see `stepgrad.datasets.cifar10.load_data`.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : uint8 arrays [n, 32, 32, 3] and [n, 1]

    Examples
    --------
    >>> load_data("fien")
    Traceback (most recent call last):
    ...
    stepgrad.errors.ArgumentError: label_mode cannot be 'fien'
      fix:      did you mean 'fine'?
    """
    if label_mode not in _LABELS:
        raise ArgumentError(
            f"label_mode cannot be {label_mode!r}", fix=did_you_mean(str(label_mode), _LABELS)
        )
    return _cifar.load(_CIFAR, path, _LABELS[label_mode])
