"""CS231n's first circuit: f(x, y, z) = (x + y) z."""

from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, Printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk


def run() -> Walk:
    """Record f at x = -2, y = 5, z = -4."""
    x, y, z = (Tensor(v, requires_grad=True, name=name) for name, v in (("x", -2.0), ("y", 5.0), ("z", -4.0)))
    return walk(lambda x: named(named(x + y, "q") * z, "f"), x)


EXAMPLE = Example(
    name="cs231n-circuit",
    title="CS231n's circuit f = (x + y) z",
    source="Stanford CS231n, Backpropagation, Intuitions",
    about="An addition passes the gradient on to both; a multiplication passes it on times the other factor.",
    run=run,
    printed=(
        Printed("q", "3", "q"), Printed("f", "-12", "f"), Printed("df/df", "1", "df"),
        Printed("df/dz", "3", "dz"), Printed("df/dq", "-4", "dq"), Printed("df/dx", "-4", "dx"), Printed("df/dy", "-4", "dy"),
    ),
)  # fmt: skip
