"""PyDataset: batches by number."""

from __future__ import annotations

from typing import Any


class PyDataset:
    """Base class of data that makes its batches on demand; any object with ``__len__`` and ``__getitem__`` will do as well.

    Parameters
    ----------
    workers, use_multiprocessing, max_queue_size
        Taken for Keras programs; batches are made one after the other, by the thread that trains.

    Examples
    --------
    >>> import numpy as np
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, i):
    ...         x = np.arange(32.0) + 32 * i
    ...         return x[:, None], x[:, None] ** 2
    >>> Squares().num_batches
    10
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self.workers, self.use_multiprocessing, self.max_queue_size = (
            workers,
            use_multiprocessing,
            max_queue_size,
        )

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__, the number of batches")

    def __getitem__(self, index: int) -> Any:
        """Return batch number `index`: (x, y) or (x, y, sample_weight)."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    @property
    def num_batches(self) -> int:
        """Number of batches in an epoch."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Run before an epoch."""

    def on_epoch_end(self) -> None:
        """Run after an epoch, for data that changes from epoch to epoch."""
