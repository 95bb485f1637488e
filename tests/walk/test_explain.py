"""An opened entry shows the products that the tape summed: their sum is the tape's number, for every op that is itemised."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.errors import ArgumentError
from stepgrad.ops.linalg.matmul import _matmul as matmul
from stepgrad.walk import named
from stepgrad.walk.latex import plain, symbol


def tensor(*shape, name, positive=False):
    values = np.random.default_rng(len(name) + sum(shape)).normal(size=shape)
    return sg.Tensor(np.abs(values) + 0.5 if positive else values, requires_grad=True, name=name)


def weighted_sum(y):
    """Give every entry another gradient."""
    return ops.sum(y * sg.Tensor(np.linspace(-1.0, 2.0, max(y.size, 1)).reshape(y.shape), name="s"))


CASES = {
    "matmul": lambda: (lambda x: x @ tensor(3, 2, name="w"), tensor(4, 3, name="x")),
    "matmul, batched": lambda: (lambda x: x @ tensor(3, 2, name="w"), tensor(2, 4, 3, name="x")),
    "vector, matmul": lambda: (lambda x: x @ tensor(3, 2, name="w"), tensor(3, name="x")),
    "vectors": lambda: (lambda x: x @ tensor(3, name="w"), tensor(3, name="x")),
    "matmul, both batched": lambda: (lambda x: x @ tensor(2, 1, 3, 2, name="w"), tensor(4, 2, 3, name="x")),
    "matmul, transposed": lambda: (
        lambda x: matmul(x, tensor(2, 3, name="w"), transpose_a=True, transpose_b=True),
        tensor(3, 4, name="x"),
    ),
    "matmul, vector": lambda: (lambda x: x @ tensor(3, name="w"), tensor(4, 3, name="x")),
    "conv": lambda: (lambda x: ops.conv(x, tensor(2, 3, 2, 4, name="w")), tensor(2, 5, 4, 2, name="x")),
    "conv, strided": lambda: (
        lambda x: ops.conv(x, tensor(3, 3, 1, 2, name="w"), 2, "same"),
        tensor(1, 6, 5, 1, name="x"),
    ),
    "add, repeated": lambda: (lambda x: x + tensor(3, name="b"), tensor(4, 3, name="x")),
    "multiply, repeated": lambda: (lambda x: x * tensor(4, 1, name="b"), tensor(4, 3, name="x")),
    "subtract": lambda: (lambda x: x - tensor(3, name="b"), tensor(3, name="x")),
    "divide": lambda: (lambda x: x / tensor(3, name="b", positive=True), tensor(2, 3, name="x")),
    "power": lambda: (lambda x: x**3.0, tensor(3, name="x", positive=True)),
    "sum": lambda: (lambda x: ops.sum(x, 0), tensor(4, 3, name="x")),
    "mean, kept": lambda: (lambda x: ops.mean(x, 1, True), tensor(4, 3, name="x")),
    "max_pool": lambda: (lambda x: ops.max_pool(x, 2), tensor(2, 4, 5, 2, name="x")),
    "reshape": lambda: (lambda x: ops.reshape(x, (3, 4)), tensor(4, 3, name="x")),
    **{
        name: lambda name=name: (getattr(ops, name), tensor(3, 2, name="x", positive=True))
        for name in "relu sigmoid tanh exp log sqrt square negative reciprocal rsqrt sin cos".split()
    },
}


@pytest.mark.parametrize("case", CASES)
def test_the_products_add_up_to_the_tapes_number(case):
    function, x = CASES[case]()
    steps = sg.walk(lambda x: weighted_sum(function(x)), x)
    opened = 0
    for step in steps:
        for value in step.outputs:
            if value.array.dtype.kind != "f":
                continue
            for index in np.ndindex(value.array.shape):
                e = steps.explain(value.name, index)
                assert e.itemised, (value.name, index)
                assert e.value == value.array[index] and str(e).startswith(value.name)
                if e.terms:
                    opened += 1
                    assert sum(t.product for t in e.terms) == pytest.approx(e.value, rel=1e-12, abs=1e-14)
    assert opened


def test_the_example_of_the_issue():
    sg.utils.set_random_seed(1)
    model = sg.Sequential([layers.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(2)])
    model.compile("sgd", "mse")
    steps = sg.walk(model, [[1.0, 2.0, 3.0]], [[0.0, 1.0]])
    e = steps.explain("A1W2", [0, 1])
    assert [[f.label for f in t.factors] for t in e.terms] == [
        [f"A1[0, {k}]", f"W2[{k}, 1]"] for k in range(4)
    ]
    assert "A1[0, 0]·W2[0, 1] + A1[0, 1]·W2[1, 1]" in str(e)
    assert r"A_{1}[0,0] \cdot W_{2}[0,1]" in e.latex
    assert str(steps.explain("Z2", [0, 1])).startswith("Z2[0, 1] = A1W2[0,1] + b2[1] = ")
    assert "learning rate" in str(steps.explain("W2'", [0, 1]))
    assert "was given" in str(steps.explain("W2", [0, 1]))


def test_what_is_not_itemised_says_so():
    steps = sg.walk(lambda x: ops.sum(ops.erf(x)), tensor(3, name="x"))
    assert "not itemised" in str(steps.explain("erf", [0])) and not steps.explain("erf", [0]).itemised


@pytest.mark.parametrize("index", [[], [0], [0, 9], [0, 0, 0]])
def test_an_entry_that_is_not_there(index):
    steps = sg.walk(lambda x: ops.sum(ops.exp(x)), tensor(2, 3, name="x"))
    with pytest.raises(ArgumentError, match="has no entry"):
        steps.explain("exp", index)
    assert steps.explain("exp", [-1, -1]).index == (1, 2)


def test_softmax_with_cross_entropy_is_p_minus_y():
    z = tensor(2, 3, name="z")
    for labels, loss in (
        ([0, 2], "sparse_categorical_crossentropy"),
        ([[1.0, 0, 0], [0, 0, 1.0]], "categorical_crossentropy"),
    ):
        steps = sg.walk(
            lambda z, labels=labels, loss=loss: ops.sum(
                getattr(ops, loss)(sg.Tensor(labels), z, from_logits=True)
            ),
            z,
        )
        for index in np.ndindex(2, 3):
            e = steps.explain("dz", index)
            assert e.terms[0].product == pytest.approx(
                e.value, rel=1e-6
            )  # the logits may have been cast to float32
            assert "softmax(z)" in str(e)


def test_adam_shows_its_slots():
    w = sg.Variable([1.0, -2.0], name="w")
    steps = sg.walk(lambda w: ops.sum(ops.square(w)), w, optimizer=sg.optimizers.Adam(0.1))
    assert steps[-1].op == "Adam" and [v.name for v in steps[-1].outputs] == [
        "w'",
        "momentum of w'",
        "velocity of w'",
    ]
    np.testing.assert_allclose(steps.value("momentum of w'"), [0.2, -0.4], rtol=1e-6)  # float32
    text = str(steps.explain("w'", [0]))
    assert "beta_1 = 0.9" in text and "dw[0] = 2" in text


def test_a_stack_of_dense_layers_has_the_names_of_textbooks():
    model = sg.Sequential(
        [layers.Input((2,)), layers.Dense(3), layers.ReLU(), layers.Dense(1, use_bias=False)]
    )
    steps = sg.walk(model, [[1.0, 2.0]], [[1.0]], loss=sg.losses.MeanSquaredError())
    made = [v.name for s in steps for v in s.outputs]
    assert {"XW1", "Z1", "A1", "Z2", "loss", "delta2", "dW2", "dA1", "delta1", "db1", "dW1"} <= set(made)
    np.testing.assert_array_equal(steps.value("dZ1"), steps.value("delta1"))


def test_the_users_own_names_win():
    W = sg.Variable([[1.0], [2.0]], name="theta")
    steps = sg.walk(lambda x: ops.sum(named(x @ W, "score")), sg.Tensor([[3.0, 4.0]], name="features"))
    assert [v.name for v in steps[0].inputs] == ["features", "theta"] and steps[0].outputs[0].name == "score"
    model = sg.Sequential([layers.Input((2,)), layers.Dense(1, name="head")])
    names = [
        v.name
        for s in sg.walk(model, [[1.0, 2.0]], [[1.0]], loss=sg.losses.MeanSquaredError())
        for v in s.inputs
    ]
    assert "head/kernel" in names and "W1" not in names


def test_a_value_that_is_used_twice_gets_the_sum_of_its_gradients():
    x = sg.Tensor(3.0, requires_grad=True, name="x")
    steps = sg.walk(lambda x: x * x + x, x)
    assert steps.value("dx") == 7.0 and x.grad is None
    assert str(steps.explain("dx")) == "dx = dx(1) + dx(2) + dx(3) = 1 + 3 + 3 = 7"


def test_the_numbers_are_put_into_the_formula():
    a = sg.Tensor(2.0, requires_grad=True, name="a")
    steps = sg.walk(lambda a: named(a * -3.0, "c"), a)
    assert steps[0].numbers == (r"c = a \cdot (-3) = 2 \cdot (-3) = -6",)
    assert steps[0].named == (r"c = a \cdot (-3)",)
    assert steps[1].numbers == (r"da = dc \cdot (-3) = 1 \cdot (-3) = -3",)


def test_every_op_has_a_line_that_reads_as_text_and_as_mathml():
    from stepgrad.ops.op import registry
    from stepgrad.walk.page import mathml

    for op in registry.values():
        for formula in (op.formula, op.gradient_formula):
            assert "\\" not in plain(formula), (op.name, plain(formula))
            assert mathml(formula).startswith("<math") or not formula


@pytest.mark.parametrize(
    "name", ["a_b", "conv/kernel'", "W1'", "x1w1_x2w2", "momentum of w'", "dx(2)", "10%"]
)
def test_every_name_can_be_drawn(name):
    from stepgrad.walk.page import mathml

    assert mathml(symbol(name)).startswith("<math")
    assert "\\" not in plain(symbol(name))
