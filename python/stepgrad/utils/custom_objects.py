"""Classes and functions of the user's own, by name: the part of saving that Keras calls custom objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from stepgrad.errors import ArgumentError

_custom_objects: dict[str, Any] = {}
_custom_names: dict[Any, str] = {}
_scope: ContextVar[dict[str, Any]] = ContextVar("stepgrad_custom_objects")


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Make a class or function of yours loadable, saved under ``"package>name"``.

    Examples
    --------
    >>> @register_keras_serializable("lab")
    ... def double(x):
    ...     return 2 * x
    >>> get_registered_name(double), get_registered_object("lab>double") is double
    ('lab>double', True)
    """

    def decorator(obj: Any) -> Any:
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ArgumentError(
                f"{obj.__name__} cannot be registered: it has no get_config()",
                fix="add get_config(self), which returns the constructor's arguments as a dict",
            )
        registered = f"{package}>{name or obj.__name__}"
        _custom_objects[registered] = obj
        _custom_names[obj] = registered
        return obj

    return decorator


@contextmanager
def custom_object_scope(custom_objects: dict[str, Any] | None) -> Iterator[None]:
    """Let names in ``custom_objects`` be found while the ``with`` block runs.

    Examples
    --------
    >>> def triple(x):
    ...     return 3 * x
    >>> with custom_object_scope({"triple": triple}):
    ...     get_registered_object("triple")(2)
    6
    """
    token = _scope.set({**_scope.get({}), **(custom_objects or {})})
    try:
        yield
    finally:
        _scope.reset(token)


def get_custom_objects() -> dict[str, Any]:
    """Return the live dict of everything registered with `register_keras_serializable`."""
    return _custom_objects


def get_registered_name(obj: Any) -> str:
    """Return ``"package>name"`` for a registered object, else its Python name."""
    return _custom_names.get(obj, obj.__name__)


def get_registered_object(name: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the custom class or function with this registered name, or None."""
    return find_custom(custom_objects, name)


def find_custom(custom_objects: dict[str, Any] | None, *names: Any) -> Any:
    """Return what any of these names means in ``custom_objects``, the open scope or the registered ones, or None."""
    for table in (custom_objects or {}, _scope.get({}), _custom_objects):
        for name in names:
            if isinstance(name, str) and name in table:
                return table[name]
    return None


def custom_names(custom_objects: dict[str, Any] | None) -> set[str]:
    """Return every name that `find_custom` knows now."""
    return {*(custom_objects or {}), *_scope.get({}), *_custom_objects}


def is_custom(obj: Any) -> bool:
    """Say whether this class or function was registered as the user's own."""
    return obj in _custom_names
