"""What the methods of `Dataset` do, as generators over elements."""

from __future__ import annotations

import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np

from stepgrad.data.elements import as_element, stack

_END = object()


def batches(elements: Iterable, size: int, drop_remainder: bool) -> Iterator:
    """Yield batches of `size` elements; the last one may be smaller."""
    rest = iter(elements)
    while chunk := list(itertools.islice(rest, size)):
        if len(chunk) == size or not drop_remainder:
            yield stack(chunk)


def shuffled(elements: Iterable, buffer_size: int, generator: np.random.Generator) -> Iterator:
    """Yield from a buffer at random, and fill the gap with the next element: only the buffer is held in memory."""
    rest = iter(elements)
    buffer = list(itertools.islice(rest, buffer_size))
    for element in rest:
        i = int(generator.random() * len(buffer))
        yield buffer[i]
        buffer[i] = element
    generator.shuffle(buffer)
    yield from buffer


def apply(function: Callable, element: Any) -> Any:
    """Call `function` on an element; a tuple is spread over its arguments, as in tf.data."""
    return as_element(function(*element) if isinstance(element, tuple) else function(element))


def mapped(elements: Iterable, function: Callable, workers: int, processes: bool) -> Iterator:
    """Yield the results of `workers` threads or processes, in the order of the elements.

    No more than two elements a worker are under way: memory does not grow when the reader is slow.
    """
    pool: Executor
    if processes:  # not forked: a copy of a process whose other threads hold locks may hang
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    else:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="stepgrad-map")
    waiting: deque[Future] = deque()
    try:
        for element in elements:
            waiting.append(pool.submit(apply, function, element))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def prefetched(elements: Iterable, size: int) -> Iterator:
    """Yield elements that one thread makes ahead of time, `size` at most."""
    iterator = iter(elements)
    thread = ThreadPoolExecutor(1, thread_name_prefix="stepgrad-prefetch")
    try:
        waiting = deque(thread.submit(next, iterator, _END) for _ in range(size))
        while (element := waiting.popleft().result()) is not _END:
            waiting.append(thread.submit(next, iterator, _END))
            yield element
    finally:
        thread.shutdown(cancel_futures=True)
