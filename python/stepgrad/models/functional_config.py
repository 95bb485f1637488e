"""Functional models as plain values and back, in Keras 3's form."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError, DTypeError
from stepgrad.layers.layer import Layer
from stepgrad.ops.op import registry
from stepgrad.tape import KerasTensor, Tensor, Variable
from stepgrad.tape.state import public
from stepgrad.utils.serialization import deserialize_object, serialize_object, to_snake_case
from stepgrad.utils.tree import flatten, map_structure


def write(model: Any) -> dict[str, Any]:
    """Return the config of a functional model: every layer with the calls that belong to the model."""
    writer = _Writer(model)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [writer.operation(operation) for operation in model.operations],
        "input_layers": map_structure(writer.end, model.input),
        "output_layers": map_structure(writer.end, model.output),
    }


class _Writer:
    def __init__(self, model: Any):
        self.names = model._graph.names
        self.inside = {id(node) for node in model._graph.nodes}

    def operation(self, operation: Any) -> dict[str, Any]:
        name = self.names[id(operation)]
        if isinstance(operation, Layer):
            saved = serialize_object(operation)
            nodes = [call.node for call in operation._calls if id(call.node) in self.inside]
        else:  # an op that was called directly: it has no state, and one call
            op = operation.operation
            saved = {"module": "stepgrad.ops", "class_name": op.name, "config": {}, "registered_name": None}
            nodes = [operation]
        saved["name"] = name
        saved["inbound_nodes"] = [
            {"args": self.value(list(node.args)), "kwargs": self.value(node.kwargs)}
            for node in nodes
            if node.args or node.kwargs
        ]
        return saved

    def value(self, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": self.history(value)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, tuple):
            return {"class_name": "__tuple__", "config": {"value": [self.value(part) for part in value]}}
        if isinstance(value, dict):
            return {key: self.value(part) for key, part in value.items()}
        if isinstance(value, slice):
            return {
                "class_name": "__slice__",
                "config": {"start": value.start, "stop": value.stop, "step": value.step},
            }
        if value is Ellipsis:
            return {"class_name": "__ellipsis__", "config": {}}
        if isinstance(value, Variable):
            raise DTypeError(
                f"the model uses the variable '{value.path}' outside of a layer, which cannot be saved",
                fix="put the variable into a layer of your own",
            )
        return serialize_object(value.numpy() if isinstance(value, Tensor) else value)

    def history(self, x: KerasTensor) -> list:
        operation = x.node.operation
        if not isinstance(operation, Layer):
            return [self.names[id(x.node)], 0, x.index]
        own = [call.node for call in operation._calls if id(call.node) in self.inside]
        return [operation.name, next(i for i, node in enumerate(own) if node is x.node), x.index]

    def end(self, x: KerasTensor) -> list:
        name, node, index = self.history(x)
        return [name, node + _offset(x.node.operation), index]


def read(cls: type, config: dict[str, Any], custom_objects: dict | None) -> Any:
    """Make the model that `write` described: make the layers, then repeat their calls."""
    reader = _Reader()
    for saved in config["layers"]:
        reader.operations[saved["name"]] = (
            _find_op(saved)
            if _is_op(saved)
            else deserialize_object(
                {k: v for k, v in saved.items() if k not in ("name", "inbound_nodes")}, custom_objects
            )
        )
    waiting = [(saved["name"], list(saved.get("inbound_nodes") or ())) for saved in config["layers"]]
    for name, operation in reader.operations.items():
        if isinstance(operation, Layer) and operation._calls and not hasattr(operation, "_graph"):
            reader.calls[name] = [operation.output]
    while any(nodes for _, nodes in waiting):
        progress = False
        for name, nodes in waiting:
            while nodes and reader.repeat(name, nodes[0]):
                nodes.pop(0)
                progress = True
        if not progress:
            stuck = next(name for name, nodes in waiting if nodes)
            raise ArgumentError(
                f"the config of the model is broken: nothing leads to '{stuck}'", layer=config.get("name")
            )
    rest = {
        k: v
        for k, v in config.items()
        if k not in ("layers", "input_layers", "output_layers", "name", "trainable")
    }
    return cls(
        inputs=reader.ends(config["input_layers"]),
        outputs=reader.ends(config["output_layers"]),
        name=config.get("name"),
        trainable=config.get("trainable"),
        **{k: v for k, v in rest.items() if k == "dtype"},
    )


def _is_op(saved: dict) -> bool:
    return (saved.get("module") or "").startswith(("stepgrad.ops", "keras.src.ops", "keras.ops"))


class _Reader:
    def __init__(self) -> None:
        self.operations: dict[str, Any] = {}
        self.calls: dict[str, list] = {}  # name -> the outputs of its calls so far

    def repeat(self, name: str, node: dict) -> bool:
        """Repeat a call, unless an input of it does not exist yet."""
        try:
            args, kwargs = self.value(node["args"]), self.value(node["kwargs"])
        except _NotYetError:
            return False
        args = args if isinstance(args, list) else list(args)
        self.calls.setdefault(name, []).append(self.operations[name](*args, **kwargs))
        return True

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            kind, inner = value.get("class_name"), value.get("config") or {}
            if kind is None:
                return {key: self.value(part) for key, part in value.items()}
            if kind == "__keras_tensor__":
                return self.tensor(*inner["keras_history"])
            if kind == "__tuple__":
                return tuple(self.value(part) for part in inner["value"])
            if kind == "__slice__":
                return slice(inner["start"], inner["stop"], inner["step"])
            if kind == "__ellipsis__":
                return Ellipsis
        if isinstance(value, list | tuple):
            return [self.value(part) for part in value]
        return deserialize_object(value)

    def tensor(self, name: str, node: int, index: int) -> KerasTensor:
        outputs = self.calls.get(name, [])
        if len(outputs) <= node:
            raise _NotYetError
        return flatten(outputs[node])[index]

    def ends(self, structure: Any) -> Any:
        if isinstance(structure, dict):
            return {key: self.ends(part) for key, part in structure.items()}
        if len(structure) == 3 and isinstance(structure[0], str):
            name, node, index = structure
            return self.tensor(name, node - _offset(self.operations[name]), index)
        return [self.ends(part) for part in structure]


class _NotYetError(Exception):
    """A call needs a tensor that no call has made yet."""


def _offset(operation: Any) -> int:
    """Keras counts the calls of a functional model from 1 at the ends of the model around it."""
    return 1 if hasattr(operation, "_graph") else 0


def _find_op(saved: dict) -> Any:
    """Return the op that a config of ours names, or the public function that means the same as an op of Keras."""
    name = saved["class_name"]
    if saved["module"] == "stepgrad.ops":
        if name in registry:
            return registry[name]
    else:
        name = {"GetItem": "getitem"}.get(name, to_snake_case(name))
        if name in public:
            arguments = {k: v for k, v in saved["config"].items() if k != "name" and v is not None}
            return _keras_call(name, arguments)
    raise ArgumentError(
        f"the config names the op '{saved['class_name']}', which does not exist here",
        got=f"module {saved['module']!r}",
    )


def _keras_call(name: str, arguments: dict) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if name == "getitem" and isinstance(args[1], list):  # JSON made a list of the tuple
            args = (args[0], tuple(args[1]))
        return public[name](*args, **kwargs, **arguments)

    return call
