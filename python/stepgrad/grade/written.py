"""Numbers as a learner wrote them: the digits that were given say how exact they are."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np

from stepgrad.errors import DataError

BLANK = ("", "?", "_", "__", "___", "-", "...", "null", "~", "none")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")


def parse(text: str) -> tuple[float, float]:
    """Return a number and half a unit of its last digit; a fraction, and a bare 0, are exact.

    Examples
    --------
    >>> parse("0.13"), parse("-2e-3"), parse("1/4"), parse("0")
    ((0.13, 0.005), (-0.002, 0.0005), (0.25, 0.0), (0.0, 0.0))
    """
    plain = text.strip().lower().replace("\N{MINUS SIGN}", "-").replace(" ", "").replace("_", "")
    plain = re.sub("[*x\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}]10\\^?\\(?([+-]?\\d+)\\)?$", r"e\1", plain)
    numerator, slash, denominator = plain.partition("/")
    if slash and _DECIMAL.fullmatch(numerator) and _DECIMAL.fullmatch(denominator) and float(denominator):
        return float(numerator) / float(denominator), 0.0
    if not _DECIMAL.fullmatch(plain):
        fix = "write 0.13, -.13, 1.3e-1 or 1/3; leave a blank empty or write ?"
        if re.fullmatch(r"[+-]?\d+,\d+", plain):
            fix = "write the decimal point as a point: " + plain.replace(",", ".")
        raise DataError(f"{text!r} is not a number", fix=fix)
    digits, _, exponent = plain.partition("e")
    places = len(digits.partition(".")[2])
    value = float(plain)
    if not math.isfinite(value):
        raise DataError(f"{text!r} is too large", fix="write a number below 1e308")
    if value == 0:  # 0.00e9 is no licence to be anything
        return 0.0, float(f"0.5e-{places}") if places else 0.0
    return value, float(f"0.5e{int(exponent or 0) - places}")


def is_blank(text: Any) -> bool:
    """Tell whether an answer was left open."""
    return text is None or str(text).strip().lower() in BLANK


@dataclasses.dataclass(frozen=True, eq=False)
class Answer:
    """What was written for one quantity, entry by entry.

    Attributes
    ----------
    text : ndarray of str
        As written; "" where nothing was.
    value, half : ndarray of float
        The numbers, and half a unit of their last digits. NaN in `value` is a blank.
    """

    text: np.ndarray
    value: np.ndarray
    half: np.ndarray

    @property
    def blank(self) -> np.ndarray:
        return np.isnan(self.value)

    @property
    def slack(self) -> np.ndarray:
        """How far the number may be from what the learner had in mind. A whole number is taken to be exact in what follows."""
        whole = (self.half >= 0.5) & (self.value == np.round(self.value))
        return np.where(self.blank | whole, 0.0, self.half)


def answer(name: str, written: Any, shape: tuple[int, ...]) -> Answer:
    """Read what was written for a quantity of the given shape; a flat list may stand for any shape.

    Examples
    --------
    >>> answer("Z1", ["0.4", "?"], (1, 2)).value
    array([[0.4, nan]])
    """
    written = _without_empty_end(written, shape)
    given = _shape(written)
    if is_blank(written):
        texts = np.full(shape, "", dtype=object)
    else:
        flat = list(_flatten(written))
        texts = np.array(["" if is_blank(t) else str(t).strip() for t in flat], dtype=object)
        if len(flat) != int(np.prod(shape)):
            raise DataError(
                f"{name} has another number of entries than was written",
                expected=f"{int(np.prod(shape))} numbers, shape {shape}",
                got=f"{len(flat)} numbers, shape {given}",
                fix="write one list a row; write ? for an entry that you leave out",
            )
        flipped = len(shape) == 2 and given == shape[::-1] and 1 not in shape and given != shape
        texts = texts.reshape(given).T.copy() if flipped else texts.reshape(shape)
        if flipped:
            raise DataError(
                f"{name} is written transposed", expected=f"shape {shape}", got=f"shape {given}",
                fix="for row vectors the gradient of a weight is dW = A.T @ delta, in the shape of W",
            )  # fmt: skip
    value, half = np.full(shape, np.nan), np.zeros(shape)
    for index in np.ndindex(shape):
        if texts[index] != "":
            try:
                value[index], half[index] = parse(str(texts[index]))
            except DataError as error:
                place = f"{name}{list(index)}" if index else name
                raise DataError(f"{place}: {error.problem}", fix=error.fix) from None
    return Answer(texts, value, half)


def _without_empty_end(written: Any, shape: tuple[int, ...]) -> Any:
    """Drop the empty cells that a spreadsheet puts behind a row."""
    if not isinstance(written, list | tuple) or not written:
        return written
    if isinstance(written[0], list | tuple):
        return [_without_empty_end(row, shape[-1:]) for row in written]
    size = int(np.prod(shape))
    return written[:size] if all(is_blank(cell) for cell in written[size:]) else written


def _shape(written: Any) -> tuple[int, ...]:
    if not isinstance(written, list | tuple):
        return ()
    return (len(written), *(_shape(written[0]) if written else ()))


def _flatten(written: Any):
    if isinstance(written, list | tuple):
        for part in written:
            yield from _flatten(part)
    else:
        yield written
