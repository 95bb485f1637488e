"""The walk records what the tape does, leaves no trace, and its page shows the tape's numbers."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad.errors import ArgumentError, NaNError


def test_the_phases_follow_each_other(model, image):
    steps = sg.walk(model, image, [1])
    phases = [s.phase for s in steps]
    assert list(dict.fromkeys(phases)) == ["forward", "loss", "backward", "update"]
    assert [s.number for s in steps] == list(range(1, len(steps) + 1))
    assert {"conv2d", "relu", "max_pool2d", "matmul"} <= {s.op for s in steps}


def test_the_numbers_are_the_tapes(model, image):
    steps = sg.walk(model, image, [1])
    loss = model.loss(np.array([1]), model(image, training=True))
    loss.backward()
    for variable in model.trainable_variables:
        name = "/".join(variable.path.split("/")[-2:])
        np.testing.assert_array_equal(steps.value(f"d {name}"), variable.grad.numpy())


def test_it_leaves_no_trace(model, image):
    model(image)
    before = model.get_weights()
    steps = sg.walk(model, image, [1])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert all(v.grad is None for v in model.trainable_variables)
    after = steps.value("dense/bias after")
    assert not np.array_equal(after, before[-1])
    assert int(model.optimizer.iterations.numpy()) == 0


def test_a_plain_function():
    w = sg.Variable([[1.0], [2.0]], name="w")
    steps = sg.walk(lambda x: (x @ w).sum(), sg.Tensor([[3.0, 4.0]], name="x"))
    assert [s.op for s in steps] == ["matmul", "sum", "sum", "matmul"]
    np.testing.assert_array_equal(steps.value("d w"), [[3.0], [4.0]])
    assert steps[3].of == 1 and "w" in [v.name for v in steps[0].inputs]
    assert "matmul" in repr(steps)
    with pytest.raises(ArgumentError, match="dw"):
        steps.value("nothing")


def test_a_loss_without_a_target(model, image):
    with pytest.raises(ArgumentError, match="needs a target"):
        sg.walk(model, image)


def test_the_nan_finder_names_op_and_layer():
    with (
        sg.find_nan(),
        sg.scope("head"),
        pytest.raises(NaNError, match=r"log in layer 'head'(.|\n)*infinity"),
    ):
        sg.ops.log(sg.Tensor([0.0]))


def test_the_nan_finder_sees_gradients():
    x = sg.Tensor([0.0], requires_grad=True)
    with (
        sg.find_nan(),
        pytest.raises(NaNError, match=r"sqrt \(backward\): the gradient of input 0 has 1 infinity"),
    ):
        sg.ops.sqrt(x).sum().backward()


def test_the_nan_finder_blames_the_input_when_it_was_there_before():
    with sg.find_nan(), pytest.raises(NaNError, match="the input already had it"):
        sg.ops.exp(sg.Tensor([float("nan")]))
