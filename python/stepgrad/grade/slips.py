"""Slips of the pen: mistakes that are made with the finished number, not with the formula."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from stepgrad.errors import DataError
from stepgrad.grade.written import Answer, parse

# What a slip does to the numbers at the places `wrong`: the value that the learner should then have written, and a sentence.
Slip = tuple[np.ndarray, str]


def sign(right: np.ndarray, answer: Answer, wrong: np.ndarray, radius: np.ndarray) -> Iterator[Slip]:
    yield -right, "the right size with the wrong sign"


def power_of_ten(right: np.ndarray, answer: Answer, wrong: np.ndarray, radius: np.ndarray) -> Iterator[Slip]:
    for k in (1, -1, 2, -2, 3, -3):
        yield right * 10.0**k, f"{10 ** abs(k)} times too {'large' if k > 0 else 'small'}"


def digits_swapped(
    right: np.ndarray, answer: Answer, wrong: np.ndarray, radius: np.ndarray
) -> Iterator[Slip]:
    """Undo the swap in the learner's text, one entry at a time: where that is right, what was written is explained."""
    found, texts = np.full(right.shape, np.nan), []
    for index in map(tuple, np.argwhere(wrong)):
        for text in swaps(answer.text[index]):
            value, half = parse(text)
            if abs(value - right[index]) <= half * (1 + 1e-9) + radius[index]:
                found[index] = answer.value[index]
                texts.append(f"{text} became {answer.text[index]}")
                break
    if texts:
        yield found, "two digits are swapped: " + ", ".join(texts)


def cut_off(right: np.ndarray, answer: Answer, wrong: np.ndarray, radius: np.ndarray) -> Iterator[Slip]:
    unit = np.where(answer.half > 0, 2 * answer.half, 1)
    cut = np.where(answer.half > 0, np.trunc(right / unit + 1e-9 * np.sign(right)) * unit, np.nan)
    yield (
        np.where(np.abs(cut - answer.value) < unit / 1000, answer.value, np.nan),
        "the last digits were cut off, not rounded",
    )
    for decimals in (1, 2, 3):
        rounded = np.round(right, decimals)
        exact = np.abs(rounded - answer.value) < np.maximum(answer.half, 1e-12) / 1000
        yield (
            np.where(exact, answer.value, np.nan),
            f"rounded to {decimals} decimals, with more digits written",
        )


def swaps(text: str) -> Iterator[str]:
    """Yield a number's text with two neighbouring digits swapped.

    Examples
    --------
    >>> list(swaps("0.135"))
    ['1.035', '0.315', '0.153']
    """
    places = [i for i, c in enumerate(text.lower().partition("e")[0]) if c.isdigit()]
    for i, j in itertools.pairwise(places):
        if text[i] != text[j]:
            letters = list(text)
            letters[i], letters[j] = letters[j], letters[i]
            swapped = "".join(letters)
            try:
                parse(swapped)
            except DataError:
                continue
            yield swapped


SLIPS = {
    "sign flipped": sign,
    "off by a power of ten": power_of_ten,
    "digits swapped": digits_swapped,
}
ROUNDING = {"rounded too early": cut_off}
