"""Gradients the short way: the same bits as the gradients as they are written, and only where nobody looks on."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, ops
from stepgrad.errors import InPlaceError
from stepgrad.tape.state import rules

pytestmark = pytest.mark.skipif(not kernels.compiled(), reason="the short way leads into the C++ kernels")

ELEMENTWISE = sorted(
    name for name in kernels.direct if rules[name].differentiable and rules[name].elementwise
)
WAYS = {
    "add": 2, "subtract": 2, "multiply": 2, "divide": 2, "negative": 1, "tanh": 1, "sigmoid": 1, "relu": 1, "exp": 1,
    "square": 1, "gelu": 1, "silu": 1,
}  # fmt: skip


def gradients(op, arrays, seed, times=3):
    """Return the gradients of the last of several calls: the first one only reads the recipe."""
    for _ in range(times):
        inputs = [sg.Tensor(a, requires_grad=True) for a in arrays]
        op(*inputs).backward(seed)
    return [None if t.grad is None else t.grad.numpy() for t in inputs]


def operands(op, dtype):
    count = 2 if type(op).__name__.endswith("Gradient") or isinstance(op, sg.ops.op.Binary) else 1
    rng = np.random.default_rng(1)
    return [rng.uniform(0.1, 0.9, (5, 7)).astype(dtype) for _ in range(count)], rng.normal(
        size=(5, 7)
    ).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_short_way_gives_the_bits_of_the_long_one(name, dtype):
    arrays, seed = operands(rules[name], dtype)
    short = gradients(rules[name], arrays, seed)
    with sg.hooks(sg.Hook()):
        long = gradients(rules[name], arrays, seed)
    for a, b in zip(short, long, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", WAYS)
def test_the_usual_ops_have_a_recipe(name):
    arrays, seed = operands(rules[name], "float32")
    gradients(rules[name], arrays, seed)
    assert rules[name].recipes[2 ** WAYS[name] - 1]


def test_equal_inputs_are_told_apart():
    x, y = sg.Tensor([3.0], requires_grad=True), sg.Tensor([5.0], requires_grad=True)
    for _ in range(2):  # read on x * x with the seed x, followed on x * y
        x.grad = None
        (x * x).backward(x)
    assert x.grad.item() == 18.0
    x.grad = None
    (x * y).backward(sg.Tensor([1.0]))
    assert (x.grad.item(), y.grad.item()) == (5.0, 3.0)


def test_hooks_see_the_gradient_as_it_is_written():
    class Names(sg.Hook):
        def __init__(self):
            self.seen = []

        def after_forward(self, step, inputs, outputs):
            self.seen.append(step.op.name)

    x = sg.Tensor([1.0], requires_grad=True)
    gradients(ops.multiply, [np.ones(1), np.ones(1)], np.ones(1))
    y = x * sg.Tensor([2.0])
    names = Names()
    with sg.hooks(names):
        y.backward()
    assert names.seen == ["multiply"]


def test_a_saved_input_is_guarded_on_the_short_way():
    w = sg.Variable([1.0, 2.0])
    for _ in range(3):
        (w * w).backward(sg.Tensor([1.0, 1.0]))
    y = w * w
    w.assign([3.0, 4.0])
    with pytest.raises(InPlaceError):
        y.backward(sg.Tensor([1.0, 1.0]))


def test_the_gradient_of_a_gradient_runs_as_it_is_written():
    gradients(ops.tanh, [np.ones(1)], np.ones(1))
    x = sg.Tensor([0.5], dtype="float64", requires_grad=True)
    ops.tanh(x).backward(create_graph=True)
    first, x.grad = x.grad, None
    first.backward()
    t = np.tanh(0.5)
    assert x.grad.item() == pytest.approx(-2 * t * (1 - t * t), rel=1e-12)  # the formula, to rounding


def test_a_rung_that_is_asked_for_runs():
    calls = []
    kernels.add("multiply", "counted", lambda a, b: calls.append(1) or a * b)
    try:
        gradients(ops.multiply, [np.ones(2), np.ones(2)], np.ones(2))
        assert len(calls) == 9  # one product forward, two backward
    finally:
        kernels.remove("multiply", "counted")
    gradients(ops.multiply, [np.ones(2), np.ones(2)], np.ones(2))
    assert len(calls) == 9


@pytest.mark.parametrize("number", [2.0, -0.5, 3, 0.0, -0.0, 1e300, True])
def test_a_python_number_means_the_same_on_both_ways(number):
    x = np.array([1.5, -2.5], np.float32)

    def results():
        t = sg.Tensor(x, requires_grad=True)
        made = [t * number, t / (number or 1), number * t, number + t, number - t]
        for y in made:
            y.backward([1.0, 2.0])
        return [*(y.numpy() for y in made), t.grad.numpy()]

    with np.errstate(over="ignore"), sg.hooks(sg.Hook()):
        long = results()
    with np.errstate(over="ignore"):
        short = results()
    for a, b in zip(short, long, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a), np.signbit(b))


def test_a_recipe_is_read_with_a_variable_too():
    op = rules["multiply"]
    op.recipes[:] = [None] * 4
    w = sg.Variable([2.0])
    (w * w).backward(sg.Tensor([1.0]))
    assert w.grad.item() == 4.0 and op.recipes[3]


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum"])
@pytest.mark.parametrize("shape", [(7,), (), (5, 7)])
def test_an_operand_that_nobody_tracks_may_repeat(name, shape):
    def last(times=3):
        for _ in range(times):
            x = sg.Tensor(np.linspace(-1, 1, 35, dtype=np.float32).reshape(5, 7), requires_grad=True)
            rules[name](x, sg.Tensor(np.full(shape, 0.3, np.float32))).backward(x.array)
        return x.grad.numpy()

    short = last()
    with sg.hooks(sg.Hook()):
        np.testing.assert_array_equal(short, last())


def test_a_gradient_that_repeats_one_number_does_not_spoil_the_recipe():
    op = rules["multiply"]
    op.recipes[:] = [None] * 4
    x = sg.Tensor([2.0, 3.0], requires_grad=True)
    for _ in range(2):  # what comes out of sum is a view with strides of 0: no kernel takes it as it is
        x.grad = None
        (x * x * x).sum().backward()
    assert x.grad.tolist() == [12.0, 27.0] and op.recipes[3]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("tracked", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("shapes", [((5, 7), (7, 3)), ((1, 7), (7, 1)), ((2, 5, 7), (7, 3)), ((7,), (7, 3))])
def test_a_product_goes_the_short_way_too(shapes, tracked, dtype):
    op = rules["matmul"]
    op.recipes[:] = [None] * 4
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    seed = rng.normal(size=(arrays[0] @ arrays[1]).shape).astype(dtype)

    def run():
        for _ in range(3):
            inputs = [sg.Tensor(a, requires_grad=t) for a, t in zip(arrays, tracked, strict=True)]
            (inputs[0] @ inputs[1]).backward(seed)
        return [t.grad.numpy() for t in inputs if t.requires_grad]

    short = run()
    with sg.hooks(sg.Hook()):
        long = run()
    for a, b in zip(short, long, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(op.recipes) == (len(shapes[0]) == 2)


def test_a_product_that_does_not_fit_says_so():
    with pytest.raises(sg.errors.ShapeError, match="the inner sizes differ"):
        sg.Tensor(np.ones((2, 3))) @ sg.Tensor(np.ones((2, 3)))


def test_arrays_that_serve_again_are_nobody_elses():
    """Gradients are added where they lie; what the user gave, and what a gradient op returned, keeps its values."""
    seed = sg.Tensor([1.0, 1.0])

    def run():
        x, y = sg.Tensor([2.0, 3.0], requires_grad=True), sg.Tensor([5.0, 7.0], requires_grad=True)
        middle = x * y + x
        z = (middle + middle) * x - middle * (y + y) * 2.0
        other = ops.concatenate([z, middle * z])  # no short way: the walk leaves it and comes back
        (z * z + other[:2] + middle).backward(seed, retain_graph=True)
        first = x.grad
        values = [x.grad.tolist(), y.grad.tolist()]
        z.backward(seed)
        assert first.tolist() == values[0]  # more is added to x.grad, not to the tensor that was there
        return [*values, x.grad.tolist(), y.grad.tolist()]

    for _ in range(3):
        short = run()
    with sg.hooks(sg.Hook()):
        assert short == run()
    assert seed.tolist() == [1.0, 1.0]


def test_steps_come_newest_first_whatever_order_they_are_met_in():
    """Old and new steps feed one another: a gradient must be complete before it goes on."""
    x = sg.Tensor([1.5, -0.5], dtype="float64", requires_grad=True)

    def run():
        x.grad = None
        made = [x * (i + 1.0) for i in range(6)]
        total = made[3] * made[0]
        for i in (5, 1, 4, 2, 0, 3):
            total = total * made[i] + made[5 - i]
        total.backward([1.0, 2.0])
        return x.grad.numpy()

    for _ in range(3):
        short = run()
    with sg.hooks(sg.Hook()):
        np.testing.assert_array_equal(short, run())


def test_a_wanted_gradient_inside_is_not_written_over():
    x = sg.Tensor([2.0, 3.0], requires_grad=True)
    for _ in range(3):
        with sg.GradientTape() as tape:
            y = x * x
            z = y * y * y
        gy, gx = tape.gradient(z, [y, x], sg.Tensor([1.0, 1.0]))
    assert gy.tolist() == [48.0, 243.0] and gx.tolist() == [192.0, 1458.0]
