"""The reference: one page a package, with everything that the package exports, from its docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

PACKAGES = (
    "tape ops kernels layers models losses metrics optimizers callbacks data datasets walk grade bench"
).split()


def package_page(name: str) -> str:
    """Return the page of ``stepgrad.<name>``: its docstring, then a section for each public name."""
    module = importlib.import_module(f"stepgrad.{name}")
    parts = [f"# stepgrad.{name}", inspect.getdoc(module) or ""]
    defined: dict[str, list[str]] = {}  # where a thing is defined -> the other names it goes by
    for public in sorted(_names(module), key=str.lower):
        thing = getattr(module, public)
        path = thing.__name__ if inspect.ismodule(thing) else _path(thing)
        if path:
            others = defined.setdefault(path, [])
            others += [public] if public != path.rpartition(".")[2] else []
        elif callable(thing):  # made while the package is imported: its source does not show it
            parts += [f"## {public}", f"`{public}{inspect.signature(thing)}`", inspect.getdoc(thing) or ""]
    for path, others in defined.items():
        parts.append(f"::: {path}")
        if others:
            parts.append(f"Also called {', '.join(f'`{word}`' for word in others)}.")
    return "\n\n".join(parts) + "\n"


def _path(thing: Any) -> str:
    """Return where a class or function is defined; nothing for an object."""
    return (
        ""
        if inspect.ismethod(thing) or not hasattr(thing, "__qualname__")
        else f"{thing.__module__}.{thing.__qualname__}"
    )


def _names(module: ModuleType) -> list[str]:
    if hasattr(module, "__all__"):
        return list(module.__all__)
    if hasattr(module, "__path__"):  # a package of programs: its modules
        modules = [info.name for info in pkgutil.iter_modules(module.__path__)]
        return [name for name in modules if importlib.import_module(f"{module.__name__}.{name}")]
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
    ]
