"""`Dataset.cache`: the first whole pass is kept, in memory or in a file, and serves the later ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from stepgrad.data.elements import leaves_of, over_leaves
from stepgrad.errors import DTypeError, ShapeError


class MemoryCache:
    """Keeps the elements in a list."""

    def __init__(self, elements: Iterable):
        self._elements = elements
        self._kept: list | None = None

    def __iter__(self) -> Iterator:
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for element in self._elements:
            kept.append(element)
            yield element
        self._kept = kept  # only a whole pass counts


class FileCache:
    """Streams the elements into a file and, from the second pass on, out of it: one element is in memory at a time.

    The file is one line of JSON, the structure of an element, and then its arrays in NumPy's format, one after the other.
    """

    def __init__(self, elements: Iterable, path: str | os.PathLike[str]):
        self._elements, self._path = elements, Path(path)

    def __iter__(self) -> Iterator:
        yield from self._read() if self._path.exists() else self._write()

    def _write(self) -> Iterator:
        partial, structure = self._path.with_name(self._path.name + ".partial"), None
        with open(partial, "wb") as file:
            for element in self._elements:
                found = _structure_of(element)
                if structure is None:
                    structure = found
                    file.write(json.dumps(structure).encode() + b"\n")
                elif structure != found:
                    raise ShapeError(
                        "all elements of a cache must have one structure",
                        op="Dataset.cache",
                        expected=json.dumps(structure),
                        got=json.dumps(found),
                    )
                for leaf in leaves_of(element):
                    array = np.asarray(leaf)
                    if array.dtype.hasobject:
                        raise DTypeError(
                            "objects cannot be cached in a file",
                            op="Dataset.cache",
                            expected="numbers or text",
                            got=str(array.dtype),
                            fix="cache() in memory, or convert them in map first",
                        )
                    np.save(file, array, allow_pickle=False)
                yield element
        partial.replace(self._path)

    def _read(self) -> Iterator:
        with open(self._path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return
            structure = _as_tuples(json.loads(file.readline()))
            while file.tell() < size:
                yield over_leaves(lambda _: np.load(file, allow_pickle=False), structure)


def _structure_of(element: Any) -> Any:
    """Return the element with 0 for its arrays: what JSON can hold."""
    return json.loads(json.dumps(over_leaves(lambda _: 0, element)))


def _as_tuples(structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _as_tuples(part) for key, part in structure.items()}
    return tuple(map(_as_tuples, structure)) if isinstance(structure, list) else structure
