"""What a worked example is made of, and how its printed numbers are checked."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import numpy as np

from stepgrad import config
from stepgrad.walk.steps import Walk


@dataclasses.dataclass(frozen=True)
class Printed:
    """One number as it was published.

    Attributes
    ----------
    name, digits : str
        What the source calls it, and the digits that it prints.
    value, index : str, tuple of int
        Which value of the walk, or of the example's further numbers, it is.
    erratum : str
        What is wrong with it; empty where the printed number is right.
    follows : float or None
        What follows from the source's own previous numbers, where that differs from the right number.
    known : float or None
        The right number where it takes long to compute; the tests compute it again.
    """

    name: str
    digits: str
    value: str
    index: tuple[int, ...] = ()
    erratum: str = ""
    follows: float | None = None
    known: float | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """A printed number beside the tape's."""

    printed: Printed
    right: float

    @property
    def agrees(self) -> bool:
        """Whether the printed number is the tape's, rounded to the digits printed."""
        return rounds_to(self.right, self.printed.digits)

    @property
    def settled(self) -> bool:
        """Whether the number is right, or is listed as an erratum and is indeed wrong."""
        return self.agrees != bool(self.printed.erratum)


@dataclasses.dataclass(frozen=True)
class Example:
    """A published calculation, done again on the tape.

    Attributes
    ----------
    name, title, source, about : str
        What `stepgrad walk` calls it, what it is, where it was published, and what it teaches.
    run : callable
        Records the walk.
    printed : tuple of Printed
    further : callable or None
        Returns the numbers that are not part of one training step, such as an error after 10,000 of them.
    """

    name: str
    title: str
    source: str
    about: str
    run: Callable[[], Walk]
    printed: tuple[Printed, ...]
    further: Callable[[], Mapping[str, np.ndarray]] | None = None

    def walk(self) -> Walk:
        """Record the training step, in float64."""
        with in_float64():
            steps = self.run()
        steps.title = self.title
        return steps

    def check(self, steps: Walk | None = None, everything: bool = False) -> list[Row]:
        """Return every printed number beside the tape's; with `everything`, those too that take long to compute."""
        steps = steps or self.walk()
        long = any(p.known is not None for p in self.printed)
        with in_float64():
            further = dict(self.further()) if self.further and (everything or not long) else {}
        rows = []
        for p in self.printed:
            if p.known is not None and not everything:
                rows.append(Row(p, p.known))
                continue
            array = further[p.value] if p.value in further else steps.value(p.value)
            rows.append(Row(p, float(np.asarray(array)[p.index])))
        return rows


def rounds_to(x: float, digits: str) -> bool:
    """Tell whether `x` rounds to the number that was printed; a last digit cut off instead of rounded is not rounding.

    Examples
    --------
    >>> rounds_to(0.12875, "0.13"), rounds_to(0.136, "0.13")
    (True, False)
    """
    exponent = Decimal(digits).as_tuple().exponent
    half = 0.5 * 10.0 ** int(exponent)
    return abs(x - float(digits)) <= half * (1 + 1e-6)  # a tie may be rounded either way


def printed(name: str, digits: str, value: str = "", errata: Mapping[int, str] | None = None, follows=None, start: int = 0,
            shape: tuple[int, ...] | None = None) -> tuple[Printed, ...]:  # fmt: skip
    """List the numbers of a row as the source prints them, separated by spaces.

    Parameters
    ----------
    name, digits : str
    value : str
        `name` if left out.
    errata : dict, optional
        Position -> what is wrong.
    follows : array_like, optional
        What follows from the source's own numbers.
    shape : tuple of int, optional
        Shape of the value; one axis as long as the row if left out, no axis for a single number.

    Examples
    --------
    >>> [(p.name, p.digits, p.index) for p in printed("b", "0.1 0.2")]
    [('b[0]', '0.1', (0,)), ('b[1]', '0.2', (1,))]
    """
    words = digits.split()
    shape = shape if shape is not None else () if len(words) == 1 else (len(words),)
    errata = errata or {}
    result = []
    for i, word in enumerate(words):
        index = tuple(int(n) for n in np.unravel_index(i + start, shape)) if shape else ()
        place = f"[{', '.join(map(str, index))}]" if index else ""
        after = None if follows is None else float(np.asarray(follows).reshape(-1)[i])
        result.append(Printed(name + place, word, value or name, index, errata.get(i, ""), after))
    return tuple(result)


@contextlib.contextmanager
def in_float64() -> Iterator[None]:
    """Let everything inside the block be double precision."""
    before = config.floatx()
    config.set_floatx("float64")
    try:
        yield
    finally:
        config.set_floatx(before)
