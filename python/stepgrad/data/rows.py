"""Rows of arrays: the data set that `Dataset.from_tensor_slices` makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from stepgrad.data.dataset import Dataset
from stepgrad.data.elements import leaves_of, over_leaves
from stepgrad.errors import DataError, ShapeError


class Rows(Dataset):
    """Rows of arrays in the order of a data set of row numbers.

    Shuffling, taking and repeating act on the numbers, so that a shuffle buffer holds integers and not images; a batch is one
    gather from each array. The arrays are not copied: with ``numpy.memmap`` they stay on disk.
    """

    def __init__(self, data: Any, numbers: Dataset | None = None):
        self._data = _arrays(data)
        if numbers is None:
            count = _count(self._data)
            numbers = Dataset(lambda: iter(range(count)), count)
        self._numbers = numbers
        super().__init__(self._rows, numbers.cardinality())

    def _rows(self) -> Iterator:
        for i in self._numbers:
            yield over_leaves(lambda array: array[i], self._data)  # noqa: B023 - used up before i changes

    def _gather(self, numbers: np.ndarray) -> Any:
        return over_leaves(lambda array: array.take(numbers, axis=0), self._data)

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        return Rows(self._data, self._numbers.shuffle(buffer_size, seed, reshuffle_each_iteration))

    def repeat(self, count: int | None = None) -> Dataset:
        return Rows(self._data, self._numbers.repeat(count))

    def take(self, count: int) -> Dataset:
        return Rows(self._data, self._numbers.take(count))

    def skip(self, count: int) -> Dataset:
        return Rows(self._data, self._numbers.skip(count))

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        numbers = self._numbers.batch(batch_size, drop_remainder)
        return Dataset(lambda: map(self._gather, numbers), numbers.cardinality())


def _arrays(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _arrays(part) for key, part in data.items()}
    if isinstance(data, tuple):
        return tuple(_arrays(part) for part in data)
    return data if isinstance(data, np.ndarray) else np.asarray(data)


def _count(data: Any) -> int:
    """Check that all arrays have the same number of rows, and return it."""
    arrays = leaves_of(data)
    shapes = ", ".join(str(array.shape) for array in arrays)
    if any(array.ndim == 0 for array in arrays) or len({len(array) for array in arrays}) != 1:
        raise ShapeError(
            "the arrays cannot be cut into rows together",
            op="Dataset.from_tensor_slices",
            expected="first axes of the same size",
            got=f"shapes {shapes}" if shapes else "no arrays",
            fix="the first axis counts the elements: is one array transposed, or cut differently?",
        )
    if not len(arrays[0]):
        raise DataError("there is no data", op="Dataset.from_tensor_slices", got=f"shapes {shapes}")
    return len(arrays[0])
