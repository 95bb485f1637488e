"""What happens around Layer.call: training passed down, build wrapped, symbolic calls recorded."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from stepgrad.errors import ArgumentError, NotBuiltError
from stepgrad.tape import KerasTensor, Tensor, scope
from stepgrad.tape.state import state
from stepgrad.tape.symbolic import Node
from stepgrad.utils.tree import flatten, is_shape, map_shapes, map_structure, pack


class NotConnectedError(NotBuiltError, AttributeError):
    """An attribute that exists once the layer is part of a graph; an AttributeError too, so that hasattr works."""


class Call(NamedTuple):
    """A symbolic call of a layer and what came out."""

    node: Node
    outputs: Any


class _Context(threading.local):
    """The layer calls that are running in this thread."""

    depth = 0
    training: Any = None  # of the enclosing call
    tracing = False  # a symbolic run of some call(): the calls inside are not part of a model's graph

    @contextlib.contextmanager
    def tracing_calls(self, on: bool = True) -> Iterator[None]:
        """Keep the symbolic calls inside the block from being recorded (or record them again).

        Nothing is computed in a symbolic run, so that assignments to variables have no effect either.
        """
        before, self.tracing, state.frozen = self.tracing, on, on
        try:
            yield
        finally:
            self.tracing = state.frozen = before

    def entered(self, training: Any, bfloat16: bool) -> _Entered:
        """Return the block in which a layer's call runs."""
        return _Entered(training, bfloat16)


class _Entered:
    __slots__ = ("before", "bfloat16", "now", "outside", "training")

    def __init__(self, training: Any, bfloat16: bool):
        self.training, self.bfloat16 = training, bfloat16

    def __enter__(self) -> None:
        self.before = context.training
        context.training = self.training
        self.now = state.now
        self.outside, self.now.bfloat16 = self.now.bfloat16, self.bfloat16
        context.depth += 1

    def __exit__(self, *exception: Any) -> None:
        context.training = self.before
        self.now.bfloat16 = self.outside
        context.depth -= 1


context = _Context()


@functools.cache
def parameters(function: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of a method without self, by name."""
    return dict(list(inspect.signature(function).parameters.items())[1:])


def resolve_training(layer: Any, kwargs: dict) -> Any:
    """Find `training`: the argument, else that of the enclosing call, else the default in call's signature."""
    known = parameters(type(layer).call)
    training = kwargs.get("training")
    if training is None:
        training = context.training
    if training is None and "training" in known:
        default = known["training"].default
        training = None if default is inspect.Parameter.empty else default
    if "training" in known:
        if training is not None:
            kwargs["training"] = training
    else:
        kwargs.pop("training", None)
    return training


def has_symbolic(values: Iterable) -> bool:
    """Tell whether a KerasTensor is among the values, or nested in them."""
    for value in values:
        if isinstance(value, KerasTensor):
            return True
        if isinstance(value, list | tuple) and has_symbolic(value):
            return True
        if isinstance(value, dict) and has_symbolic(value.values()):
            return True
    return False


def symbolic_call(layer: Any, original: tuple, args: tuple, kwargs: dict) -> Any:
    """Compute the output's KerasTensors and record the call as one node of the graph."""
    recorded = not context.tracing
    with context.tracing_calls():
        spec = layer.compute_output_spec(*args, **kwargs)
    if not recorded:
        return spec
    node = Node(layer, *original)
    outputs = pack(
        spec,
        [
            KerasTensor(x.shape, x.dtype, node=node, index=i, name=f"{layer.name}_output")
            for i, x in enumerate(flatten(spec))
        ],
    )
    layer._calls.append(Call(node, outputs))
    return outputs


def the_call(layer: Any, word: str) -> Call:
    """Return the first symbolic call of a layer, for `layer.input` and `layer.output`."""
    if not layer._calls:
        raise NotConnectedError(
            f"the layer has no {word} yet",
            layer=layer.name,
            fix="call it on Input(...), or start the Sequential model with Input(shape=...)",
        )
    return layer._calls[0]


# -- build ----------------------------------------------------------------------------------------------------------


def managed_build(build: Any) -> Any:
    """Wrap a build method: name its scope, note its shapes, mark the layer as built and lock its state."""

    @functools.wraps(build)
    def wrapped(self, *args, **kwargs):
        if self._building:  # super().build(...)
            return build(self, *args, **kwargs)
        shapes = dict(inspect.signature(build).bind(self, *args, **kwargs).arguments)
        shapes.pop(next(iter(shapes)))
        with whole_build(self, shapes):
            build(self, *args, **kwargs)
        return None

    return wrapped


@contextlib.contextmanager
def whole_build(layer: Any, shapes: dict) -> Iterator[None]:
    """Run a build: everything before and after it."""
    if layer._building:
        yield
        return
    layer._building, frozen = True, state.frozen
    state.frozen = False  # first values may be assigned here, also when a symbolic run builds the layer
    try:
        with own_scope(layer):
            layer.path = state.scope
            yield
    finally:
        layer._building, state.frozen = False, frozen
    object.__setattr__(layer, "_build_shapes", shapes)
    layer.built = True
    layer._lock_state()


def own_scope(layer: Any) -> Any:
    """Return the block that names the layer, or an empty one inside the layer's own call."""
    inside = state.scope == layer.name or state.scope.endswith("/" + layer.name)
    return contextlib.nullcontext() if inside else scope(layer.name)


def build_arguments(layer: Any, args: tuple, kwargs: dict) -> dict:
    """Return what `build` is called with for these inputs."""
    return shape_arguments(type(layer).build, type(layer).call, args, kwargs)


def shape_arguments(target: Any, call: Any, args: tuple, kwargs: dict) -> dict:
    """Match the shapes of call's tensors with the parameters of `build` or `compute_output_shape`.

    One parameter gets the shape(s) of the first argument; several are matched by name: ``query_shape`` is the shape
    of the argument ``query``.
    """
    wanted = list(parameters(target))
    given = dict(zip(parameters(call), args, strict=False)) | kwargs
    if len(wanted) == 1:
        return {wanted[0]: shapes_of(next(iter(given.values()), None))}
    shapes = {f"{name}_shape": shapes_of(value) for name, value in given.items() if f"{name}_shape" in wanted}
    unknown = [name for name in wanted if name not in {f"{p}_shape" for p in parameters(call)}]
    if unknown and not any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters(target).values()):
        raise ArgumentError(
            f"{target.__qualname__} has an argument that belongs to no input",
            expected="arguments named after those of call: 'query_shape' for 'query'",
            got=f"'{unknown[0]}'",
        )
    return shapes


def shapes_of(value: Any) -> Any:
    """Return the shape(s) of a tensor or of nested tensors."""
    return map_structure(lambda x: x.shape if isinstance(x, Tensor | KerasTensor) else None, value)


def as_shapes(value: Any) -> Any:
    """Turn the lists that JSON made of shapes back into tuples."""
    if value is None or not isinstance(value, list | tuple | dict):
        return value
    return map_shapes(tuple, value) if not is_shape(value) else tuple(value)


# -- arguments ------------------------------------------------------------------------------------------------------


def refuse_default_config(layer: Any) -> None:
    """Raise where a class has constructor arguments that the inherited get_config cannot know."""
    cls = type(layer)
    own = [
        p for p in parameters(cls.__init__).values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    words = [
        p.name
        for p in own
        if p.name not in ("activity_regularizer", "trainable", "dtype", "autocast", "name")
    ]
    if words:
        raise ArgumentError(
            f"{cls.__name__} cannot be saved: its constructor takes {', '.join(words)}",
            layer=layer.name,
            fix="define get_config(self): return {**super().get_config(), "
            + ", ".join(f"'{word}': self.{word}" for word in words)
            + "}",
        )


_ABSENT = {  # arguments that Keras writes into configs, for features that do not exist here -> their value when unused
    "quantization_config": None,
    "lora_rank": None,
    "lora_alpha": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
    "synchronized": False,
    "rms_scaling": False,
}


def without_absent_features(config: dict[str, Any]) -> dict[str, Any]:
    """Drop the arguments of features that do not exist here, as long as they are not used."""
    return {word: value for word, value in config.items() if word not in _ABSENT or value != _ABSENT[word]}
