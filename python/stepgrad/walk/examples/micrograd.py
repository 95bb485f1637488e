"""micrograd's neuron: two inputs, two weights, a bias chosen so that the output is a round number, and tanh."""

from stepgrad import ops
from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, Printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

INPUTS = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}


def run() -> Walk:
    """Record the neuron."""
    v = {name: Tensor(x, requires_grad=True, name=name) for name, x in INPUTS.items()}

    def neuron(x1):
        both = named(named(x1 * v["w1"], "x1w1") + named(v["x2"] * v["w2"], "x2w2"), "x1w1_x2w2")
        return named(ops.tanh(named(both + v["b"], "n")), "o")

    return walk(neuron, v["x1"])


EXAMPLE = Example(
    name="micrograd",
    title="micrograd's neuron",
    source="A. Karpathy, micrograd and its lecture, 2022 (four digits, as its graphs print them)",
    about="The bias makes tanh's slope exactly one half. An input of 0 gives its weight the gradient 0.",
    run=run,
    printed=(
        Printed("x1*w1", "-6.0000", "x1w1"), Printed("x2*w2", "0.0000", "x2w2"), Printed("x1*w1 + x2*w2", "-6.0000", "x1w1_x2w2"),
        Printed("n", "0.8814", "n"), Printed("o", "0.7071", "o"), Printed("o.grad", "1.0000", "do"), Printed("n.grad", "0.5000", "dn"),
        Printed("b.grad", "0.5000", "db"), Printed("x1w1x2w2.grad", "0.5000", "dx1w1_x2w2"), Printed("x1w1.grad", "0.5000", "dx1w1"),
        Printed("x2w2.grad", "0.5000", "dx2w2"), Printed("x1.grad", "-1.5000", "dx1"), Printed("w1.grad", "1.0000", "dw1"),
        Printed("x2.grad", "0.5000", "dx2"), Printed("w2.grad", "0.0000", "dw2"),
    ),
)  # fmt: skip
