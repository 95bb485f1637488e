"""Matt Mazur's 2-2-2 sigmoid network, and where its last digits come from."""

from __future__ import annotations

from stepgrad import ops
from stepgrad.tape import Tensor, Variable, scope
from stepgrad.walk.examples.example import Example, Printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

ETA = 0.5
SAME = "the same: new output weights in the backward pass"
FRESH = "worked with the new output weights in the backward pass: that gives exactly the printed digits"
X, Y = [[0.05, 0.10]], [[0.01, 0.99]]


class Network:
    """The network; W[i, j] leads from unit i to unit j, so that W1[1, 0] is the article's w2. The biases are not updated."""

    def __init__(self) -> None:
        self.W1 = Variable([[0.15, 0.25], [0.20, 0.30]], name="W1")
        self.b1 = Variable([0.35, 0.35], trainable=False, name="b1")
        self.W2 = Variable([[0.40, 0.50], [0.45, 0.55]], name="W2")
        self.b2 = Variable([0.60, 0.60], trainable=False, name="b2")

    def hidden(self, x):
        """Return the output of the hidden layer."""
        with scope("hidden"):
            return named(ops.sigmoid(named(x @ self.W1 + self.b1, "Z1")), "A1")

    def output(self, h):
        """Return the output of the network."""
        with scope("output"):
            return named(ops.sigmoid(named(h @ self.W2 + self.b2, "Z2")), "A2")

    def __call__(self, x):
        return self.output(self.hidden(x))


def error(y, prediction):
    """Half of each squared error, and their sum."""
    difference = named(prediction - y, "difference")
    return ops.sum(named(0.5 * named(ops.square(difference), "squares"), "E"))


def run() -> Walk:
    """Record the first step."""
    from stepgrad.optimizers import SGD

    return walk(Network(), Tensor(X, name="X"), Tensor(Y, name="Y"), loss=error, optimizer=SGD(ETA))


def train(steps: int, fresh: bool = False) -> list[float]:
    """Train, and return the errors after one step and after all steps, and both outputs.

    With `fresh` the error goes back through the *new* output weights, the mistake that the article warns of.
    """
    from stepgrad.optimizers import SGD

    network, x, y, descent = Network(), Tensor(X), Tensor(Y), SGD(ETA)
    weights = [network.W1, network.W2]
    errors = []
    for i in range(steps):
        h = network.hidden(x)
        if fresh:
            cut = Tensor(h.array, requires_grad=True)
            error(y, network.output(cut)).backward()
            new = network.W2.array - ETA * network.W2.grad.array
            delta2 = network.W2.grad.array[:1] / cut.array[:, :1]  # dW2 = A1^T delta2
            h.backward(Tensor(delta2) @ Tensor(new).T)
        else:
            error(y, network.output(h)).backward()
        descent.apply([w.grad for w in weights], weights)
        for w in weights:
            w.grad = None
        if i in (0, steps - 1):
            errors.append(error(y, network(x)).item())
    return [*errors, *network(x).tolist()[0]]


def further() -> dict:
    """Train 10,000 steps."""
    right = train(10_000)
    return {"error after 1": right[0], "error after 10,000": right[1], "outputs after 10,000": right[2:]}


def _weights() -> tuple:
    names = {"w1": ("W1'", 0, 0), "w2": ("W1'", 1, 0), "w3": ("W1'", 0, 1), "w4": ("W1'", 1, 1),
             "w5": ("W2'", 0, 0), "w6": ("W2'", 1, 0), "w7": ("W2'", 0, 1), "w8": ("W2'", 1, 1)}  # fmt: skip
    digits = [
        "0.149780716",
        "0.19956143",
        "0.24975114",
        "0.29950229",
        "0.35891648",
        "0.408666186",
        "0.511301270",
        "0.561370121",
    ]
    return tuple(
        Printed(f"{name}+", d, value, (i, j))
        for (name, (value, i, j)), d in zip(names.items(), digits, strict=True)
    )


EXAMPLE = Example(
    name="mazur",
    title="Matt Mazur's 2-2-2 network",
    source="M. Mazur, A Step by Step Backpropagation Example, mattmazur.com, 2015",
    about="Two inputs, two hidden and two output sigmoid units, half the squared error, learning rate 0.5; biases stay. "
    "The first pass and the eight weights are right to the last digit. The error after the step is not: the article "
    "says that the old output weights are used in the backward pass, but prints, digit for digit, what comes out with the new ones.",
    run=run,
    further=further,
    printed=(
        Printed("net h1", "0.3775", "Z1", (0, 0)),
        Printed("out h1", "0.593269992", "A1", (0, 0)),
        Printed("out h2", "0.596884378", "A1", (0, 1)),
        Printed("net o1", "1.105905967", "Z2", (0, 0)),
        Printed("out o1", "0.75136507", "A2", (0, 0)),
        Printed("out o2", "0.772928465", "A2", (0, 1)),
        Printed("E o1", "0.274811083", "E", (0, 0)),
        Printed("E o2", "0.023560026", "E", (0, 1)),
        Printed("E total", "0.298371109", "loss"),
        Printed("dE/dout o1", "0.74136507", "dA2", (0, 0)),
        Printed("dE/dnet o1", "0.138498562", "delta2", (0, 0)),
        Printed("dE/dw5", "0.082167041", "dW2", (0, 0)),
        Printed("dE/dout h1", "0.036350306", "dA1", (0, 0)),
        Printed("dE/dw1", "0.000438568", "dW1", (0, 0)),
        *_weights(),
        Printed("E total after 1 step", "0.291027924", "error after 1", (), FRESH, 0.291027923905, 0.2910277736936),
        Printed(
            "E total after 10,000 steps", "0.0000351085", "error after 10,000", (),
            "the same, and a digit too many: with the new output weights it is 0.000035085, printed with a 1 slipped in", 0.000035084786, 3.510187782979e-05,
        ),
        Printed("out o1 after 10,000 steps", "0.015912196", "outputs after 10,000", (0,), SAME, 0.0159121963, 0.01591362044355),
        Printed("out o2 after 10,000 steps", "0.984065734", "outputs after 10,000", (1,), SAME, 0.9840657345, 0.98406427351462),
    ),
)  # fmt: skip
