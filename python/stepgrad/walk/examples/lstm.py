"""One step of an LSTM with one unit, forward and back."""

from stepgrad import ops
from stepgrad.tape import Tensor, Variable, scope
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

H0, C0 = 0.5, 0.25
WEIGHTS = {
    "i": (0.5, 0.1, 0.0),
    "f": (-0.4, 0.2, 1.0),
    "g": (0.8, -0.3, 0.0),
    "o": (0.3, 0.6, 0.0),
}  # from x, from h, bias


def run() -> Walk:
    """Record the step at x = 1, h0 = 0.5, c0 = 0.25; the loss is the new h."""
    w = {
        gate: [Variable(v, name=f"{part}{gate}") for part, v in zip("wub", three)]
        for gate, three in WEIGHTS.items()
    }
    h0, c0 = Tensor(H0, requires_grad=True, name="h0"), Tensor(C0, requires_grad=True, name="c0")

    def gate(name, x):
        wx, uh, bias = w[name]
        with scope(name):
            z = named(
                named(named(x * wx, f"x{name}") + named(h0 * uh, f"h{name}"), f"s{name}") + bias, f"z{name}"
            )
            return named(ops.tanh(z) if name == "g" else ops.sigmoid(z), name)

    def step(x):
        i, f, g, o = (gate(name, x) for name in "ifgo")
        c = named(named(f * c0, "fc") + named(i * g, "ig"), "c")
        return named(o * named(ops.tanh(c), "tc"), "h")

    return walk(step, Tensor(1.0, requires_grad=True, name="x"))


EXAMPLE = Example(
    name="lstm",
    title="One LSTM step",
    source="worked for this project, checked against PyTorch's LSTMCell",
    about="Three gates between 0 and 1 decide what is let in, what is kept and what is shown. The way back through c is a sum and "
    "a product with f, not a matrix: that is how a gradient survives many steps.",
    run=run,
    printed=(
        *printed("i", "0.6341355910"), *printed("f", "0.6681877722"), *printed("g", "0.5716699661"), *printed("o", "0.6456563062"),
        *printed("c", "0.5295632148"), *printed("h", "0.3131737441"),
        *printed("dx", "0.2237125145"), *printed("dh0", "0.0153707212"), *printed("dc0", "0.3299192344"),
        *printed("dwi", "0.0654872541"), *printed("dwf", "0.0273678090"), *printed("dwg", "0.2107808359"), *printed("dwo", "0.1109711413"),
        *printed("dui", "0.0327436270"), *printed("duf", "0.0136839045"), *printed("dug", "0.1053904179"), *printed("duo", "0.0554855706"),
        *printed("dbi", "0.0654872541"), *printed("dbf", "0.0273678090"), *printed("dbg", "0.2107808359"), *printed("dbo", "0.1109711413"),
    ),
)  # fmt: skip
