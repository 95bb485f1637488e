"""Softmax with cross-entropy, in its parts and in one op, and why its gradient is p - y."""

from stepgrad import ops
from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

Z, Y = [1.0, 2.0, 3.0], [0.0, 1.0, 0.0]


def run() -> Walk:
    """Record the loss in parts: the softmax, its logarithm, times the label."""
    y = Tensor(Y, name="y")

    def loss(z):
        p = named(ops.softmax(z), "p")
        return named(-named(ops.sum(named(y * named(ops.log(p), "l"), "yl")), "t"), "L")

    return walk(loss, Tensor(Z, requires_grad=True, name="z"))


def further() -> dict:
    """The same gradient from the op that does it all at once, and p - y."""
    z = Tensor([Z], requires_grad=True)
    ops.sum(ops.categorical_crossentropy(Tensor([Y]), z, from_logits=True)).backward()
    return {"in one op": z.grad.numpy()[0], "p - y": ops.softmax(Tensor(Z)).numpy() - Y}


DIGITS = "0.090030573 -0.755271529 0.665240956"
EXAMPLE = Example(
    name="softmax",
    title="Softmax with cross-entropy: p - y",
    source="worked by hand for this project; p is the textbook softmax of 1, 2, 3",
    about="The logarithm's gradient -y/p meets the softmax's p (g - sum(p g)): the p cancels and p - y remains. "
    "That is why a wrong answer learns fast here, and slowly with the mean squared error.",
    run=run,
    further=further,
    printed=(
        *printed("p", "0.090030573 0.244728471 0.665240956"),
        *printed("L", "1.407605964"),
        *printed("dp", "0 -4.086161270 0"),
        *printed("dz", DIGITS),
        *printed("in one op", DIGITS),
        *printed("p - y", DIGITS),
    ),
)
