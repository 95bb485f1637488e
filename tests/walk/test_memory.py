"""The memory view: what the ops keep for backward, shared arrays once, and nothing after backward."""

import numpy as np
import pytest

import stepgrad as sg


def kept(result):
    """Return {(op, role): bytes} of everything that is kept."""
    return {(k.op, k.role): row.bytes for row in sg.memory(result).rows for k in row.keepers}


def test_relu_keeps_its_input_and_nothing_else():
    x = sg.Tensor(np.ones((5, 3), "float32"), requires_grad=True)
    assert kept(sg.ops.relu(x)) == {("relu", "input 0"): 60}


def test_matmul_keeps_both_inputs():
    x, w = (sg.Tensor(np.ones(shape, "float32"), requires_grad=True) for shape in ((5, 3), (3, 2)))
    assert kept(sg.ops.matmul(x, w)) == {("matmul", "input 0"): 60, ("matmul", "input 1"): 24}


def test_conv_keeps_images_and_filter():
    x = sg.Tensor(np.ones((2, 5, 5, 3), "float32"))
    w = sg.Variable(np.ones((3, 3, 3, 4), "float32"), name="kernel")
    view = sg.memory(sg.ops.conv(x, w))
    assert {(r.name, r.bytes, r.variable) for r in view.rows} == {
        ("constant", 600, False),
        ("kernel", 432, True),
    }
    assert view.total == 1032 and view.variables == 432


def test_add_keeps_nothing():
    x = sg.Tensor([1.0], requires_grad=True)
    view = sg.memory(x + x)
    assert view.rows == [] and "no step needs anything" in str(view)


def test_shared_arrays_and_views_are_counted_once():
    x = sg.Tensor(np.ones((4, 4), "float32"), requires_grad=True, name="x")
    y = sg.ops.relu(x) + sg.ops.sin(x.reshape(16)).reshape(4, 4)
    (row,) = sg.memory(y).rows
    assert row.bytes == 64 and {k.op for k in row.keepers} == {"relu", "sin"}


def test_a_view_keeps_the_whole_array():
    x = sg.Tensor(np.ones(1000, "float32"), requires_grad=True)
    (row,) = sg.memory(sg.ops.relu(x[:2])).rows
    assert row.shape == (2,) and row.bytes == 4000


def test_arrays_among_the_attributes_are_seen():
    x = sg.Tensor(np.ones((4, 10), "float32"), requires_grad=True)
    index = np.array([1, 2, 3])
    (row,) = sg.memory(x[:, index]).rows
    assert row.name == "getitem.key" and row.bytes == index.nbytes


def test_rows_are_sorted_and_name_the_layer(model, image):
    view = sg.memory(model.compute_loss(image, np.array([1]), model(image, training=True)))
    sizes = [row.bytes for row in view.rows]
    assert sizes == sorted(sizes, reverse=True) and sum(sizes) == view.total
    text = str(view)
    assert (
        "conv: conv2d_bias (input 1)" in text
        and "kept by" in text
        and "in variables that live anyway" in text
    )
    assert view.variables == sum(v.array.nbytes for v in model.trainable_variables if v.name == "kernel")


def test_after_backward_nothing_is_kept(model, image):
    loss = model.compute_loss(image, np.array([1]), model(image, training=True))
    steps = sg.steps_of(loss)
    assert sg.memory(loss).total > 0
    loss.backward()
    assert sg.memory(loss).total == 0 and not any(step.saved_arrays() for step in steps)
    assert "backward has run" in str(sg.memory(loss))


def test_retain_graph_keeps_everything():
    x = sg.Tensor([1.0, 2.0], requires_grad=True)
    loss = sg.ops.relu(x).sum()
    before = kept(loss)
    loss.backward(retain_graph=True)
    assert kept(loss) == before != {}


def test_only_tensors_have_a_tape():
    with pytest.raises(sg.StepgradError, match="behind a Tensor"):
        sg.memory(np.ones(3))
