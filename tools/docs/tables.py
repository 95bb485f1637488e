"""The tables of ops and kernels, from the registry."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from formulas import mathml

import stepgrad
from stepgrad import kernels, optimizers  # noqa: F401 - optimizers' updates are entries of the table too
from stepgrad.ops.op import registry


def op_table() -> str:
    """Return the page of all ops, family by family: formula, gradient, rungs."""
    families: dict[str, list] = {}
    for op in registry.values():
        families.setdefault(type(op).__module__.split(".")[2], []).append(op)
    parts = [
        "---\nhide: [navigation, toc]\n---\n\n# Ops",  # long formulas need the width
        f"All {len(registry)} ops of the registry. A bar marks the gradient of the loss: "
        r"$\bar x$ is $\partial L / \partial x$. The last rung of each ladder, in bold, is the default.",
    ]
    for family, ops in sorted(families.items()):
        rows = [
            (f"<code>{op.name}</code>", _formulas(op), _ladder(op.name))
            for op in sorted(ops, key=lambda op: op.name)
        ]
        parts += [f"## {family}", _table(("op", "formula and gradient", "rungs"), rows)]
    return "\n\n".join(parts) + "\n"


def kernel_table() -> str:
    """Return the page of every rung of every ladder that has more than its reference."""
    parts = [
        "# Kernels",
        "Every op has the rung `numpy`, its reference. These have kernels above it, from the bottom rung to the top, which is "
        'the default. Choose another with `with stepgrad.kernels.use(matmul="naive"):`.',
    ]
    if not kernels.compiled():
        parts.append("This site was built without the C++ extension, so that the ladders are not shown.")
    for row in kernels.table():
        ladder = kernels.rungs(row["op"])
        if len(ladder) > 1:
            rows = [
                (f"<code>{k.rung}</code>", escape(k.summary), f"<code>{escape(k.source)}</code>")
                for k in ladder
            ]
            parts += [f"## {row['op']}", _table(("rung", "what changes", "source"), rows)]
    return "\n\n".join(parts) + "\n"


def _formulas(op: stepgrad.Op) -> str:
    lines = [mathml(formula) if formula else "no gradient" for formula in (op.formula, op.gradient_formula)]
    return "".join(f'<div class="formula">{line}</div>' for line in lines)


def _ladder(op: str) -> str:
    *lower, top = [escape(k.rung) for k in kernels.rungs(op)]
    return " &lt; ".join([*lower, f"<b>{top}</b>"])


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as HTML in one block, which Markdown leaves alone."""
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    top = "".join(f"<th>{name}</th>" for name in head)
    return "\n".join(["<table>", f"<thead><tr>{top}</tr></thead>", "<tbody>", *lines, "</tbody>", "</table>"])
