"""Finding the state of a layer: variables, layers and metrics that are set as attributes, also in lists and dicts."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.tape import Variable


class TrackedList(list):
    """A list whose owner learns about everything that is put in."""

    def __init__(self, owner: Any, values: Any = ()):
        self._owner = owner
        super().__init__(owner._track(value) for value in values)

    def append(self, value):
        super().append(self._owner._track(value))

    def insert(self, index, value):
        super().insert(index, self._owner._track(value))

    def extend(self, values):
        super().extend([self._owner._track(value) for value in values])

    def __iadd__(self, values):  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, key, value):
        if isinstance(key, slice):
            for old in self[key]:
                self._owner._untrack(old)
            super().__setitem__(key, [self._owner._track(one) for one in value])
        else:
            self._owner._untrack(self[key])
            super().__setitem__(key, self._owner._track(value))

    def __delitem__(self, key):
        for old in self[key] if isinstance(key, slice) else [self[key]]:
            self._owner._untrack(old)
        super().__delitem__(key)

    def pop(self, index=-1):
        value = super().pop(index)
        self._owner._untrack(value)
        return value

    def remove(self, value):
        super().remove(value)
        self._owner._untrack(value)

    def clear(self):
        del self[:]

    def __reduce__(self):
        return list, (list(self),)


class TrackedDict(dict):
    """A dict whose owner learns about everything that is put in."""

    def __init__(self, owner: Any, values: Any = ()):
        self._owner = owner
        super().__init__()
        self.update(values)

    def __setitem__(self, key, value):
        self._owner._untrack(self.get(key))
        super().__setitem__(key, self._owner._track(value))

    def __delitem__(self, key):
        self._owner._untrack(self[key])
        super().__delitem__(key)

    def update(self, *values, **more):
        for key, value in dict(*values, **more).items():
            self[key] = value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key, *default):
        value = super().pop(key, *default)
        self._owner._untrack(value)
        return value

    def __reduce__(self):
        return dict, (dict(self),)


_PLAIN = (int, float, bool, str, type(None))


class Tracking:
    """The part of a layer that keeps the lists of what it owns."""

    name: str
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    _layers: list[Any]
    _metrics: list[Any]
    _locked: bool

    def _start_tracking(self) -> None:
        for store in ("_trainable_variables", "_non_trainable_variables", "_layers", "_metrics"):
            object.__setattr__(self, store, [])
        object.__setattr__(self, "_locked", False)

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) not in _PLAIN:
            if "_layers" not in self.__dict__ and isinstance(value, Variable | Tracking | list | dict):
                raise ArgumentError(
                    f"{type(self).__name__}.__init__ sets '{name}' before the layer exists",
                    fix="call super().__init__() as the first statement of __init__",
                )
            if "_layers" in self.__dict__ and not name.startswith("__"):
                old = self.__dict__.get(name)
                if old is not None and old is not value:
                    self._untrack(old)
                value = self._track(value)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._untrack(self.__dict__.get(name))
        object.__delattr__(self, name)

    def _track(self, value: Any) -> Any:
        """Note a variable, layer or metric; wrap lists and dicts so that later additions are noted too."""
        if isinstance(value, Variable):
            store = self._trainable_variables if value.trainable else self._non_trainable_variables
            if not _holds(self._trainable_variables, value) and not _holds(
                self._non_trainable_variables, value
            ):
                self._add(store, value)
        elif isinstance(value, Tracking):
            self._add(self._layers, value)
        elif hasattr(value, "update_state") and hasattr(value, "reset_state"):
            if not _holds(self._metrics, value):
                self._metrics.append(value)
        elif type(value) is list:
            return TrackedList(self, value)
        elif type(value) is dict:
            return TrackedDict(self, value)
        elif type(value) is tuple:
            return tuple([self._track(one) for one in value])
        return value

    def _add(self, store: list, value: Any) -> None:
        if _holds(store, value):
            return
        if self._locked:
            raise ArgumentError(
                "new weights and sublayers cannot be added to a layer that is already built",
                layer=self.name,
                got=f"{type(value).__name__} '{value.name}'",
                fix="create all of them in __init__ or in build",
            )
        store.append(value)

    def _lock_state(self) -> None:
        """Take no more weights and sublayers; called after build."""
        object.__setattr__(self, "_locked", True)

    def _untrack(self, value: Any) -> None:
        if type(value) in _PLAIN:
            return
        if isinstance(value, list | tuple):
            for one in value:
                self._untrack(one)
        elif isinstance(value, dict):
            for one in value.values():
                self._untrack(one)
        else:
            for store in (
                self._trainable_variables,
                self._non_trainable_variables,
                self._layers,
                self._metrics,
            ):
                store[:] = [one for one in store if one is not value]


def _holds(store: list, value: Any) -> bool:
    return any(one is value for one in store)
