"""Dataset: a stream of elements that can be started again and again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from stepgrad.data import caching, stages
from stepgrad.data.elements import as_element
from stepgrad.errors import ArgumentError, DTypeError

AUTOTUNE = -1  #: "as many as this machine has cores" for map, two elements for prefetch
INFINITE, UNKNOWN = -1, -2  # cardinalities without a number


class Dataset:
    """A stream of elements that is made on demand, with the words of ``tf.data.Dataset``.

    An element is a NumPy array, or a tuple or dict of them; ``fit``, ``evaluate`` and ``predict`` take a data set of batches
    ``x``, ``(x, y)`` or ``(x, y, sample_weight)``. Nothing is computed before somebody iterates, every ``iter`` starts anew, and
    only the elements under way are in memory. Every method returns a new data set and leaves this one as it is.

    Parameters
    ----------
    start : callable
        Called for every pass over the data; returns an iterator.
    cardinality : int
        Number of elements, `INFINITE` (-1) or `UNKNOWN` (-2).

    Examples
    --------
    >>> from stepgrad.data import Dataset
    >>> data = Dataset.from_tensor_slices(([1.0, 2.0, 3.0], [0, 1, 1])).map(lambda x, y: (10 * x, y)).batch(2)
    >>> for x, y in data:
    ...     print(x, y)
    [10. 20.] [0 1]
    [30.] [1]
    >>> len(data)
    2
    """

    class_names: list[str] | None  # of data from folders
    file_paths: list[str]

    def __init__(self, start: Callable[[], Iterator], cardinality: int = UNKNOWN):
        self._start, self._cardinality = start, cardinality

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """Return the rows of arrays: along the first axis of an array, or of every array in a tuple or dict.

        Examples
        --------
        >>> data = Dataset.from_tensor_slices({"a": [[1, 2], [3, 4]], "b": [5, 6]})
        >>> [(e["a"].tolist(), int(e["b"])) for e in data]
        [([1, 2], 5), ([3, 4], 6)]
        """
        from stepgrad.data.rows import Rows

        return Rows(tensors)

    @staticmethod
    def from_generator(generator: Callable[..., Iterable], args: tuple = ()) -> Dataset:
        """Return what a generator function yields; it is called anew, with `args`, for every pass.

        Examples
        --------
        >>> def count(stop):
        ...     for i in range(stop):
        ...         yield i, i * i
        >>> [(int(a), int(b)) for a, b in Dataset.from_generator(count, args=(3,))]
        [(0, 0), (1, 1), (2, 4)]
        """
        if not callable(generator):
            raise DTypeError(
                "from_generator calls a function for every pass over the data",
                op="Dataset.from_generator",
                expected="a function that returns a generator",
                got=f"a {type(generator).__name__}",
                fix="pass the generator function itself, without calling it",
            )
        return Dataset(lambda: map(as_element, generator(*args)))

    @staticmethod
    def zip(*datasets: Any) -> Dataset:
        """Return tuples of the elements at the same place; it ends with the shortest.

        Examples
        --------
        >>> a, b = Dataset.from_tensor_slices([1, 2, 3]), Dataset.from_tensor_slices([4, 5])
        >>> [(int(x), int(y)) for x, y in Dataset.zip(a, b)]
        [(1, 4), (2, 5)]
        """
        parts = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple | list) else datasets
        counts = [part.cardinality() for part in parts]
        finite = [count for count in counts if count >= 0]
        length = UNKNOWN if UNKNOWN in counts else min(finite) if finite else INFINITE
        return Dataset(lambda: zip(*parts, strict=False), length)

    def __iter__(self) -> Iterator:
        return self._start()

    def cardinality(self) -> int:
        """Return the number of elements, `INFINITE` (-1) or `UNKNOWN` (-2)."""
        return self._cardinality

    def __len__(self) -> int:
        if self._cardinality < 0:
            raise TypeError(
                f"the data set is {'endless' if self._cardinality == INFINITE else 'of unknown length'}"
            )
        return self._cardinality

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Dataset of {({-1: 'endless', -2: 'unknown'}).get(self._cardinality, self._cardinality)} elements>"

    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        use_multiprocessing: bool = False,
    ) -> Dataset:
        """Apply a function to every element; a tuple is spread over its arguments.

        Parameters
        ----------
        map_func : callable
            Takes and returns NumPy arrays, or tuples and dicts of them; Tensors that it returns become arrays.
        num_parallel_calls : int, optional
            Elements that are worked on at the same time, by as many threads; `AUTOTUNE` (-1) takes one a core. The order of the
            elements stays.
        use_multiprocessing : bool
            Take processes instead, for functions that spend their time in Python. They are started for every pass (about a
            second), and the function must stand at the top of a module.

        Examples
        --------
        >>> data = Dataset.from_tensor_slices([1.0, 4.0, 9.0])
        >>> [float(e) for e in data.map(np.sqrt, num_parallel_calls=2)]
        [1.0, 2.0, 3.0]
        """
        if num_parallel_calls is None and not use_multiprocessing:
            return Dataset(lambda: (stages.apply(map_func, e) for e in self), self._cardinality)
        if use_multiprocessing and "<" in getattr(map_func, "__qualname__", ""):
            raise ArgumentError(
                "other processes cannot find this function",
                op="Dataset.map",
                expected="a function that is defined at the top of a module",
                got=map_func.__qualname__,
                fix="move it there, or leave out use_multiprocessing=True: threads can call any function",
            )
        workers = os.cpu_count() or 1
        if num_parallel_calls not in (None, AUTOTUNE):
            workers = _count("num_parallel_calls", num_parallel_calls)
        return Dataset(lambda: stages.mapped(self, map_func, workers, use_multiprocessing), self._cardinality)

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Draw elements at random from a buffer of the next `buffer_size`; all of the data, if it is that large.

        Parameters
        ----------
        buffer_size : int
        seed : int, optional
            Without one the order depends on `utils.set_random_seed`.
        reshuffle_each_iteration : bool
            A new order for every pass.

        Examples
        --------
        >>> data = Dataset.from_tensor_slices(range(6)).shuffle(6, seed=1)
        >>> first, second = [int(e) for e in data], [int(e) for e in data]
        >>> sorted(first), first == second
        ([0, 1, 2, 3, 4, 5], False)
        """
        from stepgrad.random import SeedGenerator  # not above: utils, below random, offers data sets too

        size, orders = _count("buffer_size", buffer_size), SeedGenerator(seed)
        state = orders.get_state()

        def start() -> Iterator:
            if not reshuffle_each_iteration:
                orders.set_state(state)
            yield from stages.shuffled(self, size, orders.next())

        return Dataset(start, self._cardinality)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Put `batch_size` elements into one; the last batch may be smaller, or is left out.

        Examples
        --------
        >>> data = Dataset.from_tensor_slices([1, 2, 3, 4, 5])
        >>> [b.tolist() for b in data.batch(2, drop_remainder=True)]
        [[1, 2], [3, 4]]
        """
        size, length = _count("batch_size", batch_size), self._cardinality
        if length >= 0:
            length = length // size if drop_remainder else -(-length // size)
        return Dataset(lambda: stages.batches(self, size, drop_remainder), length)

    def prefetch(self, buffer_size: int) -> Dataset:
        """Let a thread make the next `buffer_size` elements while the last one is used; `AUTOTUNE` is two.

        Examples
        --------
        >>> [int(e) for e in Dataset.from_tensor_slices([1, 2, 3]).prefetch(2)]
        [1, 2, 3]
        """
        size = 2 if buffer_size == AUTOTUNE else _count("buffer_size", buffer_size)
        return Dataset(lambda: stages.prefetched(self, size), self._cardinality)

    def repeat(self, count: int | None = None) -> Dataset:
        """Go over the data `count` times; without end if it is None or -1.

        Examples
        --------
        >>> [int(e) for e in Dataset.from_tensor_slices([1, 2]).repeat(2)]
        [1, 2, 1, 2]
        """
        length = self._cardinality
        if count in (None, -1):
            return Dataset(lambda: itertools.chain.from_iterable(self for _ in itertools.count()), INFINITE)
        times = _count("count", count, least=0)
        return Dataset(
            lambda: itertools.chain.from_iterable(self for _ in range(times)),
            length * times if length >= 0 else length,
        )

    def take(self, count: int) -> Dataset:
        """Return the first `count` elements; -1 is all.

        Examples
        --------
        >>> [int(e) for e in Dataset.from_tensor_slices([1, 2, 3]).take(2)]
        [1, 2]
        """
        if count == -1:
            return self
        first, length = _count("count", count, least=0), self._cardinality
        if length != UNKNOWN:
            length = first if length == INFINITE else min(first, length)
        return Dataset(lambda: itertools.islice(self, first), length)

    def skip(self, count: int) -> Dataset:
        """Leave out the first `count` elements.

        Examples
        --------
        >>> [int(e) for e in Dataset.from_tensor_slices([1, 2, 3]).skip(2)]
        [3]
        """
        first, length = _count("count", count, least=0), self._cardinality
        return Dataset(
            lambda: itertools.islice(self, first, None), max(0, length - first) if length >= 0 else length
        )

    def cache(self, filename: str | os.PathLike[str] = "") -> Dataset:
        """Keep the elements of the first whole pass, in memory or in the file `filename`, for all later passes.

        The file may be used by later programs too: delete it when the data changes.

        Examples
        --------
        >>> calls = []
        >>> data = Dataset.from_tensor_slices([1, 2]).map(lambda e: calls.append(e) or e).cache()
        >>> _ = list(data), list(data)
        >>> len(calls)
        2
        """
        kept = caching.FileCache(self, filename) if filename else caching.MemoryCache(self)
        return Dataset(lambda: iter(kept), self._cardinality)


def _count(name: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name} must be an integer, {least} or more", op="Dataset", got=repr(value))
    return int(value)
