"""Where Keras puts the state of each layer in a file: paths made of attribute names.

A layer that is an attribute is found under the attribute's name, one in a list, tuple or dict under its class name in
snake_case with a number, and the layers of a Sequential or functional model under "layers". What two paths lead to is
stored under the first of them; attributes are visited in the order of their names, private ones last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stepgrad.errors import StepgradError
from stepgrad.layers.layer import Layer
from stepgrad.models.functional import Functional
from stepgrad.models.sequential import Sequential
from stepgrad.optimizers.optimizer import Optimizer
from stepgrad.utils.serialization import to_snake_case

_NOT_VISITED = {*dir(Layer()), "operations"}


def parts_of(model: Layer) -> list[tuple[str, Any]]:
    """Return (path, layer or optimizer) for everything that has state of its own, in the order of Keras's files.

    Examples
    --------
    >>> from stepgrad import layers, Model
    >>> x = layers.Input((2,))
    >>> model = Model(x, layers.Dense(1)(layers.Dense(3)(x)))
    >>> [path for path, _ in parts_of(model)]
    ['', 'layers/input_layer', 'layers/dense', 'layers/dense_1']
    """
    return list(_visit(model, "", set()))


def _visit(part: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(part) in seen:
        return
    seen.add(id(part))
    yield path, part
    if isinstance(part, Layer):
        for name, child in _children(part):
            if isinstance(child, Layer | Optimizer):
                yield from _visit(child, f"{path}/{name}".lstrip("/"), seen)
            elif isinstance(child, list | tuple | dict):
                yield from _visit_container(child, f"{path}/{name}".lstrip("/"), seen)


def _visit_container(container: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    used: dict[str, int] = {}
    for child in container.values() if isinstance(container, dict) else container:
        if isinstance(child, Layer | Optimizer):
            name = _numbered(to_snake_case(type(child).__name__), used)
            yield from _visit(child, f"{path}/{name}", seen)
        elif isinstance(child, list | tuple | dict):
            yield from _visit_container(child, f"{path}/{_numbered('container', used)}", seen)


def _numbered(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def _children(layer: Layer) -> Iterator[tuple[str, Any]]:
    if isinstance(layer, Sequential | Functional):
        yield "layers", layer.layers
    for name in sorted(dir(layer), key=lambda name: (name.startswith("_"), name)):
        if name.startswith("__") or name in _NOT_VISITED:
            continue
        try:
            yield name, getattr(layer, name)
        except (StepgradError, AttributeError):  # a property that has no value yet
            continue
