"""EpochIterator: the batches of epoch after epoch, and where in them training stands."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from stepgrad.data import INFINITE
from stepgrad.errors import ArgumentError, DataError
from stepgrad.models.data_adapter import Batch, IterableSource, source_of
from stepgrad.random import SeedGenerator


class EpochIterator:
    """The batches of epoch after epoch, and where in them training stands.

    Parameters
    ----------
    x, y, sample_weight
        As `fit` takes them; x may be an iterable of batches, a generator or a sequence of batches.
    steps : int, optional
        Batches in an epoch. The next epoch goes on where the last one stopped, and the data starts anew when used up.
        Without it an epoch is one pass over the data.
    shuffle : SeedGenerator, optional
        Gives a new order for each pass.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: SeedGenerator | None = None,
        class_weight: dict | None = None,
    ):
        for name, value in (("batch_size", batch_size), ("steps", steps)):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1
            ):
                raise ArgumentError(f"{name} must be a positive integer", got=repr(value))
        self.source = source_of(x, y, sample_weight, batch_size, class_weight)
        if steps is None and getattr(x, "cardinality", int)() == INFINITE:
            raise ArgumentError(
                "an epoch over endless data has no end", got=repr(x), fix="pass steps_per_epoch (steps)"
            )
        self.steps, self.shuffle = steps, shuffle
        self.one_pass = getattr(self.source, "one_pass", False)
        self.ran_out = False
        self._batches: Iterator[Batch] | None = None
        self._position = 0  # batches taken in this pass
        self._order_state: dict | None = None  # of the shuffling generator, before this pass drew its order

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch, None where that is not known yet."""
        return self.steps or self.source.num_batches

    def epoch(self, skip: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch; `skip` says how many of them were already used before `set_state`."""
        taken = skip
        while self.steps is None or taken < self.steps:
            batch = self._next()
            if batch is None:  # the pass is over
                if self.one_pass:
                    self.ran_out = self.steps is not None or taken == 0
                    self._warn_if_out()
                    return
                if self.steps is None:
                    if self.source.num_batches is None:
                        self.source.num_batches = taken
                    return
                if self._next_pass_is_empty():
                    raise DataError("there is no data", got="an iterable without batches")
                continue
            taken += 1
            yield batch

    def peek(self) -> Batch | None:
        """Return the first batch without using it up; it serves to build the model."""
        if self._batches is None:
            state = self._shuffle_state()
            batch = self._next()
            if batch is None:
                raise DataError("there is no data", got="an iterable without batches")
            if self.one_pass:
                self._batches = itertools.chain([batch], self._batches or ())
                self._position = 0
            else:
                self.reset()
            if self.shuffle is not None and state is not None:
                self.shuffle.set_state(state)
            return batch
        return None

    def reset(self) -> None:
        """Start a new pass with the next batch; a generator goes on where it is."""
        if not self.one_pass:
            self._batches, self._position = None, 0

    def get_state(self) -> dict[str, Any]:
        """Return where training stands, as a JSON-able dict."""
        if self._batches is None:
            return {"position": 0, "order": self._shuffle_state()}
        return {"position": self._position, "order": self._order_state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that `get_state` returned, with the same data."""
        if self.shuffle is not None and state["order"] is not None:
            self.shuffle.set_state(state["order"])
        if (
            self.one_pass and self._batches is not None
        ):  # the model was built from a batch that waits in front
            self._batches = itertools.islice(self._batches, state["position"], None)
            self._position = state["position"]
        elif state["position"]:
            self._start(state["position"])
        else:
            self._batches, self._position = None, 0

    def _shuffle_state(self) -> dict[str, int] | None:
        return None if self.shuffle is None else self.shuffle.get_state()

    def _start(self, skip: int = 0) -> Iterator[Batch]:
        self._order_state = self._shuffle_state()
        order = None
        if self.shuffle is not None and not isinstance(self.source, IterableSource):
            order = self.shuffle.next()
        self._batches, self._position = self.source.pass_over(order, skip), skip
        return self._batches

    def _next(self) -> Batch | None:
        batches = self._start() if self._batches is None else self._batches
        batch = next(batches, None)
        if batch is not None:
            self._position += 1
        elif not self.one_pass:
            self._batches, self._position = None, 0
        return batch

    def _next_pass_is_empty(self) -> bool:
        batches = self._start()
        first = next(batches, None)
        if first is not None:
            self._batches = itertools.chain([first], batches)
        return first is None

    def _warn_if_out(self) -> None:
        if self.ran_out:
            warnings.warn(
                "the generator ran out of data, and training stops here; it must give steps_per_epoch * epochs batches, "
                "or be an object that can be iterated again, such as a list of batches",
                stacklevel=4,
            )
