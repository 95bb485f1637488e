"""Backward: accumulation, un-broadcasting, dtype, freeing, depth, hooks, higher order, and what a second call means."""

import gc
import weakref

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import ops
from stepgrad.errors import GradientError, InPlaceError, ShapeError


def leaf(values, dtype="float64"):
    return sg.Tensor(np.array(values, dtype=dtype), requires_grad=True)


def test_gradients_of_a_shared_input_add_up():
    x = leaf(3.0)
    (x * x + x).backward()
    assert x.grad.item() == 7.0


def test_gradients_accumulate_over_calls_until_they_are_cleared():
    x = leaf(3.0)
    (x * x).backward()
    (x * x).backward()
    assert x.grad.item() == 12.0
    x.grad = None
    (x * x).backward()
    assert x.grad.item() == 6.0


def test_a_second_backward_raises_and_names_the_op():
    x = leaf(3.0)
    y = ops.exp(x)
    y.backward()
    with pytest.raises(GradientError, match=r"exp: backward has already run(.|\n)*retain_graph=True"):
        y.backward()


def test_retain_graph_allows_a_second_backward():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12.0


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (4,)), ((3, 4), (1, 4)), ((3, 4), (3, 1)), ((2, 3, 4), ()), ((1,), (5,)), ((0, 4), (4,))],
)
def test_broadcasting_is_undone(a, b):
    x, y = leaf(np.ones(a)), leaf(np.full(b, 2.0))
    (x * y).sum().backward()
    full = np.broadcast_shapes(a, b)
    copies = [np.prod(full) / max(np.prod(shape), 1) for shape in (a, b)]  # how often each entry was used
    np.testing.assert_array_equal(x.grad.numpy(), np.full(a, 2.0 * copies[0]))
    np.testing.assert_array_equal(y.grad.numpy(), np.full(b, 1.0 * copies[1]))


def test_dtypes_are_restored():
    x = leaf([1.0, 2.0], "float32")
    y = leaf([1.0, 2.0], "float64")
    (x * y).sum().backward()
    assert x.grad.dtype == "float32" and y.grad.dtype == "float64"


def test_depth_of_a_hundred_thousand_steps():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0


def test_a_deep_tape_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    del y
    gc.collect()


def test_what_a_step_saved_is_freed_as_soon_as_backward_used_it():
    x = leaf(np.ones(10))
    hidden = ops.exp(x)
    array = weakref.ref(hidden)
    loss = (hidden * hidden).sum()
    del hidden
    assert array() is not None  # multiply saved it
    loss.backward()
    assert array() is None


def test_no_cycle_keeps_a_tape_alive():
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones(3))
        y = ops.exp(x)
        seen = weakref.ref(y.step)
        z = (y * y).sum()
        del y, z
        assert seen() is None
    finally:
        gc.enable()


def test_an_assign_between_forward_and_backward_raises_and_names_op_and_layer():
    w = sg.Variable([1.0, 2.0], name="kernel")
    with sg.scope("dense_1"):
        y = (w * w).sum()
    w.assign([3.0, 4.0])
    with pytest.raises(InPlaceError, match=r"multiply in layer 'dense_1'(.|\n)*kernel"):
        y.backward()


def test_an_assign_is_seen_through_a_view():
    w = sg.Variable([[1.0, 2.0]], name="kernel")
    flat = ops.reshape(w, (2,))
    y = (flat * flat).sum()
    w.assign([[3.0, 4.0]])
    with pytest.raises(InPlaceError):
        y.backward()


def test_tensors_are_not_changed_in_place():
    x = sg.Tensor([1.0, 2.0])
    with pytest.raises(InPlaceError, match="never changed in place"):
        x[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 5.0
    source = np.array([1.0, 2.0])
    copied = sg.Tensor(source)
    source[0] = 7.0
    assert copied.tolist() == [1.0, 2.0]


def test_backward_needs_a_scalar_or_a_gradient():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match="one entry"):
        (x * x).backward()
    with pytest.raises(ShapeError):
        (x * x).backward(gradient=[1.0])
    (x * x).backward(gradient=[1.0, 10.0])
    assert x.grad.tolist() == [2.0, 40.0]


def test_backward_without_anything_to_differentiate():
    with pytest.raises(GradientError, match="requires_grad=True"):
        sg.Tensor(1.0).backward()


def test_no_grad_records_nothing():
    x = leaf(1.0)
    with sg.no_grad():
        assert (x * x).step is None
    assert (x * x).step is not None


def test_create_graph_gives_second_and_third_derivatives():
    x = leaf(2.0)
    (x * x * x * x).backward(create_graph=True)
    first, x.grad = x.grad, None
    first.backward(create_graph=True)
    second, x.grad = x.grad, None
    second.backward()
    assert (first.item(), second.item(), x.grad.item()) == (32.0, 48.0, 48.0)


def test_a_gradient_of_the_wrong_shape_names_the_op():
    class Wrong(sg.Op):
        formula = "y = x"

        def reference(self, x):
            return x * 1.0

        def gradient(self, step, gy):
            return sg.Tensor([1.0, 2.0, 3.0])

    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match=r"wrong(.|\n)*wrong shape for input 0(.|\n)*\(2,\)(.|\n)*\(3,\)"):
        Wrong()(x).sum().backward()


def test_a_gradient_too_few_names_the_op():
    class Half(sg.Op):
        formula = "y = a b"

        def reference(self, a, b):
            return a * b

        def gradient(self, step, gy):
            return gy

    with pytest.raises(GradientError, match=r"half(.|\n)*2 gradients(.|\n)*1"):
        Half()(leaf(1.0), leaf(2.0)).backward()


def test_an_error_inside_a_gradient_says_backward():
    class Bad(sg.Op):
        formula = "y = x"

        def reference(self, x):
            return x * 1.0

        def gradient(self, step, gy):
            return gy @ sg.Tensor([[1.0, 2.0, 3.0]])

    with sg.scope("odd"), pytest.raises(ShapeError, match="in layer 'odd'"):
        Bad()(leaf([[1.0, 2.0]])).sum().backward()


def test_steps_of_lists_the_tape_in_order():
    x = leaf(2.0)
    y = ops.exp(x * x)
    assert [s.op.name for s in sg.steps_of(y)] == ["multiply", "exp"]
    assert "exp" in repr(sg.steps_of(y)[-1])


def test_hooks_see_every_step_both_ways_and_nothing_after_the_block():
    seen = []

    class Watch(sg.Hook):
        def before_forward(self, op, inputs, attrs):
            seen.append(("before", op.name))

        def after_forward(self, step, inputs, outputs):
            seen.append(("after", step.op.name, len(inputs), outputs[0].shape))

        def before_backward(self, step, output_gradients):
            seen.append(("into", step.op.name))

        def after_backward(self, step, output_gradients, input_gradients):
            seen.append(("back", step.op.name, [g.item() for g in input_gradients if g is not None]))

    x = leaf(2.0)
    with sg.hooks(Watch()):
        y = ops.exp(x)
        y.backward()
    ops.exp(x)
    assert seen[:2] == [("before", "exp"), ("after", "exp", 1, ())]
    assert ("into", "exp") in seen
    assert seen[-1] == ("back", "exp", [np.exp(2.0)])


def test_the_guard_lets_inference_and_later_training_pass():
    w = sg.Variable([1.0])
    old = w * w  # kept alive, never differentiated
    w.assign([2.0])
    (w * w).sum().backward()
    assert w.grad.tolist() == [4.0] and old.tolist() == [1.0]


def test_an_op_may_save_only_some_of_its_outputs():
    x = leaf(np.arange(16.0).reshape(1, 4, 4, 1))
    y = ops.max_pool(x, 2)
    assert [name for name, _ in y.step.saved_arrays()] == [
        "output 1"
    ]  # the places; the maxima are not needed
    y.sum().backward()
    assert x.grad.numpy().sum() == 4.0
