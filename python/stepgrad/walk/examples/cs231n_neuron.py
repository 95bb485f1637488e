"""CS231n's sigmoid neuron, taken apart into additions, multiplications, exp and 1/x."""

from stepgrad import ops
from stepgrad.tape import Tensor
from stepgrad.walk.examples.example import Example, Printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

INPUTS = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def neuron(v: dict) -> Tensor:
    """1 / (1 + exp(-(w0 x0 + w1 x1 + w2))), every stage with a name."""
    first, second = named(v["w0"] * v["x0"], "a"), named(v["w1"] * v["x1"], "b")
    dot = named(named(first + second, "c") + v["w2"], "s")
    e = named(ops.exp(named(-dot, "n")), "e")
    return named(ops.reciprocal(named(e + 1.0, "d")), "f")


def run() -> Walk:
    """Record the neuron at w = [2, -3, -3], x = [-1, -2]."""
    v = {name: Tensor(x, requires_grad=True, name=name) for name, x in INPUTS.items()}
    return walk(lambda x0: neuron(v), v["x0"])


EXAMPLE = Example(
    name="cs231n-neuron",
    title="CS231n's sigmoid neuron, stage by stage",
    source="Stanford CS231n, Backpropagation, Intuitions (the figure of the sigmoid circuit)",
    about="Every gate knows only its own slope; the product of all slopes is (1 - f) f, the slope of the sigmoid.",
    run=run,
    printed=(
        Printed("w0*x0", "-2.00", "a"), Printed("w1*x1", "6.00", "b"), Printed("w0*x0 + w1*x1", "4.00", "c"),
        Printed("dot", "1.00", "s"), Printed("*-1", "-1.00", "n"), Printed("exp", "0.37", "e"), Printed("+1", "1.37", "d"),
        Printed("1/x", "0.73", "f"), Printed("d(1/x)", "1.00", "df"), Printed("d(+1)", "-0.53", "dd"), Printed("d(exp)", "-0.53", "de"),
        Printed("d(*-1)", "-0.20", "dn"), Printed("d(dot)", "0.20", "ds"), Printed("d(w0*x0 + w1*x1)", "0.20", "dc"),
        Printed("d(w0*x0)", "0.20", "da"), Printed("d(w1*x1)", "0.20", "db"), Printed("dw0", "-0.20", "dw0"),
        Printed("dx0", "0.39", "dx0"), Printed("dw1", "-0.39", "dw1"), Printed("dx1", "-0.59", "dx1"), Printed("dw2", "0.20", "dw2"),
    ),
)  # fmt: skip
