"""Values that stand in the wrong place: copied from another row, entry or quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from stepgrad.grade.written import Answer


def copied(
    name: str, values: Mapping[str, np.ndarray], answer: Answer, wrong: np.ndarray
) -> Iterator[tuple[np.ndarray, str]]:
    """Yield what would stand at the wrong entries if they had been copied from what the learner wrote elsewhere."""
    shape = wrong.shape
    for source, value in values.items():
        if source != name and np.shape(value) == shape:
            yield value, f"copied from {source}"
    places = [tuple(i) for i in np.argwhere(wrong)]
    own = np.where(np.isnan(answer.value), np.inf, answer.value)
    if len(shape) == 2 and shape[0] > 1:
        for row in {place[0] for place in places}:
            for k in range(shape[0]):
                if k != row:
                    found = np.full(shape, np.nan)
                    found[row] = own[k]
                    yield found, f"row {row} is a copy of row {k}"
    for index in places:
        for other in np.ndindex(shape):
            if other != index and own[other] == own[index]:
                found = np.full(shape, np.nan)
                found[index] = own[other]
                yield found, f"entry {_at(index)} is a copy of entry {_at(other)}"


def misplaced(right: np.ndarray, wrong: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """Yield the right values of other entries, at the wrong ones."""
    shape = wrong.shape
    if np.count_nonzero(wrong) > 1:
        for axis, n in enumerate(shape):
            yield np.flip(right, axis), "the right values stand in the wrong order: reversed"
            for by in (1, -1) if n > 2 else ():
                yield np.roll(right, by, axis), "the right values stand one place too far"
        if len(shape) == 2 and shape[0] == shape[1]:
            yield right.T, "the right values stand with rows and columns exchanged"
    for index in map(tuple, np.argwhere(wrong)):
        for other in np.ndindex(shape):
            if other != index:
                found = np.full(shape, np.nan)
                found[index] = right[other]
                yield found, f"this is the right value of entry {_at(other)}, not of {_at(index)}"


def _at(index: tuple) -> str:
    return str([int(i) for i in index])
