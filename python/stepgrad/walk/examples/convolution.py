"""A convolution by hand: a 3x3 image and a 2x2 filter, forward and both gradients."""

from stepgrad import ops
from stepgrad.tape import Tensor, Variable
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

IMAGE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
FILTER = [[1.0, 0.0], [0.0, -1.0]]
SLOPES = [[1.0, 2.0], [3.0, 4.0]]  # the loss is the sum of the output times these


def run() -> Walk:
    """Record the convolution and its gradients."""
    x = Tensor([[[[v] for v in row] for row in IMAGE]], requires_grad=True, name="x")
    w = Variable([[[[v]] for v in row] for row in FILTER], name="w")
    slopes = Tensor([[[[v] for v in row] for row in SLOPES]], name="s")
    return walk(lambda x: named(ops.sum(named(named(ops.conv(x, w), "y") * slopes, "ys")), "L"), x)


EXAMPLE = Example(
    name="convolution",
    title="A 3x3 image and a 2x2 filter",
    source="worked by hand for this project",
    about="The filter slides without being flipped. The filter's gradient is the image's windows, weighted with what came back; "
    "the image's gradient is what came back, spread over the windows through the filter.",
    run=run,
    printed=(
        *printed("y", "-4 -4 -4 -4", shape=(1, 2, 2, 1)),
        *printed("dy", "1 2 3 4", shape=(1, 2, 2, 1)),
        *printed("dw", "37 47 67 77", shape=(2, 2, 1, 1)),
        *printed("dx", "1 2 0 3 3 -2 0 -3 -4", shape=(1, 3, 3, 1)),
        *printed("L", "-40"),
    ),
)
