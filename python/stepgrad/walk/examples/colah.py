"""Colah's computational graph: e = (a + b)(b + 1), where b is used twice."""

from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, Printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk


def run() -> Walk:
    """Record e at a = 2, b = 1."""
    a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(1.0, requires_grad=True, name="b")
    return walk(lambda a: named(named(a + b, "c") * named(b + 1.0, "d"), "e"), a)


EXAMPLE = Example(
    name="colah",
    title="Colah's e = (a + b)(b + 1)",
    source="C. Olah, Calculus on Computational Graphs: Backpropagation, 2015",
    about="b reaches e along two ways. The chain rule adds what comes back along both: 2 + 3 = 5.",
    run=run,
    printed=(
        Printed("c", "3", "c"), Printed("d", "2", "d"), Printed("e", "6", "e"), Printed("de/dc", "2", "dc"),
        Printed("de/dd", "3", "dd"), Printed("de/da", "2", "da"), Printed("de/db", "5", "db"),
    ),
)  # fmt: skip
