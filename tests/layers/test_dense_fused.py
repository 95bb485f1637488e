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
    assert not kernels.compiled() or y.step.op.name == "add"
