"""What a program is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from stepgrad.data import Dataset
from stepgrad.errors import ArgumentError


class Row(NamedTuple):
    """A line of the final table."""

    what: str
    article: str
    corrected: str
    ours: str


@dataclass(frozen=True)
class Data:
    """What a program learns from.

    Attributes
    ----------
    train, test : (x, y) or Dataset
        Arrays, or data sets of batches.
    source : str
        For the reader: which data it is.
    facts : dict
        What `Program.build` has to know about it.
    """

    train: Any
    test: Any
    source: str
    facts: dict[str, Any] = field(default_factory=dict)

    def batches(self, part: str, size: int, seed: int | None = None) -> Dataset:
        """Return the part "train" or "test" in batches; shuffled if there is a seed."""
        data = getattr(self, part)
        if isinstance(data, Dataset):
            return data
        rows = Dataset.from_tensor_slices(tuple(data))
        return (rows if seed is None else rows.shuffle(len(rows), seed)).batch(size)


@dataclass(frozen=True)
class Result:
    """What a run gave: the history of fit, the metrics of evaluate, and how long it took."""

    history: dict[str, list[float]]
    test: dict[str, float]
    steps: int  # in an epoch
    seconds: float  # of training
    others: dict[str, Result] = field(default_factory=dict)  # the variants that were trained beside it


@dataclass(frozen=True)
class Mistake:
    """A place where the article's listing fails, or goes wrong in silence.

    Attributes
    ----------
    what, listing : str
        In words, and the lines as they are printed.
    attempt : callable
        Runs them with the package it is given, ``stepgrad`` or ``keras``; stepgrad raises.
    library, quoted : str
        What the library of the article says to it, word for word, and which version said it.
    theirs : callable, optional
        Runs them where the library is not Keras.
    silent : bool
        The library says nothing: then `quoted` tells what it does instead.
    """

    what: str
    listing: str
    attempt: Callable[[ModuleType], Any]
    library: str
    quoted: str
    theirs: Callable[[], Any] | None = None
    silent: bool = False


def trains_nothing(*_: Any) -> Any:
    """Refuse, where a program has no data and no model."""
    raise ArgumentError("this program trains nothing on data", fix="run it without options")


@dataclass(frozen=True)
class Program:
    """A program of an article.

    Attributes
    ----------
    name, title, article : str
    epochs, batch_size : int
        The article's.
    load : callable (full, limit) -> Data
        ``full``: the whole data and the article's sizes; ``limit``: at most so many samples.
    build : callable (package, facts) -> compiled model
        ``package`` is stepgrad or Keras: one source for both.
    rows : callable (Data, Result) -> rows of the final table
    validation_split : float
    variants : dict
        More models to train on the same batches, for comparison.
    build_torch : callable (facts) -> (module, loss, optimizer), optional
        The same model in PyTorch, with its layers in the same order.
    mistakes : tuple of Mistake
    report_every : int
        Print the loss every so many epochs in place of progress bars.
    tell : callable, optional
        Runs in place of everything above, for a program that trains nothing.
    """

    name: str
    title: str
    article: str
    epochs: int = 1
    batch_size: int = 32
    load: Callable[[bool, int | None], Data] = trains_nothing
    build: Callable[[ModuleType, dict], Any] = trains_nothing
    rows: Callable[[Data, Result], list[Row]] = lambda data, result: []
    validation_split: float = 0.0
    variants: dict[str, Callable[[ModuleType, dict], Any]] = field(default_factory=dict)
    build_torch: Callable[[dict], Any] | None = None
    mistakes: tuple[Mistake, ...] = ()
    report_every: int = 0
    tell: Callable[[], list[Row]] | None = None
