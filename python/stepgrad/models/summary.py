"""The table that `model.summary()` prints, with Keras's look."""

from __future__ import annotations

import re
import shutil
from typing import Any

from stepgrad.errors import ArgumentError, StepgradError
from stepgrad.layers.layer import Layer
from stepgrad.models.graph import operation_of, parents
from stepgrad.utils.tree import is_shape


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> str:
    """Return the summary of a model; see `Model.summary`."""
    connected = hasattr(model, "_graph") and not _is_chain(model)
    header = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if connected else [])
    positions = positions or ([0.3, 0.56, 0.74, 1.0] if connected else [0.45, 0.80, 1.0])
    length = 108 if connected else 88
    if show_trainable:
        header.append("Trainable")
        positions = [p * 0.9 for p in positions] + [1.0]
        length += 12
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    edges = [int(p * length) for p in positions]
    widths = [b - a - 3 for a, b in zip([0, *edges], edges, strict=False)]
    if len(positions) != len(header) or min(widths) < 3:
        raise ArgumentError(
            "the columns of the summary do not fit",
            layer=model.name,
            got=f"line_length={length}, positions={positions}",
            fix="a larger line_length, and one position for each column: " + ", ".join(header),
        )
    operations = model.operations if connected else model.layers
    rows = []
    for operation in _chosen(operations, layer_range, model):
        rows += _rows(model, operation, connected, show_trainable, expand_nested, "")
    return "\n".join([f'Model: "{model.name}"', *_table(header, rows, widths), *_totals(model)])


def _is_chain(model: Any) -> bool:
    """Tell whether every layer has one input, one call, and comes right after another."""
    nodes = model._graph.nodes
    return (
        len(model.inputs) == 1
        and len(nodes) == len(model._graph.operations)
        and all(isinstance(operation, Layer) for operation in model._graph.operations)
        and all(len(parents(node)) <= 1 for node in nodes)
        and all(i == 0 or parents(node)[0].node is nodes[i - 1] for i, node in enumerate(nodes))
    )


def _chosen(operations: list, layer_range: tuple[str, str] | None, model: Any) -> list:
    if layer_range is None:
        return operations
    first, last = (
        [i for i, layer in enumerate(operations) if re.match(pattern, layer.name)] for pattern in layer_range
    )
    if not first or not last:
        raise ArgumentError("layer_range names no layer", layer=model.name, got=repr(layer_range))
    return operations[min(first[0], last[0]) : max(first[-1], last[-1]) + 1]


def _rows(
    model: Any, operation: Any, connected: bool, trainable: bool, nested: bool, indent: str
) -> list[list[str]]:
    layer = operation if isinstance(operation, Layer) else None
    name = layer.name if layer else model._graph.names[id(operation)]
    kind = type(layer).__name__ if layer else type(operation.operation).__name__
    row = [f"{indent}{name} ({kind})", _shape_text(model, operation), _params_text(layer)]
    if connected:
        row.append("" if indent else _connections(model, operation))
    if trainable:
        row.append("-" if layer is None or not layer.weights else "Y" if layer.trainable else "N")
    rows = [row]
    if nested and layer is not None and hasattr(layer, "layers"):
        for inner in layer.layers:
            rows += _rows(layer, inner, connected, trainable, nested, "   " * (len(indent) // 3 + 1) + "└ ")
    return rows


def _params_text(layer: Layer | None) -> str:
    if layer is None:
        return "0"
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _shape_text(model: Any, operation: Any) -> str:
    if not isinstance(operation, Layer):
        mine = [x for node in model._graph.nodes for x in parents(node) if x.node is operation]
        mine += [x for x in model.outputs if x.node is operation]
        return _shown(mine[0].shape) if mine else "?"
    if operation._calls:
        outputs = operation._calls[-1].outputs
        shapes = _map_shape(outputs)
    elif operation._build_shapes and operation.built:
        try:
            shapes = operation.compute_output_shape(**_positional(operation._build_shapes))
        except (StepgradError, TypeError, AttributeError):
            return "?"
    else:
        return "?"
    return _shown(shapes)


def _positional(shapes: dict) -> dict:
    return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else shapes


def _map_shape(outputs: Any) -> Any:
    if isinstance(outputs, dict):
        return {key: _map_shape(part) for key, part in outputs.items()}
    return [_map_shape(part) for part in outputs] if isinstance(outputs, list | tuple) else outputs.shape


def _shown(shapes: Any) -> str:
    if is_shape(shapes):
        return str(tuple(shapes))
    if isinstance(shapes, dict):
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in shapes.items()) + "}"
    return "[" + ", ".join(_shown(part) for part in shapes) + "]"


def _connections(model: Any, operation: Any) -> str:
    names = model._graph.names
    found = []
    for node in model._graph.nodes:
        if operation_of(node) is operation:
            for x in parents(node):
                source = operation_of(x.node)
                calls = [call.node for call in source._calls] if isinstance(source, Layer) else [x.node]
                index = next((i for i, call in enumerate(calls) if call is x.node), 0)
                found.append(f"{names[id(source)]}[{index}][{x.index}]")
    return ", ".join(found) or "-"


def _table(header: list[str], rows: list[list[str]], widths: list[int]) -> list[str]:
    """Draw the rows with box characters; text that is too long goes on in the next line of its cell."""
    right = header.index("Param #")
    lines = [_rule("┏┳┓", "━", widths), *_cells(header, widths, right, "┃"), _rule("┡╇┩", "━", widths)]
    for i, row in enumerate(rows):
        if i:
            lines.append(_rule("├┼┤", "─", widths))
        lines += _cells(row, widths, right, "│")
    return [*lines, _rule("└┴┘", "─", widths)]


def _rule(ends: str, dash: str, widths: list[int]) -> str:
    return ends[0] + ends[1].join(dash * (width + 2) for width in widths) + ends[2]


def _cells(row: list[str], widths: list[int], right: int, bar: str) -> list[str]:
    wrapped = [_wrap(text, width) for text, width in zip(row, widths, strict=True)]
    lines = []
    for i in range(max(len(cell) for cell in wrapped)):
        parts = []
        for column, (cell, width) in enumerate(zip(wrapped, widths, strict=True)):
            text = cell[i] if i < len(cell) else ""
            parts.append(text.rjust(width) if column == right else text.ljust(width))
        lines.append(f"{bar} " + f" {bar} ".join(parts) + f" {bar}")
    return lines


def _wrap(text: str, width: int) -> list[str]:
    """Break at blanks where that is possible."""
    lines = [""]
    for word in re.findall(r"\s*\S+", text):
        if lines[-1] and len(lines[-1] + word) > width:
            lines.append("")
            word = word.lstrip()
        while len(word) > width:
            lines[-1], word = word[:width], word[width:]
            lines.append("")
        lines[-1] += word
    return [line for line in lines if line] or [""]


def _totals(model: Any) -> list[str]:
    groups = [
        ("Trainable params", model.trainable_weights),
        ("Non-trainable params", model.non_trainable_weights),
    ]
    optimizer = getattr(model, "optimizer", None)
    if getattr(model, "compiled", False) and optimizer is not None and optimizer.built:
        groups.append(("Optimizer params", optimizer.variables))
    groups.insert(0, ("Total params", [v for _, variables in groups for v in variables]))
    return [f" {word}: {_count(variables):,} ({_memory(variables)})" for word, variables in groups]


def _count(variables: list) -> int:
    return sum(v.size for v in variables)


def _memory(variables: list) -> str:
    size = float(sum(v.array.nbytes for v in variables))
    units = ["B", "KB", "MB", "GB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.2f} {units[0]}"
