"""Which steps of a model are compiled (recorded and replayed) when `compile` is told "auto"."""

from __future__ import annotations

from typing import Any


def is_ours(model: Any) -> bool:
    """Tell whether all that runs in a step of this model is this package's own.

    A replayed step runs no Python of the layers. Code of the user's may count on being run each time (it prints, draws
    with NumPy, changes an attribute), so "auto" leaves it alone; ``jit_compile=True`` says that it does not.
    """
    parts = [*model._flatten_layers(), *_losses(model)]
    return all(_is_ours(type(part)) and all(map(_is_ours, _functions(part))) for part in parts)


def _losses(model: Any) -> list:
    compiled = model._compile_loss
    return [] if compiled is None else [loss for loss in compiled.functions or () if loss is not None]


def _functions(part: Any) -> list:
    """Return the functions and objects with a call that a layer or loss holds: activations, regularizers, ``fn``."""
    return [value for value in vars(part).values() if callable(value)]


def _is_ours(thing: Any) -> bool:
    if getattr(thing, "__name__", None) == "Lambda":
        return False
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return module.startswith("stepgrad.")
