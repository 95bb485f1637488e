"""The graph behind a functional model: which calls lie between inputs and outputs, and in what order."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import Layer
from stepgrad.tape import KerasTensor
from stepgrad.tape.symbolic import Node
from stepgrad.utils.nest import flatten


class Graph:
    """The nodes between KerasTensors.

    Attributes
    ----------
    nodes : list of Node
        In an order in which they can run.
    operations : list
        The layers (and for ops, which have no state, the Node itself) in Keras's order: by distance to the outputs.
    names : dict
        id of an operation -> its name.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor], model: str):
        self.inputs, self.outputs, self.model = inputs, outputs, model
        self._given = {id(x) for x in inputs}
        self._seen: dict[int, int] = {}  # operation -> when the walk from the outputs met it first
        self.nodes = self._walk()
        self.operations = self._by_depth()
        self.names = self._name_operations()

    def _walk(self) -> list[Node]:
        """Visit depth first from the outputs; a node comes after all that it needs."""
        done: set[int] = set()
        order: list[Node] = []
        stack = [(x, False) for x in reversed(self.outputs)]
        while stack:
            x, finished = stack.pop()
            node = x.node
            if finished:
                if id(node) not in done:
                    done.add(id(node))
                    order.append(node)
                continue
            if id(x) in self._given and not is_input(node):
                continue
            if node is None:
                raise self._disconnected(x)
            if id(node) in done:
                continue
            if is_input(node) and id(x) not in self._given:
                raise self._disconnected(x)
            self._seen.setdefault(id(operation_of(node)), len(self._seen))
            stack.append((x, True))
            stack.extend((parent, False) for parent in reversed(parents(node)))
        return order

    def _disconnected(self, x: KerasTensor) -> ArgumentError:
        name = x.name or "unnamed"
        return ArgumentError(
            f"the graph is disconnected: the outputs also depend on the input '{name}', which is not among the inputs",
            layer=self.model,
            expected=f"'{name}' {tuple(x.shape)} among the inputs",
            got="inputs " + ", ".join(f"'{i.name}'" for i in self.inputs),
            fix="add it to Model(inputs=[...]), or build the outputs from the inputs given",
        )

    def _by_depth(self) -> list[Any]:
        depth_of_node: dict[int, int] = {}
        depth_of_operation: dict[int, int] = {}
        operations: dict[int, Any] = {}
        inside = {id(node) for node in self.nodes}
        for node in reversed(self.nodes):
            operation = operation_of(node)
            key = id(operation)
            operations[key] = operation
            depth = max(depth_of_node.get(id(node), 0), depth_of_operation.get(key, 0))
            depth_of_node[id(node)] = depth_of_operation[key] = depth
            for parent in parents(node):
                if id(parent.node) in inside:
                    depth_of_node[id(parent.node)] = max(depth + 1, depth_of_node.get(id(parent.node), 0))
        for x in self.inputs:
            if id(operation_of(x.node)) not in operations and is_input(x.node):
                operations[id(x.node.operation)] = x.node.operation
                depth_of_operation[id(x.node.operation)] = 0
                self._seen[id(x.node.operation)] = -1
                self.nodes.insert(0, x.node)
        return sorted(operations.values(), key=lambda op: (-depth_of_operation[id(op)], self._seen[id(op)]))

    def _name_operations(self) -> dict[int, str]:
        names: dict[int, str] = {}
        taken: dict[str, Any] = {}
        for operation in self.operations:
            if isinstance(operation, Layer):
                if operation.name in taken:
                    raise ArgumentError(
                        f"two layers are called '{operation.name}'",
                        layer=self.model,
                        fix="give one of them another name=",
                    )
                names[id(operation)] = operation.name
                taken[operation.name] = operation
        for operation in self.operations:
            if not isinstance(operation, Layer):
                base = name = operation.operation.name
                number = 0
                while name in taken:
                    number += 1
                    name = f"{base}_{number}"
                names[id(operation)] = name
                taken[name] = operation
        return names


def is_input(node: Node | None) -> bool:
    """Tell whether a node is an Input."""
    return node is not None and isinstance(node.operation, Layer) and not node.args and not node.kwargs


def operation_of(node: Node) -> Any:
    """Return the layer of a node; an op is shared by all its calls, so that there the node itself stands for it."""
    return node.operation if isinstance(node.operation, Layer) else node


def parents(node: Node) -> list[KerasTensor]:
    """Return the KerasTensors that a node needs."""
    return [x for x in flatten([list(node.args), node.kwargs]) if isinstance(x, KerasTensor)]
