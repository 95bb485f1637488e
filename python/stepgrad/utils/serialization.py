"""Objects by name, and configs to objects, without importing or running anything that a file names.

How to use it in a package of yours (say ``losses``)::

    from stepgrad.utils.serialization import Registry

    LOSSES = Registry("losses")                  # the word after "stepgrad." in saved configs

    @LOSSES.register                             # found as "MeanSquaredError", "mean_squared_error"
    class MeanSquaredError(Loss): ...

    @LOSSES.register("mse", "MSE")               # a function, with more names for it
    def mean_squared_error(y_true, y_pred): ...  # a name written out wins over one derived from a class

    get, serialize, deserialize = LOSSES.get, LOSSES.serialize, LOSSES.deserialize

A class that can be saved has ``get_config()`` (a dict of JSON values, nested objects passed through
``serialize_object``) and, where ``cls(**config)`` is not enough, a classmethod ``from_config(config)``.

Saved form, Keras 3's: ``{"module", "class_name", "config", "registered_name"}``; for a function ``class_name`` is
``"function"`` and ``config`` its name. Loading only ever looks names up: in ``custom_objects``, then the open
``custom_object_scope``, then what ``register_keras_serializable`` put in, then the registries. ``module`` only
chooses among registries ("keras.losses" and "stepgrad.losses" both mean the registry "losses").
"""

from __future__ import annotations

import inspect
import re
import types
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError, did_you_mean
from stepgrad.utils.custom_objects import (
    custom_names,
    custom_object_scope,
    find_custom,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    is_custom,
    register_keras_serializable,
)

__all__ = [
    "Registry",
    "custom_object_scope",
    "deserialize_keras_object",
    "deserialize_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
    "serialize_keras_object",
    "serialize_object",
    "to_snake_case",
]

_registries: dict[str, Registry] = {}
_builtin_names: dict[Any, tuple[str, str]] = {}  # object -> (registry, name): the way back, for saving

_PLAIN = (str, int, float, bool, type(None))


def to_snake_case(name: str) -> str:
    """Write a class name as Keras does in default names.

    Examples
    --------
    >>> to_snake_case("GlorotUniform"), to_snake_case("MaxPooling2D"), to_snake_case("LSTM")
    ('glorot_uniform', 'max_pooling2d', 'lstm')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class Registry:
    """The classes and functions of one kind, by name.

    Parameters
    ----------
    kind : str
        What they are, in the plural: "initializers". It is the package's name in saved configs and errors.

    Examples
    --------
    >>> shapes = Registry("shapes")
    >>> @shapes.register("box")
    ... class SquareRoom:
    ...     def __init__(self, side=1):
    ...         self.side = side
    ...     def get_config(self):
    ...         return {"side": self.side}
    >>> shapes.get("square_room").side, shapes.get("box").side
    (1, 1)
    >>> saved = shapes.serialize(SquareRoom(3))
    >>> saved["module"], saved["class_name"], shapes.get(saved).side
    ('stepgrad.shapes', 'SquareRoom', 3)
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._named: dict[str, Any] = {}
        self._derived: dict[str, Any] = {}  # snake_case and lower case of class names
        _registries[kind] = self

    def register(self, *names: Any) -> Any:
        """Add a class or function, as ``@registry.register`` or ``@registry.register("another_name")``."""
        if len(names) == 1 and not isinstance(names[0], str):
            return self._add(names[0], ())
        return lambda obj: self._add(obj, names)

    def _add(self, obj: Any, names: tuple[str, ...]) -> Any:
        own = obj.__name__
        for name in (own, *names):
            if self._named.setdefault(name, obj) is not obj:
                raise ArgumentError(f"'{name}' is already taken in stepgrad.{self.kind}")
        if inspect.isclass(obj):
            for name in (to_snake_case(own), own.lower()):
                self._derived.setdefault(name, obj)
        _builtin_names.setdefault(obj, (self.kind, own))
        return obj

    def find(self, name: str) -> Any:
        """Return the class or function with this name, or None."""
        return self._named.get(name, self._derived.get(name))

    def names(self) -> list[str]:
        """Return every registered name, sorted, without the derived ones."""
        return sorted(self._named)

    def get(self, identifier: Any) -> Any:
        """Return the object that an argument such as ``kernel_initializer=`` means.

        Parameters
        ----------
        identifier : None, str, dict, class, callable or instance
            None stays None; a name or a class gives an instance with default arguments (a function is returned
            as it is); a dict is a saved config; anything else that is callable or has ``get_config`` is returned.

        Raises
        ------
        ArgumentError
            For an unknown name, with the nearest known one.
        """
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            found = find_custom(None, identifier)
            identifier = self._known(identifier) if found is None else found
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise DTypeError(
            f"cannot read one of stepgrad.{self.kind} from this value",
            expected="None, a name, a config dict, a class, a callable or an instance",
            got=f"{identifier!r} of type {type(identifier).__name__}",
        )

    def serialize(self, obj: Any) -> Any:
        """Return the saved form of an object: see `serialize_object`."""
        return serialize_object(obj)

    def deserialize(self, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the object that a saved form, or a name, describes; names are looked up in this registry first."""
        if isinstance(config, str):
            found = find_custom(custom_objects, config)
            return self.get(self._known(config) if found is None else found)
        return deserialize_object(config, custom_objects, self)

    def _known(self, name: str) -> Any:
        found = self.find(name)
        if found is None:
            raise ArgumentError(
                f"there is no '{name}' in stepgrad.{self.kind}",
                fix=did_you_mean(name, {*self._named, *self._derived})
                + " For an object of your own, see register_keras_serializable and custom_object_scope.",
            )
        return found


def serialize_object(obj: Any) -> Any:
    """Return the JSON-able form of a value, or of an object with ``get_config()``.

    Parameters
    ----------
    obj : None, number, str, list, tuple, dict, NumPy array, function or object with get_config

    Returns
    -------
    plain values as they are; for objects ``{"module", "class_name", "config", "registered_name"}``, plus
    ``build_config`` and ``compile_config`` where the object has ``get_build_config`` and ``get_compile_config``

    Raises
    ------
    DTypeError
        For a lambda (it has no name to find it by) and for an object without ``get_config()``.
    """
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, tuple):
        return tuple(serialize_object(item) for item in obj)
    if isinstance(obj, list):
        return [serialize_object(item) for item in obj]
    if isinstance(obj, dict):
        return {key: serialize_object(value) for key, value in obj.items()}
    if hasattr(obj, "get_config") and not inspect.isclass(obj):
        return _serialize_instance(obj)
    if callable(obj) and hasattr(obj, "__name__"):
        return _serialize_function(obj)
    raise DTypeError(
        f"an object of type {type(obj).__name__} cannot be saved",
        fix="give its class get_config(self), which returns the constructor's arguments as a dict",
    )


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    saved = _name_card(cls, cls.__name__, serialize_object(obj.get_config()))
    for part in ("build_config", "compile_config"):
        read = getattr(obj, f"get_{part}", None)
        value = read() if read else None
        if value is not None:
            saved[part] = serialize_object(value)
    return saved


def _serialize_function(obj: Any) -> dict[str, Any]:
    if obj.__name__ == "<lambda>":
        raise DTypeError(
            "a lambda cannot be saved: a file holds names, never code",
            fix="write it as a named function and decorate that with register_keras_serializable()",
        )
    return _name_card(obj, "function", get_registered_name(obj))


def _name_card(obj: Any, class_name: str, config: Any) -> dict[str, Any]:
    if obj in _builtin_names and not is_custom(obj):
        kind, name = _builtin_names[obj]
        if class_name == "function":
            return {
                "module": f"stepgrad.{kind}",
                "class_name": class_name,
                "config": name,
                "registered_name": name,
            }
        return {"module": f"stepgrad.{kind}", "class_name": name, "config": config, "registered_name": None}
    return {
        "module": obj.__module__,
        "class_name": class_name,
        "config": config,
        "registered_name": get_registered_name(obj),
    }


def deserialize_object(
    config: Any, custom_objects: dict[str, Any] | None = None, registry: Registry | None = None
) -> Any:
    """Return the value or object that `serialize_object` wrote.

    Parameters
    ----------
    config : any JSON value
    custom_objects : dict, optional
        Names of your own classes and functions; they win over everything else.
    registry : Registry, optional
        Where to look first for names that carry no module.

    Raises
    ------
    ArgumentError
        For a name that is nowhere, or a config that its class does not accept.
    """
    if isinstance(config, _PLAIN):
        return config
    if isinstance(config, (list, tuple)):
        return [deserialize_object(item, custom_objects) for item in config]
    if not isinstance(config, dict):
        raise DTypeError("this is not a saved config", expected="a dict", got=type(config).__name__)
    if "class_name" not in config:
        return {key: deserialize_object(value, custom_objects) for key, value in config.items()}

    class_name, inner = config["class_name"], config.get("config", {})
    if class_name == "__numpy__":
        return np.array(inner["value"], dtype=inner["dtype"])
    if class_name == "__lambda__":
        raise ArgumentError(
            "this file holds a lambda, that is code, which is never run",
            fix="save the model again with a named, registered function in its place",
        )
    if class_name == "function":
        return _find(config, inner, custom_objects, registry)
    found = _find(config, class_name, custom_objects, registry)
    if isinstance(found, types.FunctionType):
        return found
    return _make(found, config, custom_objects)


def _make(cls: Any, saved: dict[str, Any], custom_objects: dict[str, Any] | None) -> Any:
    inner = saved.get("config") or {}
    make = getattr(cls, "from_config", None) or (lambda config: cls(**config))
    with custom_object_scope(custom_objects):
        try:
            instance = make(inner)
        except (TypeError, KeyError) as error:
            raise ArgumentError(
                f"{cls.__name__} does not accept its saved config",
                got=f"{inner!r}: {error!r}",
                fix="make get_config() return exactly the constructor's arguments, or write from_config()",
            ) from error
        if saved.get("build_config") and not getattr(instance, "built", False):
            instance.build_from_config(saved["build_config"])
        if saved.get("compile_config"):
            instance.compile_from_config(saved["compile_config"])
    return instance


def _find(
    saved: dict[str, Any], name: Any, custom_objects: dict[str, Any] | None, registry: Registry | None
) -> Any:
    if not isinstance(name, str):
        raise ArgumentError("a saved object has no name", got=repr(saved)[:200])
    registered, module = saved.get("registered_name"), saved.get("module") or ""
    found = find_custom(custom_objects, registered, name)
    if found is not None:
        return found
    parts = module.split(".")
    # A name given to somebody's own object must not turn into a built-in one that happens to share it.
    if ">" not in f"{registered or ''}{name}" and parts[0] in ("", "keras", "stepgrad", "builtins"):
        if registry is None and not any(part in _registries for part in parts):
            _import_own_packages()
        near = [_registries[part] for part in parts if part in _registries] or (
            [registry] if registry else []
        )
        for group in (near, list(_registries.values())):
            matches = {id(obj): (r.kind, obj) for r in group if (obj := r.find(name)) is not None}
            if len(matches) > 1:
                kinds = ", ".join(sorted(kind for kind, _ in matches.values()))
                raise ArgumentError(
                    f"'{name}' is in more than one place: {kinds}", fix="give the config a 'module'"
                )
            if matches:
                return next(iter(matches.values()))[1]
    known = custom_names(custom_objects)
    known.update(n for r in ([registry] if registry else _registries.values()) for n in r.names())
    raise ArgumentError(
        f"a saved config names '{registered or name}', which is not known here",
        got=f"module {module!r}",
        fix=did_you_mean(name, known) + " For an object of your own, import its module first if it uses "
        "register_keras_serializable(), or pass custom_objects={'" + name + "': ...}.",
    )


def _import_own_packages() -> None:
    """Fill the registries: stepgrad's packages are imported on use, and these names are ours, not a file's."""
    import stepgrad.activations
    import stepgrad.constraints
    import stepgrad.initializers
    import stepgrad.layers
    import stepgrad.losses
    import stepgrad.metrics
    import stepgrad.models
    import stepgrad.optimizers.schedules
    import stepgrad.regularizers  # noqa: F401


def serialize_keras_object(obj: Any) -> Any:
    """Keras's name for `serialize_object`.

    Examples
    --------
    >>> serialize_keras_object((1, 2))
    (1, 2)
    """
    return serialize_object(obj)


def deserialize_keras_object(
    config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Keras's name for `deserialize_object`; code in a config is never run, whatever `safe_mode` says.

    Examples
    --------
    >>> deserialize_keras_object({"a": 1})
    {'a': 1}
    """
    return deserialize_object(config, custom_objects)
