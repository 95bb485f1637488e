"""The library of common mistakes: each rewrites the right formula into the wrong one that learners use.

A rule looks at one node of a formula and yields what may stand there by mistake, with a sentence that says so.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from stepgrad.grade.expression import SLOPES_AT_A, Expression, apply, number, ref
from stepgrad.grade.rewriting import Change, Rule, Situation


def new_weights(node: Expression, s: Situation) -> Iterator[Change]:
    new = s.solution.updated.get(node.data) if node.kind == "ref" else None
    if new is not None and s.quantity.phase == "backward" and new in s.values:
        yield ref(new), f"the new weights {new} were used, but the gradient belongs to the old {node.data}"


def learning_rate_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if _is_rate(node):
        yield number(1.0), "the learning rate was forgotten"


def learning_rate_twice(node: Expression, s: Situation) -> Iterator[Change]:
    if _is_rate(node):
        yield number(node.data[0] ** 2, "eta^2"), "the learning rate was applied twice"


def update_added(node: Expression, s: Situation) -> Iterator[Change]:
    if s.quantity.phase == "update" and node is s.quantity.expression and node.kind == "subtract":
        yield (
            node.parts[0] + node.parts[1],
            "the step was added: the gradient points uphill, so it is subtracted",
        )


def derivative_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "multiply" and node.parts[1].kind == "slope_at_a":
        yield node.parts[0], f"the derivative of the activation, {node.parts[1]}, was forgotten"


def derivative_misplaced(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind != "slope_at_a":
        return
    z, a = node.parts
    yield (
        Expression("slope_at_a", (a, z), node.data),
        f"in {node} the value before the activation, {z}, was put where {a} belongs",
    )
    yield (
        Expression("slope_at_z", (a, z), node.data),
        f"the derivative {node} was taken at {a} and not at {z}",
    )
    for name, made in s.solution.items():
        elsewhere = name in s.values and name not in (str(z), str(a)) and made.phase == "forward"
        if elsewhere and np.shape(s.values[name]) == s.shape(a):
            other = Expression("slope_at_a", (ref(name), ref(name)), node.data)
            yield other, f"the derivative {node} was taken at {name}, in another layer"


def other_derivative(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "slope_at_a":
        for other in SLOPES_AT_A:
            if other not in (node.data, "identity"):
                yield (
                    Expression("slope_at_a", node.parts, other),
                    f"the derivative of {other} was used, but the activation is {node.data}",
                )


def softmax_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "apply" and node.data == "softmax":
        yield node.parts[0], "the softmax was forgotten"
        yield apply("exp", node.parts[0]), "the exponentials were not divided by their sum"
    if node.kind == "ref" and s.quantity.expression.kind != "apply":
        made = s.solution.get(node.data)
        if made is not None and made.expression.kind == "apply" and made.expression.data == "softmax":
            yield (
                made.expression.parts[0],
                f"the softmax was forgotten: {made.expression.parts[0]} stands where {node} belongs",
            )


def activation_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "apply" and node.data in SLOPES_AT_A and node.data != "identity":
        yield node.parts[0], f"the activation {node.data} was forgotten"


def other_activation(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "apply" and node.data in (*SLOPES_AT_A, "softmax"):
        for other in SLOPES_AT_A:
            if other not in (node.data, "identity"):
                yield apply(other, node.parts[0]), f"{other} was used, but the activation is {node.data}"


def bias_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "add" and s.quantity.phase == "forward":
        yield node.parts[0], f"the bias {node.parts[1]} was forgotten"


def transposed(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "transpose":
        yield node.parts[0], f"{node.parts[0]} was not transposed"
    elif node.kind == "matmul":
        for i, part in enumerate(node.parts):
            if part.kind == "ref" and len(s.shape(part)) == 2:
                yield (
                    dataclasses.replace(node, parts=(*node.parts[:i], part.T, *node.parts[i + 1 :])),
                    f"{part} was transposed",
                )
        yield node.T, "the result is transposed"
    elif node.kind == "spread":
        yield (
            dataclasses.replace(node, parts=(node.parts[0], Expression("turn", (node.parts[1],)))),
            "the filter was not turned",
        )
    elif node.kind == "convolve":
        turned = Expression("turn", (node.parts[1],))
        yield (
            dataclasses.replace(node, parts=(node.parts[0], turned)),
            f"{node.parts[1]} was turned by 180 degrees",
        )
        yield (
            dataclasses.replace(node, parts=(node.parts[0], node.parts[1].T)),
            f"{node.parts[1]} was transposed",
        )


def elementwise(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "matmul":
        a, b = node.parts
        text = f"{a} and {b} were multiplied entry by entry; here a row meets a column, and the products are added up"
        yield a * b, text
        if a.kind == "transpose":
            yield a.parts[0] * b, text
        if b.kind == "transpose":
            yield a * b.parts[0], text
        yield a * Expression("take", (b,), ("diagonal", np.diagonal)), text + " (only the diagonal was used)"
    elif node.kind == "convolve":
        x, k = node.parts
        rows, columns = s.shape(k)
        corner = Expression("take", (x,), ("corner", lambda v: v[:rows, :columns]))
        yield corner * k, f"{x} and {k} were multiplied entry by entry; a window's products are added up"
    elif (
        node.kind == "multiply"
        and all(len(s.shape(part)) == 1 for part in node.parts)
        and len(set(map(s.shape, node.parts))) == 1
    ):
        yield (
            node.parts[0] @ node.parts[1],
            f"the products of {node.parts[0]} and {node.parts[1]} were added up; they stay apart",
        )


def factor(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "number" and node.data[1].startswith("1/"):
        yield number(1.0), f"the {node.data[1]} was forgotten"
    if s.quantity.phase == "update":
        applies = node.kind == "ref" and node.data.startswith("d")  # the gradient
    else:
        applies = node is s.quantity.expression
    if not applies:
        return
    counts = {2, *(int(n) for name in node.names() for n in np.shape(s.values[name]))}
    if node.kind == "sum":
        counts.add(np.size(node.parts[0].value(s.values)) // max(1, math.prod(s.shape(node))))
    for n in sorted(counts - {0, 1}):
        yield number(1 / n) * node, f"a mean was taken where the sum belongs: divided by {n}"
        yield number(float(n)) * node, f"a factor 1/{n} is missing: {n} times too large"


def batch_not_summed(node: Expression, s: Situation) -> Iterator[Change]:
    if s.quantity.phase != "backward":
        return
    if node.kind == "sum":
        yield from _samples(node, node.parts[0], s)
    if node.kind == "matmul" and node.parts[0].kind == "transpose":
        a, delta = node.parts[0].parts[0], node.parts[1]
        for k in range(s.shape(delta)[0] if s.shape(delta)[0] > 1 else 0):
            one = _row(a, k).T @ _row(delta, k)
            yield one, f"the gradient was not summed over the batch: only sample {k} is in it"


def _samples(node: Expression, x: Expression, s: Situation) -> Iterator[Change]:
    shape = s.shape(x)
    if node.data == 0 and shape[0] > 1:
        for k in range(shape[0]):
            taken = Expression("take", (x,), (f"row {k}", lambda v, k=k: v[k]))
            yield taken, f"the gradient was not summed over the batch: only sample {k} is in it"
    elif node.data is None:
        for index in np.ndindex(shape):
            taken = Expression("take", (x,), (f"entry {list(index)}", lambda v, index=index: v[index]))
            yield taken, f"the gradient was not summed: only the entry {list(index)} is in it"


def sign(node: Expression, s: Situation) -> Iterator[Change]:
    if node is s.quantity.expression:
        yield -node, "the right size with the wrong sign"
    if node.kind == "subtract" and not (s.quantity.phase == "update" and node is s.quantity.expression):
        yield node.parts[0] + node.parts[1], f"{node.parts[1]} was added, but it is subtracted"
        if node is not s.quantity.expression:
            yield (
                node.parts[1] - node.parts[0],
                f"the difference was taken the wrong way round: {node.parts[1]} - {node.parts[0]}",
            )
    elif node.kind == "add":
        yield node.parts[0] - node.parts[1], f"{node.parts[1]} was subtracted, but it is added"


def function_forgotten(node: Expression, s: Situation) -> Iterator[Change]:
    if node.kind == "apply" and node.data in ("square", "log"):
        yield node.parts[0], f"the {'square' if node.data == 'square' else 'logarithm'} was forgotten"


def _is_rate(node: Expression) -> bool:
    return node.kind == "number" and node.data[1] == "eta"


def _row(x: Expression, k: int) -> Expression:
    return Expression("take", (x,), (f"row {k}", lambda v: v[k : k + 1]))


# The most specific first. Then come the slips of the pen (slips.py), and GENERAL (general.py).
SPECIFIC: dict[str, Rule] = {
    "new weights in the backward pass": new_weights,
    "learning rate forgotten": learning_rate_forgotten,
    "learning rate applied twice": learning_rate_twice,
    "update added instead of subtracted": update_added,
    "softmax forgotten": softmax_forgotten,
    "activation derivative forgotten": derivative_forgotten,
    "activation derivative at the wrong place": derivative_misplaced,
    "derivative of a different activation": other_derivative,
    "activation forgotten": activation_forgotten,
    "a different activation": other_activation,
    "bias forgotten": bias_forgotten,
    "square or logarithm forgotten": function_forgotten,
    "transposed weight": transposed,
    "elementwise instead of matrix product": elementwise,
    "gradient not summed over the batch": batch_not_summed,
    "mean instead of sum": factor,
    "sign flipped": sign,
}
