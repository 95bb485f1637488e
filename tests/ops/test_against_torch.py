"""The big ops against PyTorch in float64: values, and gradients of a random weighing of them."""

import itertools

import numpy as np
import pytest

from stepgrad import kernels, ops
from stepgrad.tape import Tensor

torch = pytest.importorskip("torch")
F = torch.nn.functional
RTOL = 1e-10  # float64, some hundred products added in another order


def _agree(ours, theirs, arrays, labels=()):
    """Compare two functions of `arrays`, and their gradients with respect to each of them."""
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = ours(*mine, *labels), theirs(*other, *(torch.tensor(label) for label in labels))
    assert y.shape == tuple(t.shape)
    np.testing.assert_allclose(y.array, t.detach().numpy(), rtol=RTOL, atol=RTOL)
    weights = np.random.default_rng(9).normal(size=y.shape)
    (y * weights).sum().backward()
    (t * torch.tensor(weights)).sum().backward()
    for a, b in zip(mine, other):
        np.testing.assert_allclose(a.grad.array, b.grad.numpy(), rtol=RTOL, atol=RTOL)


def _draw(*shapes):
    rng = np.random.default_rng(len(str(shapes)))
    return [rng.normal(size=shape) for shape in shapes]


def _first(x):
    return x.movedim(-1, 1)


def _last(x):
    return x.movedim(1, -1)


def _same(size, k, stride, d=1):
    total = max((-(-size // stride) - 1) * stride + (k - 1) * d + 1 - size, 0)
    return [total // 2, total - total // 2]


def _padded(x, window, strides, dilation=(1, 1), value=0.0):
    rows, columns = (_same(*sizes) for sizes in zip(x.shape[1:3], window, strides, dilation))
    return F.pad(_first(x), (*columns, *rows), value=value)


GEOMETRY = [
    (strides, dilation, groups)
    for strides, dilation, groups in itertools.product(
        [(1, 1), (2, 2), (3, 1), (1, 2)], [(1, 1), (2, 2), (1, 3)], [1, 2, 4]
    )
]


@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides, dilation, groups", GEOMETRY)
def test_conv(strides, dilation, groups, padding, window):
    x, w = _draw((2, 7, 8, 4), (*window, 4 // groups, 4))

    def theirs(x, w):
        x = _padded(x, window, strides, dilation) if padding == "same" else _first(x)
        return _last(F.conv2d(x, w.permute(3, 2, 0, 1), None, strides, 0, dilation, groups))

    _agree(lambda x, w: ops.conv(x, w, strides, padding, dilation_rate=dilation), theirs, [x, w])


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (3, 2), (1, 3)])
def test_conv_1d(stride, dilation, padding):
    x, w = _draw((2, 11, 3), (3, 3, 5))

    def theirs(x, w):
        pads = {"valid": [0, 0], "same": _same(11, 3, stride, dilation), "causal": [2 * dilation, 0]}[padding]
        return _last(F.conv1d(F.pad(_first(x), pads), w.permute(2, 1, 0), None, stride, 0, dilation))

    _agree(lambda x, w: ops.conv(x, w, stride, padding, dilation_rate=dilation), theirs, [x, w])


def test_channels_first():
    x, w = _draw((2, 3, 6, 5), (3, 3, 3, 4))
    _agree(
        lambda x, w: ops.conv(x, w, data_format="channels_first"),
        lambda x, w: F.conv2d(x, w.permute(3, 2, 0, 1)),
        [x, w],
    )
    _agree(lambda x: ops.max_pool(x, 2, data_format="channels_first"), lambda x: F.max_pool2d(x, 2), [x])
    (x,) = _draw((2, 3, 8))
    _agree(lambda x: ops.average_pool(x, 2, data_format="channels_first"), lambda x: F.avg_pool1d(x, 2), [x])


@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_and_separable_conv(multiplier):
    x, d, p = _draw((2, 6, 5, 4), (3, 2, 4, multiplier), (1, 1, 4 * multiplier, 5))

    def depthwise(x, d):
        return F.conv2d(
            _first(x), d.permute(2, 3, 0, 1).reshape(4 * multiplier, 1, 3, 2), None, (2, 1), groups=4
        )

    _agree(lambda x, d: ops.depthwise_conv(x, d, (2, 1)), lambda x, d: _last(depthwise(x, d)), [x, d])
    _agree(
        lambda x, d, p: ops.separable_conv(x, d, p, (2, 1)),
        lambda x, d, p: _last(F.conv2d(depthwise(x, d), p.permute(3, 2, 0, 1))),
        [x, d, p],
    )


@pytest.mark.parametrize("output_padding", [None, 0, 1])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "k, stride, dilation",
    [
        (1, 1, 1),
        (3, 1, 1),
        (3, 2, 1),
        (2, 2, 1),
        (4, 2, 1),
        (1, 2, 1),
        (2, 3, 1),
        (5, 3, 1),
        (3, 1, 2),
        (2, 2, 3),
    ],
)
def test_conv_transpose(k, stride, dilation, padding, output_padding):
    """Against torch's full result, cut or extended to the size that Keras's rule gives."""
    x, w = _draw((2, 4, 5, 3), (k, k, 2, 3))
    span = (k - 1) * dilation + 1
    if padding == "valid":
        sizes = [
            (n - 1) * stride + (max(span, stride) if output_padding is None else span + output_padding)
            for n in (4, 5)
        ]
        before = 0
    else:
        sizes = [
            n * stride if output_padding is None else (n - 1) * stride + span % 2 + output_padding
            for n in (4, 5)
        ]
        before = max(((4 - 1) * stride + span - sizes[0]) // 2, 0)

    def theirs(x, w):
        full = F.conv_transpose2d(_first(x), w.permute(3, 2, 0, 1), None, stride, dilation=dilation)
        full = F.pad(full, (0, 9, 0, 9))
        return _last(full[:, :, before : before + sizes[0], before : before + sizes[1]])

    _agree(
        lambda x, w: ops.conv_transpose(x, w, stride, padding, output_padding, dilation_rate=dilation),
        theirs,
        [x, w],
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "strides, dilation", [((1, 1, 1), (1, 1, 1)), ((2, 1, 3), (1, 1, 1)), ((1, 1, 1), (2, 1, 3))]
)
@pytest.mark.parametrize("groups", [1, 2])
def test_conv_3d(strides, dilation, padding, groups):
    x, w = _draw((2, 6, 5, 7, 4), (3, 2, 3, 4 // groups, 6))

    def theirs(x, w):
        x = _first(x)
        if padding == "same":
            pads = [_same(*sizes) for sizes in zip(x.shape[2:], w.shape[:3], strides, dilation)]
            x = F.pad(x, [n for pair in reversed(pads) for n in pair])
        return _last(F.conv3d(x, w.permute(4, 3, 0, 1, 2), None, strides, 0, dilation, groups))

    _agree(lambda x, w: ops.conv(x, w, strides, padding, dilation_rate=dilation), theirs, [x, w])


@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 1, 3)])
def test_conv_transpose_3d(strides):
    x, w = _draw((2, 3, 2, 4, 3), (3, 3, 3, 5, 3))
    _agree(
        lambda x, w: ops.conv_transpose(x, w, strides),
        lambda x, w: _last(F.conv_transpose3d(_first(x), w.permute(4, 3, 0, 1, 2), None, strides)),
        [x, w],
    )


def test_conv_transpose_1d():
    x, w = _draw((2, 5, 3), (3, 2, 3))
    _agree(
        lambda x, w: ops.conv_transpose(x, w, 2),
        lambda x, w: _last(F.conv_transpose1d(_first(x), w.permute(2, 1, 0), None, 2)),
        [x, w],
    )


@pytest.mark.parametrize("window", [(2, 2), (3, 2), (1, 4)])
@pytest.mark.parametrize("strides", [None, (1, 1), (2, 3)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling(window, strides, padding):
    (x,) = _draw((2, 7, 8, 3))
    step = strides or window

    def best(x):
        x = _padded(x, window, step, value=-torch.inf) if padding == "same" else _first(x)
        return _last(F.max_pool2d(x, window, step))

    def mean(x):
        if padding == "valid":
            return _last(F.avg_pool2d(_first(x), window, step))
        total = F.avg_pool2d(_padded(x, window, step), window, step)
        return _last(total / F.avg_pool2d(_padded(torch.ones_like(x), window, step), window, step))

    _agree(lambda x: ops.max_pool(x, window, strides, padding), best, [x])
    _agree(lambda x: ops.average_pool(x, window, strides, padding), mean, [x])


def test_pooling_1d():
    (x,) = _draw((2, 9, 3))
    _agree(lambda x: ops.max_pool(x, 3, 2), lambda x: _last(F.max_pool1d(_first(x), 3, 2)), [x])
    _agree(lambda x: ops.average_pool(x, 3, 2), lambda x: _last(F.avg_pool1d(_first(x), 3, 2)), [x])


def test_max_pool_of_ties_and_nan():
    x = Tensor([[[1.0], [1.0], [np.nan], [2.0]]], requires_grad=True)
    y = ops.max_pool(x, 2)
    y.sum().backward()
    assert y.array[0, 0, 0] == 1 and np.isnan(y.array[0, 1, 0])
    assert x.grad.tolist() == [[[1.0], [0.0], [1.0], [0.0]]]


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax(axis):
    (x,) = _draw((3, 4, 5))
    _agree(lambda x: ops.softmax(x, axis), lambda x: torch.softmax(x, axis), [x])
    _agree(lambda x: ops.log_softmax(x, axis), lambda x: torch.log_softmax(x, axis), [x])


def test_cross_entropies():
    x, t = _draw((4, 5), (4, 5))
    labels, p = np.array([0, 4, 2, 2]), np.exp(t) / np.exp(t).sum(-1, keepdims=True)
    _agree(
        lambda x, p: ops.categorical_crossentropy(p, x, from_logits=True),
        lambda x, p: F.cross_entropy(x, p, reduction="none"),
        [x, p],
    )
    _agree(
        lambda x, labels: ops.sparse_categorical_crossentropy(labels, x, from_logits=True),
        lambda x, labels: F.cross_entropy(x, labels, reduction="none"),
        [x],
        [labels],
    )
    _agree(
        lambda x, p: ops.binary_crossentropy(p, x, from_logits=True),
        lambda x, p: F.binary_cross_entropy_with_logits(x, p, reduction="none"),
        [x, p],
    )
    _agree(
        lambda x, labels: ops.sparse_categorical_crossentropy(labels, ops.softmax(x)),
        lambda x, labels: F.cross_entropy(x, labels, reduction="none"),
        [x],
        [labels],
    )


def test_cross_entropy_along_another_axis():
    (x,) = _draw((2, 5, 3))
    labels = np.array([[0, 4, 2], [1, 3, 3]])
    _agree(
        lambda x, labels: ops.sparse_categorical_crossentropy(labels, x, from_logits=True, axis=1),
        lambda x, labels: F.cross_entropy(x, labels, reduction="none"),
        [x],
        [labels],
    )


def test_probabilities_are_clipped():
    loss = ops.sparse_categorical_crossentropy([1, 0], np.array([[1.0, 0.0], [2.0, 0.0]]))
    np.testing.assert_allclose(loss.array, [-np.log(1e-7), -np.log(1 - 1e-7)], rtol=1e-9)


@pytest.mark.parametrize("shape, axis", [((6, 4), -1), ((3, 5, 5, 4), -1), ((3, 4, 5, 5), 1)])
def test_batch_normalization(shape, axis):
    x, scale, offset = _draw(shape, (4,), (4,))
    axes = tuple(a for a in range(len(shape)) if a != axis % len(shape))

    def ours(x, scale, offset):
        return ops.batch_normalization(x, *ops.moments(x, axes), axis, offset, scale, epsilon=1e-3)

    def theirs(x, scale, offset):
        y = F.batch_norm(x.movedim(axis, 1), None, None, scale, offset, training=True, eps=1e-3)
        return y.movedim(1, axis)

    _agree(ours, theirs, [x, scale, offset])


@pytest.mark.parametrize("axis", [-1, (1, 2), (-2, -1)])
def test_layer_and_rms_normalization(axis):
    shape = (5,) if axis == -1 else (4, 5)
    x, gamma, beta = _draw((3, 4, 5), shape, shape)
    _agree(
        lambda x, gamma, beta: ops.layer_normalization(x, gamma, beta, axis, 1e-3),
        lambda x, gamma, beta: F.layer_norm(x, shape, gamma, beta, 1e-3),
        [x, gamma, beta],
    )
    _agree(
        lambda x, gamma: ops.rms_normalization(x, gamma, axis, 1e-3),
        lambda x, gamma: F.rms_norm(x, shape, gamma, 1e-3),
        [x, gamma],
    )


def test_normalization_over_a_middle_axis():
    x, gamma = _draw((3, 4, 5), (4,))
    _agree(
        lambda x, gamma: ops.layer_normalization(x, gamma, axis=1, epsilon=1e-3),
        lambda x, gamma: F.layer_norm(x.movedim(1, -1), (4,), gamma, None, 1e-3).movedim(-1, 1),
        [x, gamma],
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize(order):
    (x,) = _draw((3, 4))
    _agree(lambda x: ops.normalize(x, order=order), lambda x: F.normalize(x, order, -1), [x])


def test_normalize_of_zero_has_a_gradient():
    x = Tensor(np.zeros((2, 3)), requires_grad=True)
    ops.normalize(x).sum().backward()
    assert np.isfinite(x.grad.array).all()


SPECIAL = np.array(
    [
        [1.0, np.nan, 2.0, 0.0, -1.0],
        [1.0, -np.inf, 2.0, 0.0, -0.0],
        [-np.inf] * 5,
        [1e30, -1e30, 0.0, 1.0, 2.0],
        [0.0, 1.0, 2.0, 3.0, np.inf],
        [700.0, 710.0, 720.0, -720.0, 0.0],
    ]
)


@pytest.mark.parametrize(
    "rung", sorted({k.rung for op in ("softmax", "log_softmax") for k in kernels.rungs(op)})
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_nan_and_infinities(rung, dtype):
    x = SPECIAL.astype(dtype)
    labels = np.array([0, 0, 1, 2, 0, 3])
    with kernels.use(rung):
        pairs = [
            (ops.softmax(x), torch.softmax(torch.tensor(x), -1)),
            (ops.log_softmax(x), torch.log_softmax(torch.tensor(x), -1)),
            (
                ops.sparse_categorical_crossentropy(labels, x, from_logits=True),
                F.cross_entropy(torch.tensor(x), torch.tensor(labels), reduction="none"),
            ),
        ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(
            ours.array, theirs.numpy(), rtol=1e-5 if dtype == "float32" else RTOL, equal_nan=True
        )


@pytest.mark.parametrize("rung", sorted({k.rung for k in kernels.rungs("softmax_cross_entropy")}))
def test_an_impossible_class_that_nobody_asks_for_costs_nothing(rung):
    """0 * log(0) counts as 0: a masked class (logit -inf) with label 0 leaves the loss and its gradient finite."""
    x = Tensor([[0.0, -np.inf, 0.0]], requires_grad=True)
    with kernels.use(rung):
        loss = ops.categorical_crossentropy([[1.0, 0.0, 0.0]], x, from_logits=True)
        loss.sum().backward()
    np.testing.assert_allclose(loss.array, [np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(x.grad.array, [[-0.5, 0.0, 0.5]], rtol=1e-6)


@pytest.mark.parametrize(
    "rung", sorted({k.rung for op in ("conv2d", "max_pool2d") for k in kernels.rungs(op)})
)
def test_nan_stays_in_the_windows_that_see_it(rung):
    x, w = np.ones((1, 6, 6, 2)), np.ones((3, 3, 2, 4))
    x[0, 0, 0, 0] = np.nan
    with kernels.use(rung):
        results = [
            ops.conv(x, w, 1, "same"),
            ops.max_pool(x, 3, 1, "same"),
            ops.average_pool(x, 3, 1, "same"),
        ]
    for y in results:
        bad = np.isnan(y.array[0, :, :, 0])
        assert bad[:2, :2].all() and bad.sum() == 4
