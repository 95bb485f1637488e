"""Two steps of Adagrad by hand, beside the same steps without its square root."""

from __future__ import annotations

from stepgrad.tape import Variable
from stepgrad.walk.examples.adam import half_square, two_steps
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

ETA = 0.1


def _adagrad():
    from stepgrad.optimizers import Adagrad

    return Adagrad(ETA, initial_accumulator_value=0.0, epsilon=0.0)


def run() -> Walk:
    """Record the first step on w^2 / 2 at w = 1."""
    return walk(half_square, Variable(1.0, name="w"), optimizer=_adagrad())


def further() -> dict:
    """w after two steps."""
    return {"w after steps": two_steps(_adagrad())}


def without_root() -> list[float]:
    """Return w after one and after two steps when the sum of squares is not put under a root."""
    w, total, path = 1.0, 0.0, []
    for _ in range(2):
        total += w * w
        w -= ETA * w / total
        path.append(w)
    return path


ROOT = "the square root left out, as one article does in Adam"
EXAMPLE = Example(
    name="adagrad",
    title="Two steps of Adagrad",
    source="Duchi et al., Adaptive Subgradient Methods, 2011 (formula); numbers worked for this project",
    about="On w^2 / 2 from w = 1 with learning rate 0.1. The sum of squared gradients only grows, so the steps only shrink.",
    run=run,
    further=further,
    printed=(
        *printed("G after 1", "1", "accumulator of w'"),
        *printed("w after steps", "0.9 0.8331035268"),
        *printed("w after steps, no root", "0.9 0.8502762431", "w after steps", {1: ROOT}, without_root()),
    ),
)
