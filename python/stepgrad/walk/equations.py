"""The formula of a step with its own names, and with its own numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from stepgrad.walk.latex import is_small, literal, symbol

if TYPE_CHECKING:
    from stepgrad.walk.steps import Value, WalkStep

# {0}, {1}: the inputs, as names or as numbers.
FORWARD = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": r"{0} {times} {1}", "divide": r"\frac{{{0}}}{{{1}}}",
    "power": "{0}^{{{1}}}", "negative": "-{0}", "exp": "e^{{{0}}}", "log": r"\ln({0})", "sqrt": r"\sqrt{{{0}}}",
    "square": "{0}^2", "reciprocal": r"\frac{{1}}{{{0}}}", "rsqrt": r"\frac{{1}}{{\sqrt{{{0}}}}}", "relu": r"\max({0}, 0)",
    "sigmoid": r"\sigma({0})", "tanh": r"\tanh({0})", "sin": r"\sin({0})", "cos": r"\cos({0})", "abs": "|{0}|",
    "maximum": r"\max({0}, {1})", "minimum": r"\min({0}, {1})", "sum": r"\sum {0}", "mean": r"\text{{mean}}({0})",
    "softmax": r"\text{{softmax}}({0})", "log_softmax": r"\ln \text{{softmax}}({0})", "conv2d": r"{0} * {1}",
    "max_pool2d": r"\text{{maxpool}}({0})", "average_pool2d": r"\text{{meanpool}}({0})", "accumulate": "{0} + {1}",
    "reshape": r"\text{{reshape}}({0})", "cast": "{0}", "transpose": "{0}^T",
    "sparse_softmax_cross_entropy": r"-\ln \text{{softmax}}({0})[{1}]", "softmax_cross_entropy": r"-\sum {1} {times} \ln \text{{softmax}}({0})",
}  # fmt: skip

# The gradient of each input: {g} what arrived, {0} {1} the inputs, {y} the output of the forward step.
BACKWARD = {
    "add": ("{g}", "{g}"), "subtract": ("{g}", "-{g}"), "negative": ("-{g}",),
    "multiply": ("{g} {times} {1}", "{g} {times} {0}"),
    "divide": (r"\frac{{{g}}}{{{1}}}", r"-{g} {times} \frac{{{0}}}{{{1}^2}}"),
    "power": ("{g} {times} {1} {times} {0}^{{{1} - 1}}", r"{g} {times} {y} {times} \ln({0})"),
    "exp": ("{g} {times} {y}",), "log": (r"\frac{{{g}}}{{{0}}}",), "sqrt": (r"\frac{{{g}}}{{2 {y}}}",),
    "square": ("{g} {times} 2 {0}",), "reciprocal": ("-{g} {times} {y}^2",), "rsqrt": (r"-\frac{{1}}{{2}} {g} {times} {y}^3",),
    "relu": ("{g} {times} [{0} > 0]",), "sigmoid": ("{g} {times} {y} {times} (1 - {y})",), "tanh": ("{g} {times} (1 - {y}^2)",),
    "sin": (r"{g} {times} \cos({0})",), "cos": (r"-{g} {times} \sin({0})",),
    "matmul": (r"{g} \, {1}^T", r"{0}^T {g}"),
    "sum": (r"{g}",), "mean": (r"\frac{{{g}}}{{n}}",), "reshape": (r"\text{{reshape}}({g})",), "cast": ("{g}",),
    "softmax": (r"{y} {times} ({g} - \sum {y} {times} {g})",),
    "conv2d": (r"{g} \star {1}", r"{0} * {g}"), "transpose": ("{g}^T",),
    "max_pool2d": (r"{g} \text{{ at the winner of each window}}",),
    "sparse_softmax_cross_entropy": (r"{g} {times} (\text{{softmax}}({0}) - \text{{onehot}}({1}))",),
    "softmax_cross_entropy": (r"{g} {times} (\text{{softmax}}({0}) - {1})",),
}  # fmt: skip
_NAMES_ONLY = {"conv2d", "max_pool2d", "average_pool2d", "transpose"}


def equations(step: WalkStep, with_numbers: bool = True) -> tuple[str, ...]:
    """Return one line of LaTeX for each output of a step.

    Examples
    --------
    >>> import stepgrad as sg
    >>> a = sg.Tensor(2.0, requires_grad=True, name="a")
    >>> equations(sg.walk(lambda a: a * 3.0, a)[0])
    ('\\\\text{multiply} = a \\\\cdot 3 = 2 \\\\cdot 3 = 6',)
    """
    if step.phase == "update":
        return _update(step, with_numbers)
    lines = []
    for i, out in enumerate(step.outputs):
        write, used = right_side(step, i)
        parts = [symbol(out.name), write(name_of)]
        if with_numbers and all(is_small(v.array) for v in (*used, out)):
            if step.op not in _NAMES_ONLY and write(name_of) != write(lambda v: literal(v.array)):
                parts.append(write(lambda v: literal(v.array)))
            parts.append(literal(out.array).removeprefix("(").removesuffix(")"))
        lines.append(" = ".join(dict.fromkeys(parts)))
    return tuple(lines)


def right_side(step: WalkStep, i: int) -> tuple[Callable, list[Value]]:
    """Return (write, values): `write(text_of)` gives the right side of output `i` with text_of(value) for each value."""
    times = r"\odot" if any(v.array.size > 1 for v in (*step.inputs, *step.outputs)) else r"\cdot"
    if step.phase != "backward" or step.forward is None:
        template = FORWARD.get(step.op)
        if step.op == "matmul":
            template = (
                "{0}"
                + "^T" * bool(step.attrs.get("transpose_a"))
                + " "
                + "{1}"
                + "^T" * bool(step.attrs.get("transpose_b"))
            )
        if template is None or template.count("{1}") and len(step.inputs) < 2:
            template = (
                r"\text{{"
                + step.op.replace("_", r"\_")
                + "}}("
                + ", ".join(f"{{{k}}}" for k in range(len(step.inputs)))
                + ")"
            )
        if step.op == "accumulate":
            template = " + ".join(f"{{{k}}}" for k in range(len(step.inputs)))
        return lambda text: template.format(*map(text, step.inputs), times=times), list(step.inputs)
    forward, target = step.forward, step.targets[i]
    g, y = step.inputs[0], forward.outputs[0]
    rules = BACKWARD.get(step.op, ())
    transposed = step.op == "matmul" and (
        any(forward.attrs.values()) or any(v.array.ndim != 2 for v in forward.inputs)
    )
    if target >= len(rules) or transposed:
        arrived = " ".join(name_of(v) for v in step.inputs)
        name, made = name_of(forward.inputs[target]), ", ".join(name_of(v) for v in forward.outputs)
        return lambda text: rf"\frac{{\partial {made}}}{{\partial {name}}} \; {arrived}", list(step.inputs)
    rule = rules[target]
    repeated = (
        step.op not in ("matmul", "conv2d", "sum", "mean", "reshape")
        and step.outputs[i].array.size < g.array.size
    )
    used = (
        [g] + [v for k, v in enumerate(forward.inputs) if f"{{{k}}}" in rule] + ([y] if "{y}" in rule else [])
    )
    unequal = step.op == "mean"

    def write(text):
        line = rule.format(*map(text, forward.inputs), g=text(g), y=text(y), times=times)
        if unequal:
            line = line.replace("{n}", f"{{{forward.inputs[0].array.size // max(y.array.size, 1)}}}")
        return rf"\sum ({line})" if repeated else line

    return write, used


def name_of(value: Value) -> str:
    """A value's name as LaTeX; a constant number is its own name."""
    if value.name.startswith("constant") and value.array.size == 1:
        return literal(value.array)
    return symbol(value.name)


def _update(step: WalkStep, with_numbers: bool) -> tuple[str, ...]:
    """W' = W - eta dW for plain descent; for other optimizers the new values below their own formula."""
    w, g, out = step.inputs[0], step.inputs[1], step.outputs[0]
    if not is_plain_descent(step):
        values = [v for v in step.outputs if with_numbers and is_small(v.array)]
        return (step.formula, *(f"{symbol(v.name)} = {literal(v.array)}" for v in values))
    rate = step.attrs["learning_rate"]
    line = rf"{symbol(out.name)} = {symbol(w.name)} - \eta \, {symbol(g.name)}"
    if with_numbers and is_small(out.array):
        line += rf" = {literal(w.array)} - {rate:.6g} \cdot {literal(g.array)} = {literal(out.array)}"
    return (line,)


def is_plain_descent(step: WalkStep) -> bool:
    """Tell whether an update is SGD without momentum, decay or anything else."""
    w, g, out = step.inputs[0].array, step.inputs[1].array, step.outputs[0].array
    if len(step.inputs) > 2 or step.attrs.get("momentum") != 0:
        return False
    # one rounding of difference is left to the kernel
    return bool(np.allclose(out, w - step.attrs["learning_rate"] * g, rtol=1e-5, atol=1e-7))
