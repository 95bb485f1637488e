"""Two steps of Adam by hand, beside what two misprinted formulas would do."""

from __future__ import annotations

import math

from stepgrad import ops
from stepgrad.tape import Tensor, Variable
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

ETA, B1, B2, W0 = 0.1, 0.9, 0.999, 1.0


def half_square(w: Tensor) -> Tensor:
    """w^2 / 2, whose gradient is w itself."""
    return named(0.5 * named(ops.square(w), "w2"), "L")


def run() -> Walk:
    """Record the first step on w^2 / 2 at w = 1."""
    from stepgrad.optimizers import Adam

    return walk(half_square, Variable(W0, name="w"), optimizer=Adam(ETA, B1, B2, epsilon=0.0))


def two_steps(optimizer) -> list[float]:
    """Return w after one and after two steps of an optimizer."""
    w, path = Variable(W0, name="w"), []
    for _ in range(2):
        w.grad = None
        half_square(w).backward()
        optimizer.apply([w.grad], [w])
        path.append(w.item())
    return path


def misprinted(forgets_twice: bool) -> list[float]:
    """Return w after one and after two steps of a formula as it was printed."""
    w, m, v, path = W0, 0.0, 0.0, []
    for t in (1, 2):
        g = w
        m = B1 * m + (1 - B1) * ((g - m) if forgets_twice else g)
        v = B2 * v + (1 - B2) * g * g
        m_hat, v_hat = m / (1 - B1**t), v / (1 - B2**t)
        w = w - ETA * m_hat / math.sqrt(v_hat) if forgets_twice else w - ETA * m_hat + v_hat
        path.append(w)
    return path


def further() -> dict:
    """w after two steps."""
    from stepgrad.optimizers import Adam

    return {"w after steps": two_steps(Adam(ETA, B1, B2, epsilon=0.0))}


TWICE = "printed as m = b1 m + (1 - b1)(g - m): it forgets twice. Right: m = b1 m + (1 - b1) g"
ADDS = "printed with v-hat added and no square root (read as w - eta m-hat + v-hat): it climbs. Right: w - eta m-hat / sqrt(v-hat)"
EXAMPLE = Example(
    name="adam",
    title="Two steps of Adam",
    source="Kingma and Ba, Adam, 2014 (formulas), and two articles that misprint it; numbers worked for this project",
    about="On w^2 / 2 from w = 1 with learning rate 0.1 and epsilon 0. The first step has the size of the learning rate, whatever "
    "the gradient. The first misprint cannot be seen in the first step, only in the second.",
    run=run,
    further=further,
    printed=(
        *printed("m after 1", "0.1", "momentum of w'"),
        *printed("v after 1", "0.001", "velocity of w'"),
        *printed("w after steps", "0.9 0.8004122277"),
        *printed(
            "w after steps, m misprinted", "0.9 0.8059448817", "w after steps", {1: TWICE}, misprinted(True)
        ),
        *printed(
            "w after steps, v misprinted",
            "1.9 4.0582844054",
            "w after steps",
            {0: ADDS, 1: ADDS},
            misprinted(False),
        ),
    ),
)
