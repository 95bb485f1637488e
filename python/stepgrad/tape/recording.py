"""Where a compiled step keeps what is Python's business.

`stepgrad.compiled` writes a step down once and runs it again without Python (see stepgrad.replay). What must stay Python
says so here; outside of such a recording these functions only call what they are given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from stepgrad.tape.state import state
from stepgrad.tape.variable import Variable


class Ready(NamedTuple):
    """Python that was made ready to run again: ``update(*numbers())``, which changes the variables in `changed`."""

    numbers: Callable[[], Iterable]
    update: Callable[..., None]
    changed: list[Variable]


def on_host(function: Callable, *args: Any, ready: Callable | None = None) -> Any:
    """Call a function that must run in Python in every step: an optimizer's decisions, a metric's sums.

    A replayed step calls it again with the same tensors, which then hold the values of that step. ``ready(*args)`` may
    return a `Ready` that does the same and is quicker, or None: all that cannot change is looked up there.
    """
    recorder = state.recorder
    return function(*args) if recorder is None else recorder.on_host(function, args, ready)


def drawn(draw: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Mark a function whose result is new every time, such as random numbers: a replayed step draws again."""

    @functools.wraps(draw)
    def call(*args: Any, **kwargs: Any) -> np.ndarray:
        recorder = state.recorder
        return draw(*args, **kwargs) if recorder is None else recorder.drawn(draw, args, kwargs)

    return call
