"""Where no product has its bias in its epilogue, bias and activation are one op, forward and backward; the bits are the same."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, layers

LAST, CHANNELS = (4, 9, 9, 6), {"data_format": "channels_first"}
LAYERS = {
    "depthwise": (lambda f: layers.DepthwiseConv2D(3, activation=f), LAST),
    "separable": (lambda f: layers.SeparableConv2D(5, 3, activation=f), LAST),
    "transposed": (lambda f: layers.Conv2DTranspose(5, 3, activation=f), LAST),
    "volume": (lambda f: layers.Conv3D(3, 2, activation=f), (2, 4, 4, 4, 2)),
    "einsum": (lambda f: layers.EinsumDense("abc,cde->abde", (None, 3, 5), f, bias_axes="de"), (4, 7, 6)),
}
ONE_BY_ONE = {  # the op of the bias would not fit, or there is none for the activation
    "channels_first": (lambda f: layers.DepthwiseConv2D(3, activation=f, **CHANNELS), (4, 6, 9, 9)),
    "a_bias_for_the_middle": (
        lambda f: layers.EinsumDense("abc,cde->abde", (None, 3, 5), f, bias_axes="d"),
        (4, 7, 6),
    ),
}


def run(layer, data, *hooks):
    """Return the output, all gradients, and the op that the output came from."""
    for variable in layer.trainable_variables:
        variable.grad = None
    x = sg.Tensor(data, requires_grad=True)
    with sg.hooks(*hooks):
        y = layer(x)
        (y * y).sum().backward()
    return [y.numpy(), x.grad.numpy(), *(v.grad.numpy() for v in layer.trainable_variables)], y.step.op.name


def make(table, name, activation):
    build, shape = table[name]
    layer, rng = build(activation), np.random.default_rng(0)
    data = rng.standard_normal(shape, "float32")
    layer(data)
    layer.bias.assign(rng.standard_normal(layer.bias.shape))
    return layer, data


@pytest.mark.parametrize("activation", [None, "relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("name", LAYERS)
def test_fused_and_one_by_one_give_the_same_bits(name, activation):
    layer, data = make(LAYERS, name, activation)
    fused, op = run(layer, data)
    assert op == "bias_activation"
    single, op = run(layer, data, sg.Hook())
    assert op == (activation or "add")
    for a, b in zip(fused, single, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "name, activation", [*((name, "relu") for name in ONE_BY_ONE), ("depthwise", "gelu")]
)
def test_others_run_one_by_one(name, activation):
    layer, data = make(LAYERS | ONE_BY_ONE, name, activation)
    results, op = run(layer, data)
    assert op == activation
    for a, b in zip(results, run(layer, data, sg.Hook())[0], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not kernels.compiled(), reason="the C++ extension is not compiled")
@pytest.mark.parametrize("name", ["fused", "depthwise"])
def test_a_compiled_step_has_one_pass_for_the_gradients_of_bias_and_activation(name):
    layer, data = make(LAYERS | {"fused": (lambda f: layers.Conv2D(5, 3, activation=f), LAST)}, name, "relu")
    optimizer, variables = sg.optimizers.SGD(0.01), layer.trainable_variables

    def step(x):
        with sg.GradientTape() as tape:
            loss = (layer(x) ** 2).sum()
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    x, compiled, start = sg.Tensor(data), sg.compiled(step), [v.numpy().copy() for v in variables]
    losses = [compiled(x).item() for _ in range(6)]
    (plan,) = compiled.plans
    called = {call.op for call in plan.calls.values()}
    assert "bias_activation_gradient" in called and "relu_gradient" not in called
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    assert losses == [step(x).item() for _ in range(6)]
