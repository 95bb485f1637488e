"""The hand-worked 3-3-3-3 example, all 63 numbers: as printed, as they follow from the printed ones before, and right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stepgrad import ops
from stepgrad.tape import Tensor, Variable
from stepgrad.walk.examples.example import Example, Printed, rounds_to
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

ETA = 0.01
GIVEN = {
    "X": [1.0, 2.0, 3.0], "Y": [0.0, 1.0, 0.0], "W1": [0.1, 0.2, 0.3], "W2": [0.1, 0.3, 0.5], "W3": [0.1, 0.3, 0.5],
    "b1": [0.1] * 3, "b2": [0.1] * 3, "b3": [0.1] * 3,
}  # fmt: skip

# In the article's order. The activation is written as sigma, but the numbers apply the identity: A = Z.
DIGITS = {
    "Z1": "0.4 0.7 1.0", "A1": "0.4 0.7 1.0", "Z2": "0.13 0.27 0.45", "A2": "0.13 0.27 0.45",
    "Z3": "0.009 0.0405 0.07275", "A3": "0.009 0.0405 0.07275",
    "delta3": "-0.009 -0.9595 0.07275", "delta2": "-0.001 -0.28785 0.036375", "delta1": "-0.0001 -0.0867175 0.0185625",
    "dW3": "-0.000117 -0.12781725 0.03344625", "db3": "-0.009 -0.9595 0.07275",
    "dW2": "-0.0004 -0.199195 0.042125", "db2": "-0.001 -0.28785 0.036375",
    "dW1": "-0.0001 -0.173435 0.05591875", "db1": "-0.0001 -0.0867175 0.0185625",
    "W3'": "0.099883 0.29718175 0.506553", "b3'": "0.101 0.111 0.02725",
    "W2'": "0.1004 0.3008 0.517875", "b2'": "0.101 0.111 0.02725",
    "W1'": "0.1009 0.198665 0.34408125", "b1'": "0.101 0.111 0.02725",
}  # fmt: skip

# How each number follows from those before it, in numbers of stepgrad's own tape.
RULES: dict[str, Callable] = {
    "Z1": lambda v: v["X"] * v["W1"] + v["b1"], "A1": lambda v: v["Z1"],
    "Z2": lambda v: v["A1"] * v["W2"] + v["b2"], "A2": lambda v: v["Z2"],
    "Z3": lambda v: v["A2"] * v["W3"] + v["b3"], "A3": lambda v: v["Z3"],
    "delta3": lambda v: v["A3"] - v["Y"], "delta2": lambda v: v["delta3"] * v["W3"], "delta1": lambda v: v["delta2"] * v["W2"],
    "dW3": lambda v: v["A2"] * v["delta3"], "db3": lambda v: v["delta3"],
    "dW2": lambda v: v["A1"] * v["delta2"], "db2": lambda v: v["delta2"],
    "dW1": lambda v: v["X"] * v["delta1"], "db1": lambda v: v["delta1"],
    "W3'": lambda v: v["W3"] - ETA * v["dW3"], "b3'": lambda v: v["b3"] - ETA * v["db3"],
    "W2'": lambda v: v["W2"] - ETA * v["dW2"], "b2'": lambda v: v["b2"] - ETA * v["db2"],
    "W1'": lambda v: v["W1"] - ETA * v["dW1"], "b1'": lambda v: v["b1"] - ETA * v["db1"],
}  # fmt: skip

# (name, position) -> (what went wrong, the slip done again on the article's own numbers). Where no simple slip gives the
# printed number the list has no entry, and the table says so.
SLIPS: dict[tuple[str, int], tuple[str, Callable]] = {
    **{
        ("Z1", i): (
            "the last input, 3, was used for every unit",
            lambda v, i=i: v["X"][2] * v["W1"][i] + v["b1"][i],
        )
        for i in (0, 1)
    },
    ("Z2", 0): ("0.3 was taken for A1[0] = 0.4", lambda v: 0.3 * v["W2"][0] + v["b2"][0]),
    ("Z2", 2): ("A1[1] was taken for A1[2]", lambda v: v["A1"][1] * v["W2"][2] + v["b2"][2]),
    ("Z3", 1): ("bias forgotten, and half of the product", lambda v: v["A2"][1] * v["W3"][1] / 2),
    ("delta3", 0): ("sign flipped: 0.009 - 0 is +0.009", lambda v: -(v["A3"][0] - v["Y"][0])),
    ("db3", 0): ("sign of delta3[0], flipped before", lambda v: v["delta3"][0]),
    ("delta2", 0): (
        "rounded too early: -0.0009 printed as -0.001",
        lambda v: round(v["delta3"][0] * v["W3"][0], 3),
    ),
    ("dW3", 0): (
        "off by a power of ten: 0.13 times -0.009 is -0.00117",
        lambda v: v["A2"][0] * v["delta3"][0] / 10,
    ),
    ("W3'", 0): ("learning rate forgotten and sign flipped", lambda v: v["W3"][0] + v["dW3"][0]),
    ("b3'", 2): ("learning rate forgotten", lambda v: v["b3"][2] - v["db3"][2]),
    ("W2'", 0): ("learning rate forgotten", lambda v: v["W2"][0] - v["dW2"][0]),
    **{(b, i): ("copied from b3'", lambda v, i=i: v["b3'"][i]) for b in ("b2'", "b1'") for i in range(3)},
}


def run() -> Walk:
    """Record the step: one weight a unit, identity activation, half the sum of squares, plain descent."""
    from stepgrad.optimizers import SGD

    w = {name: Variable(GIVEN[name], name=name) for name in ("W1", "b1", "W2", "b2", "W3", "b3")}

    def network(x):
        for layer in "123":
            x = named(named(x * w[f"W{layer}"], f"P{layer}") + w[f"b{layer}"], f"Z{layer}")
        return x

    def loss(y, prediction):
        error = named(prediction - y, "E")
        return 0.5 * named(ops.sum(named(ops.square(error), "S")), "sum of squares")

    return walk(
        network, Tensor(GIVEN["X"], name="X"), Tensor(GIVEN["Y"], name="Y"), loss=loss, optimizer=SGD(ETA)
    )


def printed() -> tuple[Printed, ...]:
    """List the 63 numbers, each with what follows from the printed ones before it and what went wrong."""
    article = {name: np.array(values) for name, values in GIVEN.items()}
    right = dict(article)
    result = []
    for name, row in DIGITS.items():
        follows = _on_the_tape(RULES[name], article)
        right[name] = _on_the_tape(RULES[name], right)
        for i, digits in enumerate(row.split()):
            erratum = ""
            if not rounds_to(right[name][i], digits):
                erratum = _what_went_wrong(name, i, digits, follows[i], article)
            result.append(
                Printed(f"{name}[{i}]", digits, name.replace("A", "Z"), (i,), erratum, float(follows[i]))
            )
        article[name] = np.array([float(word) for word in row.split()])
    return tuple(result)


def _on_the_tape(rule, values: dict) -> np.ndarray:
    return rule({name: Tensor(array, dtype="float64") for name, array in values.items()}).numpy()


def _what_went_wrong(name: str, i: int, digits: str, follows: float, article: dict) -> str:
    if (name, i) in SLIPS:
        return SLIPS[name, i][0]
    if rounds_to(follows, digits):
        return "right, but worked from wrong numbers before it"
    return "does not follow, and no simple slip reproduces it"


EXAMPLE = Example(
    name="3-3-3-3",
    title="The hand-worked 3-3-3-3 example",
    source="an article on neural networks for products, section 4.3 (63 printed numbers)",
    about="Three layers with one weight a unit (elementwise products: the only reading under which the article's shapes fit), "
    "identity activation, half the sum of squares, one step with learning rate 0.01.",
    run=run,
    printed=printed(),
)
