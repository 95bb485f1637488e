"""Borders: the argument that padding and cropping share."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import Layer
from stepgrad.layers.weighted import check_choice


class Borders(Layer):
    """A layer that changes the borders of `rank` axes; `word` is the name of its argument."""

    rank = 2
    word = ""

    def __init__(self, sizes: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = check_choice(
            self,
            "data_format",
            data_format or config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        setattr(self, self.word, self._pairs(sizes))
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 1 if self.data_format == "channels_last" else 2

    def _pairs(self, sizes: Any) -> tuple[tuple[int, int], ...]:
        """Return (before, after) for every spatial axis."""
        if isinstance(sizes, int | np.integer):
            pairs = ((sizes, sizes),) * self.rank
        elif self.rank == 1:
            pairs = (tuple(sizes),)
        else:
            pairs = tuple(
                (size, size) if isinstance(size, int | np.integer) else tuple(size) for size in sizes
            )
        if len(pairs) != self.rank or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
            raise ArgumentError(
                f"{self.word} does not fit",
                layer=self.name,
                expected="an int, or (before, after)"
                if self.rank == 1
                else "an int, two ints, or ((top, bottom), (left, right))",
                got=repr(sizes),
            )
        return tuple((int(before), int(after)) for before, after in pairs)

    def get_config(self) -> dict[str, Any]:
        pairs = getattr(self, self.word)
        return {
            **super().get_config(),
            self.word: pairs[0] if self.rank == 1 else pairs,
            "data_format": self.data_format,
        }
