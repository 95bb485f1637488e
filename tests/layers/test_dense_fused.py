"""Dense runs as one op while nobody watches; the bits are those of matmul, add and the activation one by one."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, layers


class Names(sg.Hook):
    def __init__(self):
        self.seen = []

    def after_forward(self, step, inputs, outputs):
        self.seen.append(step.op.name)


def run(layer, data):
    x = sg.Tensor(data, requires_grad=True)
    layer.trainable_variables[0].grad = layer.trainable_variables[1].grad = None
    y = layer(x)
    (y * y).sum().backward()
    return [y.numpy(), x.grad.numpy(), *(v.grad.numpy() for v in layer.trainable_variables)], y.step


@pytest.mark.parametrize("activation", [None, "relu", "tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("shape", [(1, 40), (33, 70), (4, 5, 19)])
def test_fused_and_one_by_one_give_the_same_bits(activation, shape):
    layer = layers.Dense(21, activation=activation)
    data = np.random.default_rng(0).standard_normal(shape, "float32")
    layer(data)
    layer.bias.assign(np.linspace(-1, 1, 21))
    fused, step = run(layer, data)
    assert step.op.name == ("gelu" if activation == "gelu" else "dense")
    names = Names()
    with sg.hooks(names):
        single, step = run(layer, data)
    assert names.seen[:2] == ["matmul", "add"] and step.op.name == (activation or "add")
    for a, b in zip(fused, single, strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_rung_of_matmul_is_respected():
    layer = layers.Dense(2)
    x = sg.Tensor(np.ones((2, 3), "float32"), requires_grad=True)
    with kernels.use(matmul="numpy"):
        y = layer(x)
    assert not kernels.compiled() or y.step.op.name == "bias_activation"


@pytest.mark.parametrize("frozen", [(), ("kernel",), ("bias",)])
@pytest.mark.parametrize("wants_x", [False, True])
def test_only_wanted_gradients_come(frozen, wants_x):
    """The fused gradient has all of a layer's gradients but x's; where a weight is frozen, the ops run one by one."""
    layer = layers.Dense(5, activation="tanh")
    data = np.random.default_rng(0).standard_normal((7, 6), "float32")
    layer(data)
    variables = {"kernel": layer.kernel, "bias": layer.bias}
    results = []
    for watched in ((), (Names(),)):
        for name, variable in variables.items():
            variable.trainable, variable.grad = name not in frozen, None
        x = sg.Tensor(data, requires_grad=wants_x)
        with sg.hooks(*watched):
            (layer(x) ** 2).sum().backward()
        results.append([None if v.grad is None else v.grad.numpy() for v in (x, layer.kernel, layer.bias)])
    for a, b, wanted in zip(*results, (wants_x, "kernel" not in frozen, "bias" not in frozen), strict=True):
        assert (a is not None) == (b is not None) == wanted
        if wanted:
            np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not kernels.compiled(), reason="the C++ extension is not compiled")
def test_a_compiled_step_replays_the_fused_gradient():
    layer, optimizer = layers.Dense(5, activation="relu"), sg.optimizers.SGD(0.1)
    x = sg.Tensor(np.random.default_rng(0).standard_normal((7, 6), "float32"))
    layer(x)

    def step(x):
        with sg.GradientTape() as tape:
            loss = (layer(x) ** 2).sum()
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        return loss

    compiled = sg.compiled(step)
    start = [v.numpy().copy() for v in layer.trainable_variables]
    losses = [compiled(x).item() for _ in range(6)]
    (plan,) = compiled.plans
    assert "dense_gradient" in {call.op for call in plan.calls.values()}
    for variable, value in zip(layer.trainable_variables, start, strict=True):
        variable.assign(value)
    assert losses == [step(x).item() for _ in range(6)]
