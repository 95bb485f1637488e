"""Write docs/api_coverage.md: Keras 3's public names, and whether stepgrad has them with the same signature.

``KERAS_BACKEND=torch python tools/docs/api_coverage.py`` rewrites the page; ``--missing`` prints what is left to do.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api_coverage.md"
SECTIONS = (
    "layers losses metrics optimizers optimizers.schedules callbacks activations initializers regularizers constraints "
    "random ops utils saving models tree dtype_policies"
).split()
EVERY_LAYER = {"activity_regularizer", "trainable", "dtype", "autocast", "name"}
EQUAL, OTHER, ABSENT = "equal", "signature differs", "absent"


def compare(section: str) -> dict[str, tuple[str, str]]:
    """Return, for each public name of keras.<section>, EQUAL, OTHER or ABSENT and the signatures that differ."""
    theirs = importlib.import_module(f"keras.{section}")
    try:
        ours: Any = importlib.import_module(f"stepgrad.{section}")
    except ModuleNotFoundError:
        ours = None
    return {name: _compare(getattr(theirs, name), getattr(ours, name, None)) for name in public(theirs)}


def public(module: ModuleType) -> Iterator[str]:
    """Yield the classes and functions that a module exports."""
    for name in sorted(dir(module), key=str.lower):
        if not name.startswith("_") and callable(getattr(module, name)):
            yield name


def _compare(theirs: Any, ours: Any) -> tuple[str, str]:
    if ours is None:
        return ABSENT, ""
    wanted, got = parameters(theirs), parameters(ours)
    if wanted == got:
        return EQUAL, ""
    return OTHER, f"Keras: `({_text(wanted)})`; stepgrad: `({_text(got)})`"


def parameters(thing: Any) -> list[tuple[str, Any]]:
    """Return names and defaults in order.

    Not ``**kwargs``, which hides the names of a base class, and so not the words that every layer takes by keyword only.
    """
    if inspect.isclass(thing) and "__signature__" not in vars(thing):
        if thing.__init__ is object.__init__:
            return []
        found = list(inspect.signature(thing.__init__).parameters.values())[1:]  # without self
    else:
        found = list(inspect.signature(thing).parameters.values())
    by_name_only = {p.name for p in found if p.kind is p.KEYWORD_ONLY}
    hidden = EVERY_LAYER if by_name_only >= EVERY_LAYER else set()
    return [
        (p.name, _plain(p.default)) for p in found if p.kind is not p.VAR_KEYWORD and p.name not in hidden
    ]


def _plain(default: Any) -> Any:
    """Make defaults comparable: lists as tuples, (1, 1) as 1, functions and classes by name."""
    if default is inspect.Parameter.empty:
        return "<required>"
    if isinstance(default, list | tuple):
        values = tuple(_plain(x) for x in default)
        return values[0] if len(set(map(repr, values))) == 1 and isinstance(values[0], int) else values
    if callable(default):
        return getattr(default, "__name__", repr(default))
    return default if isinstance(default, bool | int | float | str | type(None)) else repr(default)


def _text(found: list[tuple[str, Any]]) -> str:
    return ", ".join(
        name if default == "<required>" else f"{name}={default!r}" for name, default in found
    ).replace("|", "\\|")


def share(found: dict[str, tuple[str, str]], *, equal: bool = True) -> float:
    """Return the percentage of names that are present (with an equal signature)."""
    kinds = [kind for kind, _ in found.values()]
    good = kinds.count(EQUAL) + (0 if equal else kinds.count(OTHER))
    return 100 * good / len(kinds)


def page() -> str:
    """Return the page: one table of percentages, then the names that are absent or differ."""
    import keras

    sections = {name: compare(name) for name in SECTIONS}
    version = ".".join(keras.__version__.split(".")[:2])
    lines = [
        "# Coverage of Keras's API",
        "",
        f"Every public class and function of Keras {version}, by package. *Equal* means: the same parameters, in the same "
        "order, with the same defaults (`1` counts as `(1, 1)`). This page is written by `tools/docs/api_coverage.py`; a test holds it to the code.",
        "",
        "| package | names | equal | differs | absent | equal, % | present, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in sections.items():
        kinds = [kind for kind, _ in found.values()]
        counts = " | ".join(str(kinds.count(kind)) for kind in (EQUAL, OTHER, ABSENT))
        lines.append(
            f"| `{name}` | {len(kinds)} | {counts} | {share(found):.1f} | {share(found, equal=False):.1f} |"
        )
    for name, found in sections.items():
        absent = [f"`{word}`" for word, (kind, _) in found.items() if kind == ABSENT]
        other = [f"- `{word}`. {why}" for word, (kind, why) in found.items() if kind == OTHER]
        if absent or other:
            lines += ["", f"## {name}", ""]
            lines += [f"Absent: {', '.join(absent)}.", ""] if absent else []
            lines += ["Another signature:", "", *other, ""] if other else []
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    """Write the page, or print what is missing."""
    if "--missing" in sys.argv:
        for section in SECTIONS:
            for word, (kind, why) in compare(section).items():
                if kind != EQUAL:
                    print(section, word, kind, why)
        return
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
