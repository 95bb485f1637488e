"""CIFAR-10: 32 x 32 colour pictures in ten classes (Krizhevsky 2009)."""

from __future__ import annotations

import os

from stepgrad.datasets import _cifar, _files

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_CIFAR = _cifar.Cifar(
    title="CIFAR-10",
    archive="cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    train=tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    test=("test_batch.bin",),
    records={"train": 10_000, "test": 10_000},
    label_classes=(10,),
    pickled=("cifar-10-python.tar.gz", "cifar-10-batches-py"),
)


def load_data(path: str | os.PathLike[str] | None = None) -> _files.Loaded:
    """Load CIFAR-10 from its binary version.

    Parameters
    ----------
    path : str or path, optional
        ``cifar-10-binary.tar.gz`` or the folder ``cifar-10-batches-bin`` that it holds. Without one, both are looked for
        in the data folder (``$STEPGRAD_DATA`` or ``~/.stepgrad/datasets``). The python version is refused: it is pickled.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : uint8 arrays [n, 32, 32, 3] and [n, 1]
        [n, 3, 32, 32] where ``config.image_data_format()`` is "channels_first".

    Examples
    --------
    >>> load_data("/no/such/cifar-10-batches-bin")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stepgrad.errors.DataError: CIFAR-10 is not on this machine, and stepgrad never downloads
      expected: ...
    """
    return _cifar.load(_CIFAR, path, label=0)
