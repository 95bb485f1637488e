"""Scaled dot-product attention, forward and back, and what comes out when the softmax is forgotten."""

import math

from stepgrad import ops
from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

Q, K, V = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]
SLOPES = [[1.0, 0.0], [0.0, 1.0]]  # the loss is the sum of the output times these
FORGOTTEN = (
    "the article's formula, Q K^T / sqrt(d) V, has no softmax: the rows of the weights do not add up to 1"
)


def run() -> Walk:
    """Record softmax(Q K^T / sqrt(d)) V and its gradients."""
    q, k, v = (Tensor(rows, requires_grad=True, name=name) for name, rows in (("Q", Q), ("K", K), ("V", V)))
    slopes = Tensor(SLOPES, name="slopes")

    def attention(q):
        scores = named(named(q @ named(ops.transpose(k), "Kt"), "QK") * (1 / math.sqrt(2)), "S")
        out = named(named(ops.softmax(scores), "A") @ v, "O")
        return named(ops.sum(named(out * slopes, "OS")), "L")

    return walk(attention, q)


def further() -> dict:
    """The output as the article's formula has it."""
    scores = Tensor(Q) @ Tensor(K).T * (1 / math.sqrt(2))
    return {"without softmax": (scores @ Tensor(V)).numpy()}


WITHOUT = (2.8284271247, 4.2426406871, 2.1213203436, 2.8284271247)
EXAMPLE = Example(
    name="attention",
    title="Scaled dot-product attention",
    source="an article on the Transformer (its formula), numbers worked for this project and checked against PyTorch",
    about="Each row of A says how much of every row of V is taken; softmax makes each row add up to 1.",
    run=run,
    further=further,
    printed=(
        *printed("S", "0.7071067812 0.7071067812 0 0.7071067812", shape=(2, 2)),
        *printed("A", "0.5 0.5 0.3302384507 0.6697615493", shape=(2, 2)),
        *printed("O", "2 3 2.3395230987 3.3395230987", shape=(2, 2)),
        *printed("dA", "1 3 2 4", shape=(2, 2)),
        *printed("dS", "-0.5 0.5 -0.4423620327 0.4423620327", shape=(2, 2)),
        *printed("dQ", "0 0.3535533906 0 0.3127971931", shape=(2, 2)),
        *printed("dK", "-0.3535533906 -0.3127971931 0.3535533906 0.3127971931", shape=(2, 2)),
        *printed("dV", "0.5 0.3302384507 0.5 0.6697615493", shape=(2, 2)),
        *printed("without softmax", "2.8284271247 4.2426406871 2.1213203436 2.8284271247", "O", dict.fromkeys(range(4), FORGOTTEN),
                 WITHOUT, shape=(2, 2)),
    ),
)  # fmt: skip
