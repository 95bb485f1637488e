"""plot_model: the graph of a model as a picture, drawn with matplotlib."""

from __future__ import annotations

import os
from typing import Any

from stepgrad.errors import NotBuiltError, require
from stepgrad.utils.nest import flatten

_LINE, _CHARACTER, _GAP = (
    0.2,
    0.085,
    0.35,
)  # inches: height of a line, width of a character, space between boxes


def plot_model(
    model: Any,
    to_file: str | os.PathLike = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Any:
    """Draw a Sequential or functional model. Needs matplotlib alone.

    Parameters
    ----------
    model : Model
        Built, with a graph: not a subclassed one.
    to_file : path
        The suffix says the format: png, svg, pdf.
    show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable : bool
        What stands in a box beside the class of its layer.
    rankdir : {"TB", "LR"}
        From top to bottom, or from left to right.
    expand_nested : bool
        List the layers of a model that is used as a layer.
    dpi : int

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import os, tempfile, stepgrad as sg
    >>> model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
    >>> figure = plot_model(model, os.path.join(tempfile.mkdtemp(), "model.svg"), show_shapes=True)
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    ['InputLayer\\n(None, 2)', 'Dense\\n(None, 1)']
    """
    shown = getattr(model, "_functional", None) or model
    if not hasattr(shown, "_graph"):
        raise NotBuiltError(
            "there is no graph to draw",
            layer=model.name,
            got=f"a {type(model).__name__}",
            fix="start the model with Input(shape=...), or build it as a functional one",
        )
    show = {
        "shapes": show_shapes, "dtype": show_dtype, "names": show_layer_names, "nested": expand_nested,
        "activations": show_layer_activations, "trainable": show_trainable,
    }  # fmt: skip
    boxes, edges = _graph_of(shown, show)
    places, size = _layout(boxes, edges, rankdir == "LR")
    figure = require("matplotlib.figure", "plot", "plot_model").Figure(figsize=size, dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
    axes.axis("off")
    for a, b in edges:
        bend = 0.35 if b - a > 1 else 0.0  # around the boxes between, in a branch that skips them
        margin = 12 + 6 * boxes[b].count("\n")
        style = {
            "arrowstyle": "-|>",
            "color": "0.4",
            "connectionstyle": f"arc3,rad={bend}",
            "shrinkB": margin,
        }
        axes.annotate("", places[b], places[a], arrowprops=style, zorder=0)
    for text, (x, y) in zip(boxes, places, strict=True):
        style = {"boxstyle": "round,pad=0.4", "facecolor": "#e6f2f2", "edgecolor": "#008080"}
        axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox=style)
    figure.savefig(to_file)
    return figure


def _graph_of(model: Any, show: dict[str, bool]) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the text of each box, and the boxes that each arrow joins, from the inputs on."""
    from stepgrad.models.graph import operation_of, parents  # above this package

    rows: dict[int, int] = {}
    boxes: list[str] = []
    edges: dict[tuple[int, int], None] = {}
    for node in model._graph.nodes:
        key = id(operation_of(node))
        if key not in rows:
            rows[key] = len(boxes)
            boxes.append(_text(node, show))
        edges |= {(rows[id(operation_of(x.node))], rows[key]): None for x in parents(node)}
    return boxes, list(edges)


def _text(node: Any, show: dict[str, bool]) -> str:
    part = node.operation
    if not hasattr(part, "weights"):  # an op that was called directly
        return f"ops.{part.name}"
    lines = [type(part).__name__]
    if show["names"]:
        lines[0] = f"{part.name} ({lines[0]})"
    if show["activations"] and hasattr(part, "activation"):
        lines.append(f"activation: {getattr(part.activation, '__name__', 'linear')}")
    outputs = part._calls[0].outputs
    if show["shapes"]:
        lines += [str(x.shape) for x in flatten(outputs)]
    if show["dtype"]:
        lines.append(str(part.dtype))
    if show["trainable"]:
        lines.append("trainable" if part.trainable else "not trainable")
    if show["nested"] and hasattr(part, "layers"):
        lines += [f"  {type(layer).__name__} {layer.name}" for layer in part.layers]
    return "\n".join(lines)


def _layout(
    boxes: list[str], edges: list[tuple[int, int]], sideways: bool
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Place boxes in rows: each below all that lead to it; return the centres and the size of the picture, in inches."""
    depth = [0] * len(boxes)
    for _ in boxes:  # at most one round for each row
        for a, b in edges:
            depth[b] = max(depth[b], depth[a] + 1)
    rows: list[list[int]] = [[i for i in range(len(boxes)) if depth[i] == d] for d in range(max(depth) + 1)]
    widths = [max(len(line) for line in text.split("\n")) * _CHARACTER + _GAP for text in boxes]
    heights = [(text.count("\n") + 1) * _LINE + 0.2 for text in boxes]
    along, across = (widths, heights) if sideways else (heights, widths)
    total = max(sum(across[i] + _GAP for i in row) for row in rows) + _GAP
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(boxes)
    start = _GAP
    for row in rows:
        thickness = max(along[i] for i in row)
        at = (total - sum(across[i] + _GAP for i in row)) / 2
        for i in row:
            middle = at + (across[i] + _GAP) / 2
            places[i] = (start + thickness / 2, middle) if sideways else (middle, start + thickness / 2)
            at += across[i] + _GAP
        start += thickness + _GAP
    return places, ((start, total) if sideways else (total, start))
