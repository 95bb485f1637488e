"""Random shapes and keys against NumPy: what is selected, what the shape rule promises, and that the gradient scatters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stepgrad import KerasTensor, Tensor, ops
from stepgrad.errors import StepgradError
from stepgrad.ops.indexing.keys import plain_key, selected_shape
from stepgrad.ops.indexing.setitem import _setitem

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
quick = settings(max_examples=150, deadline=None)  # a busy machine is no failure


def numbered(shape):
    """All entries different, so that a wrong place shows."""
    return np.arange(np.prod(shape), dtype=np.float64).reshape(shape) + 1


def gradient(function, x, weights):
    """dL/dx where L weighs the output's entries."""
    x = Tensor(x, requires_grad=True)
    function(x).backward(weights)
    return x.grad.numpy()


@st.composite
def keys(draw, shape, advanced=True):
    """A key for `shape`: slices, ints, None, ..., and index arrays that broadcast together, or one mask."""
    common = draw(hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3))
    parts = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        kinds = ["slice"] + ["int"] * (size > 0) + ["array", "mask"] * (advanced and size > 0)
        kind = draw(st.sampled_from(kinds))
        if kind == "int":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            parts.append(draw(st.slices(size)))
        elif kind == "array":
            some = draw(st.sampled_from([common, common[-1:], (1,)]))
            parts.append(draw(hnp.arrays(np.int64, some, elements=st.integers(-size, size - 1))))
        else:
            chosen = draw(st.sampled_from([1, common[-1]]))  # as many as broadcast with the arrays
            mask = np.zeros(size, bool)
            mask[:chosen] = True
            parts.append(mask)
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if draw(st.booleans()):
        parts.append(Ellipsis)
    return tuple(parts)


@st.composite
def tensors_and_keys(draw, advanced=True):
    shape = draw(SHAPES)
    return numbered(shape), draw(keys(shape, advanced))


@quick
@given(tensors_and_keys())
def test_getitem_is_numpys_and_its_gradient_scatters(pair):
    x, key = pair
    try:
        want = x[key]
    except IndexError:  # masks and arrays that do not broadcast
        with pytest.raises(StepgradError):
            Tensor(x)[key]
        return
    np.testing.assert_array_equal(Tensor(x)[key].numpy(), want)
    assert selected_shape(x.shape, plain_key(key)) == want.shape
    weights = np.random.default_rng(0).integers(-9, 9, want.shape).astype(float)
    scattered = np.zeros(x.shape)
    np.add.at(scattered, key, weights)
    np.testing.assert_array_equal(gradient(lambda t: t[key], x, weights), scattered)


@quick
@given(tensors_and_keys(advanced=False), st.data())
def test_shape_rule_with_unknown_sizes(pair, data):
    """None where the size depends on the unknown one, the right size elsewhere."""
    x, key = pair
    hidden = data.draw(st.integers(0, x.ndim - 1))
    symbol = KerasTensor(tuple(None if i == hidden else n for i, n in enumerate(x.shape)), "float64")
    got, want = symbol[key].shape, x[key].shape
    assert len(got) == len(want) and got.count(None) <= 1
    assert all(g is None or g == w for g, w in zip(got, want))


@quick
@given(SHAPES, st.data())
def test_take_is_numpys_and_its_gradient_adds_up(shape, data):
    x = numbered(shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    some = data.draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4)) if n else (0,)
    indices = data.draw(hnp.arrays(np.int32, some, elements=st.integers(-n, max(n - 1, 0))))
    want = np.take(x, indices, axis)
    np.testing.assert_array_equal(ops.take(x, indices, axis).numpy(), want)
    weights = np.random.default_rng(0).integers(-9, 9, want.shape).astype(float)
    scattered = np.zeros(shape)
    np.add.at(scattered, (slice(None),) * (axis % x.ndim) + (indices,), weights)
    np.testing.assert_array_equal(gradient(lambda t: ops.take(t, indices, axis), x, weights), scattered)


@quick
@given(SHAPES, st.data())
def test_split_and_concatenate_undo_each_other(shape, data):
    x = numbered(shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, shape[axis]), max_size=4)))
    parts = ops.split(x, cuts, axis)
    for part, want in zip(parts, np.split(x, cuts, axis), strict=True):
        np.testing.assert_array_equal(part.numpy(), want)
    np.testing.assert_array_equal(ops.concatenate(parts, axis).numpy(), x)
    weights = numbered(shape)
    np.testing.assert_array_equal(
        gradient(lambda t: ops.concatenate(ops.split(t, cuts, axis), axis), x, weights), weights
    )


@quick
@given(SHAPES, st.data())
def test_unstack_and_stack_undo_each_other(shape, data):
    x = numbered(shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    if shape[axis] == 0:
        assert ops.unstack(x, axis=axis) == []
        return
    again = lambda t: ops.stack(ops.unstack(t, axis=axis), axis)  # noqa: E731
    np.testing.assert_array_equal(again(x).numpy(), x)
    np.testing.assert_array_equal(gradient(again, x, numbered(shape)), numbered(shape))


@quick
@given(SHAPES, st.randoms(use_true_random=False))
def test_reshape_transpose_and_expand_dims_round_trips(shape, random):
    x, weights = numbered(shape), numbered(shape)
    order = list(range(x.ndim))
    random.shuffle(order)
    places = tuple(sorted(random.sample(range(x.ndim + 2), 2)))
    np.testing.assert_array_equal(ops.transpose(x, order).numpy(), x.transpose(order))
    for there_and_back in (
        lambda t: ops.reshape(ops.reshape(t, (-1,)) if x.size else ops.reshape(t, (0,)), shape),
        lambda t: ops.transpose(ops.transpose(t, order), tuple(np.argsort(order))),
        lambda t: ops.squeeze(ops.expand_dims(t, places), places),
        lambda t: ops.flip(ops.flip(t, 0), 0),
        lambda t: ops.roll(ops.roll(t, 2), -2),
    ):
        np.testing.assert_array_equal(there_and_back(x).numpy(), x)
        np.testing.assert_array_equal(gradient(there_and_back, x, weights), weights)


@quick
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5), st.data())
def test_pad_is_numpys_in_every_mode(shape, data):
    x = numbered(shape)
    widths = data.draw(
        st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=len(shape), max_size=len(shape))
    )
    mode = data.draw(st.sampled_from(["constant", "reflect", "symmetric", "edge", "wrap"]))
    want = np.pad(x, widths, mode)
    np.testing.assert_array_equal(ops.pad(x, widths, mode).numpy(), want)
    weights = np.random.default_rng(0).integers(-9, 9, want.shape).astype(float)
    copied = np.bincount(np.pad(x.astype(int), widths, mode).ravel(), weights.ravel(), x.size + 1)[
        1:
    ]  # 0: not from x
    np.testing.assert_array_equal(
        gradient(lambda t: ops.pad(t, widths, mode), x, weights), copied.reshape(shape)
    )


@quick
@given(tensors_and_keys(advanced=False))
def test_a_block_put_back_where_it_came_from(pair):
    x, key = pair
    key = tuple(part for part in key if part is not None)
    block = ops.getitem(x, key)
    np.testing.assert_array_equal(_setitem(x, block, key=plain_key(key)).numpy(), x)
    emptied = x.copy()
    emptied[key] = 0
    np.testing.assert_array_equal(_setitem(x, 0.0, key=plain_key(key)).numpy(), emptied)
