"""Cases of stepgrad.ops.loss: softmax and the cross-entropies."""

import numpy as np

from ops.harness import Case, Input, integers, uniform, x32
from stepgrad import ops


def _softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True, initial=-1e300))
    return e / e.sum(axis, keepdims=True)


def _probabilities(rng, shape):
    return _softmax(rng.normal(size=shape)) if shape[-1] else np.zeros(shape)


def _sparse(labels, logits):
    p = np.log(_softmax(logits)).reshape(-1, logits.shape[-1])
    return -p[np.arange(labels.size), labels.reshape(-1)].reshape(labels.shape)


def _clipped(p, axis):
    return np.clip(p / p.sum(axis, keepdims=True), 1e-7, 1 - 1e-7)


ROWS = [
    ((1, 1),),
    ((1,),),
    ((0, 3),),
    ((3, 0),),
    ((2, 3, 5),),
    *(((3, n),) for n in (7, 8, 9, 15, 16, 17, 31, 33)),
]
PAIRS = [shape * 2 for shape in ROWS]
LABELLED = [((*s[:-1],), s) for (s,) in ROWS if s[-1] > 3] + [((0,), (0, 3)), ((2, 3), (2, 3, 5))]


def _along(name, call, expected):
    bad = [
        (lambda: call(x32(2, 3), axis=2), "there is no such axis"),
        (lambda: call(1.0), "there is no such axis"),
    ]
    names = (name, f"{name}_gradient")
    return [
        Case(names, call, [Input((3, 5))], expected=expected, shapes=ROWS, large=((519, 257),), errors=bad),
        Case(names, call, [Input((4, 3, 5))], {"axis": 1}, expected, label="axis"),
        Case(names, call, [Input((3, 5), uniform(80, 120))], expected=expected, label="large_scores"),
    ]


CASES = [
    *_along("softmax", ops.softmax, _softmax),
    *_along("log_softmax", ops.log_softmax, lambda x, axis=-1: np.log(_softmax(x, axis))),
    Case(
        ("softmax_cross_entropy", "softmax_cross_entropy_gradient"),
        lambda t, x: ops.categorical_crossentropy(t, x, from_logits=True),
        [Input((3, 5), _probabilities), Input((3, 5))],
        expected=lambda t, x: -(t * np.log(_softmax(x))).sum(-1),
        shapes=PAIRS,
        large=((519, 257),) * 2,
        batch=(0, 1),
        errors=[
            (
                lambda: ops.categorical_crossentropy(np.array([1, 2]), x32(2, 3), True),
                "use sparse_categorical_crossentropy",
            ),
            (lambda: ops.categorical_crossentropy(x32(2, 4), x32(2, 3), True), "labels of shape (2, 3)"),
        ],
    ),
    Case(
        ("softmax_cross_entropy", "softmax_cross_entropy_gradient"),
        lambda t, x: ops.categorical_crossentropy(t, x, from_logits=True, axis=1),
        [Input((3, 5, 2)), Input((3, 5, 2))],  # labels need not add up to 1
        expected=lambda t, x: -(t * np.log(_softmax(x, 1))).sum(1),
        batch=(0, 1),
        label="axis",
    ),
    Case(
        ("sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_gradient"),
        lambda t, x: ops.sparse_categorical_crossentropy(t, x, from_logits=True),
        [Input((4,), integers(0, 3), "int64"), Input((4, 3))],
        expected=_sparse,
        shapes=LABELLED,
        large=((519,), (519, 257)),
        batch=(0, 1),
        errors=[
            (
                lambda: ops.sparse_categorical_crossentropy([0, 3], x32(2, 3), True),
                "label 3 is no class: there are 3 classes",
            ),
            (lambda: ops.sparse_categorical_crossentropy([0, -1], x32(2, 3), True), "label -1 is no class"),
            (
                lambda: ops.sparse_categorical_crossentropy([0.5, 1.0], x32(2, 3), True),
                "class labels are whole numbers",
            ),
            (lambda: ops.sparse_categorical_crossentropy(np.eye(3), x32(3, 3)), "labels look one-hot"),
            (
                lambda: ops.sparse_categorical_crossentropy([0, 1, 2], x32(2, 3), True),
                "one label is needed for each sample",
            ),
        ],
    ),
    Case(
        "sigmoid_cross_entropy",
        lambda t, x: ops.binary_crossentropy(t, x, from_logits=True),
        [Input((3, 5), uniform(0, 1)), Input((3, 5))],
        expected=lambda t, x: np.logaddexp(0, x) - t * x,
        kink=lambda t, x: (
            abs(x) < 1e-2
        ).any(),  # |x| in the formula: its differences there are no derivative of NumPy's
        shapes=PAIRS,
        batch=(0, 1),
        errors=[(lambda: ops.binary_crossentropy(x32(3), x32(3, 1), True), "target[:, None]")],
    ),
    Case(
        "log_softmax",  # the losses of probabilities are compositions; the op named here carries their checks
        ops.categorical_crossentropy,
        [Input((3, 5), _probabilities), Input((3, 5), uniform(0.1, 1))],
        expected=lambda t, p: -(t * np.log(_clipped(p, -1))).sum(-1),
        batch=(0, 1),
        errors=[
            (lambda: ops.categorical_crossentropy([1, 2], x32(2, 3)), "use sparse_categorical_crossentropy")
        ],
        label="categorical_of_probabilities",
    ),
    Case(
        ("sparse_probability_cross_entropy", "sparse_probability_cross_entropy_gradient"),
        ops.sparse_categorical_crossentropy,
        [Input((3, 1), integers(0, 5), "int64"), Input((3, 5), uniform(0.1, 1))],
        expected=lambda t, p: -np.log(np.take_along_axis(_clipped(p, -1), t, -1)[..., 0]),
        shapes=[((1, 1), (1, 5)), ((2, 3, 1), (2, 3, 7)), ((0, 1), (0, 5))],
        batch=(0, 1),
        errors=[(lambda: ops.sparse_categorical_crossentropy([0, 3], x32(2, 3)), "label 3 is no class")],
        label="sparse_of_probabilities",
    ),
    Case(
        "log_softmax",
        ops.binary_crossentropy,
        [Input((3, 5), uniform(0, 1)), Input((3, 5), uniform(0.1, 0.9))],
        expected=lambda t, p: -(t * np.log(p) + (1 - t) * np.log(1 - p)),
        batch=(0, 1),
        errors=[(lambda: ops.binary_crossentropy(x32(3), x32(3, 1)), "target[:, None]")],
        label="binary_of_probabilities",
    ),
]
