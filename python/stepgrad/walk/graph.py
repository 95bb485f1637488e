"""The graph of a walk, laid out from top to bottom: one row for each forward step, and one for each update."""

from __future__ import annotations

from typing import Any

from stepgrad.walk.steps import Walk


def graph(walk: Walk) -> dict[str, list]:
    """Return nodes and edges.

    A node is a forward, loss or update step: its number, the numbers of the backward steps through it, what it makes, and
    the given values (weights, inputs) that it takes. An edge is [row, row, name of the value].

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0, requires_grad=True, name="x")
    >>> drawing = graph(sg.walk(lambda x: sg.ops.exp(x) * x, x))
    >>> [node["takes"] for node in drawing["nodes"]], drawing["edges"]
    ([['x'], ['x']], [[0, 1, 'exp']])
    """
    nodes: list[dict[str, Any]] = []
    edges: list[list] = []
    made: dict[str, int] = {}
    row_of: dict[int, int] = {}
    for step in walk:
        if step.phase == "backward":
            if step.of in row_of:
                nodes[row_of[step.of]]["back"].append(step.number)
            continue
        row = row_of[step.number] = len(nodes)
        names = list(dict.fromkeys(v.name for v in step.inputs))
        if step.phase != "update":
            edges += [[made[name], row, name] for name in names if name in made]
        nodes.append(
            {
                "step": step.number, "phase": step.phase, "op": step.op, "layer": step.layer, "back": [],
                "makes": step.outputs[0].name if step.outputs else "",
                "takes": [name for name in names if name not in made and not name.startswith("constant")] if step.phase != "update" else [],
            }
        )  # fmt: skip
        made |= {v.name: row for v in step.outputs}
    return {"nodes": nodes, "edges": edges}
