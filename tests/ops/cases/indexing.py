"""Cases of stepgrad.ops.indexing. Random keys against NumPy stand in test_properties_indexing.py."""

import numpy as np

from ops.harness import Case, Input, distinct, integers, x32
from stepgrad import Tensor, ops
from stepgrad.ops.indexing.embedding import _embedding_gradient, _take
from stepgrad.ops.indexing.getitem import _getitem, _getitem_gradient
from stepgrad.ops.indexing.keys import plain_key
from stepgrad.ops.indexing.setitem import _setitem
from stepgrad.ops.indexing.take_along_axis import _take_along_axis, _take_along_axis_gradient

S = slice
MASK = np.array([[True, False, True], [False, True, True]])
KEYS = {  # of a tensor (2, 3, 4)
    "int": 1,
    "negative": (0, -1),
    "slices": (S(None), S(2, 0, -1), S(0, None, 3)),
    "ellipsis": (..., 1),
    "newaxis": (None, S(1), None, ..., None),
    "empty_slice": (S(2, 2),),
    "list": [1, 0, 1],
    "rows_twice": (S(None), np.array([2, 2, 0])),
    "pairs": (np.array([[0], [1]]), np.array([2, 0, 2])),
    "apart": (np.array([0, 1, 1]), S(None), np.array([3, 3, -4])),
    "apart_by_int": (1, S(None), np.array([0, 0])),
    "mask_rows": np.array([False, True]),
    "mask_two_axes": MASK,
    "mask_inside": (S(None), np.array([True, False, True]), S(1, 3)),
    "nothing": np.array([], dtype=int),
    "mask_nothing": np.zeros((2, 3), bool),
    "number": (1, 2, 3),
}


def _array(values):
    """A domain of fixed integers."""
    return lambda rng, shape: np.array(values).reshape(shape)


def _add_at(gy, key, shape):
    result = np.zeros(shape)
    np.add.at(result, key, gy)
    return result


def _rows_added(indices, gy, rows):
    return np.stack(
        [
            sum((gy[j] for j in range(len(gy)) if indices[j] % rows == i), np.zeros(gy.shape[1]))
            for i in range(rows)
        ]
    )


def _along_gradient(indices, gy, shape, axis):
    basis = np.eye(int(np.prod(shape))).reshape(-1, *shape)  # the adjoint by its definition
    return np.array([np.sum(np.take_along_axis(e, indices, axis) * gy) for e in basis]).reshape(shape)


def _one_hot(x, num_classes, axis=-1):
    return np.moveaxis(np.stack([(x == c) * 1.0 for c in range(num_classes)], -1), -1, axis)


def _updated(x, u, key):
    result = x.copy()
    result[key] = u
    return result


GET_ERRORS = [
    (lambda: Tensor(x32(2, 3))[2], "there is no entry 2 on axis 0"),
    (lambda: Tensor(x32(2, 3))[0, 0, 0], "too many indices"),
    (lambda: Tensor(x32(2, 3))[..., 0, ...], "only once"),
    (lambda: Tensor(x32(2, 3))[0.5], "this cannot be an index"),
    (lambda: Tensor(x32(2, 3))[[0.5]], "this cannot be an index"),
    (lambda: Tensor(x32(2, 3))[[0, 5]], "there is no entry 5 on axis 0"),
    (lambda: Tensor(x32(2, 3))[np.array([True, False, True])], "the mask has another shape"),
    (lambda: Tensor(x32(2, 3))[[0, 1], [0, 1, 2]], "do not broadcast"),
]
TAKE_ERRORS = [
    (lambda: ops.take(x32(2, 3), [3], axis=1), "there is no entry 3 on axis 1"),
    (lambda: ops.take(x32(2, 3), [0.5], axis=1), "indices must be integers"),
    (lambda: ops.take(x32(2, 3), [0], axis=2), "there is no such axis"),
    (lambda: ops.take(x32(2, 3), [True, False], axis=0), "write x[mask]"),
    (lambda: ops.embedding([[1, 7]], x32(5, 2)), "input_dim of the Embedding is too small"),
    (lambda: ops.embedding([-1], x32(5, 2)), "the table has no row -1"),
    (lambda: ops.embedding(Tensor([1.0]), x32(5, 2)), "ops.cast(indices, 'int32')"),
]

CASES = [
    *[
        Case(
            "getitem",
            lambda x, key: x[key],
            [Input((2, 3, 4))],
            {"key": key},
            lambda x, key: x[key],
            linear=True,
            batch=() if name in ("empty_slice", "slices") or "mask" in name else (0,),
            label=name,
            errors=GET_ERRORS,
        )
        for name, key in KEYS.items()
    ],
    Case(
        "getitem",
        lambda x: _getitem(x, key=(Tensor(1).array.item(), S(Tensor(0), Tensor(2)))),
        [Input((2, 3))],
        linear=True,
        expected=lambda x: x[1, 0:2],
        label="tensors_in_slices",
    ),
    *[
        Case(
            "getitem_gradient",
            lambda gy, key, shape: _getitem_gradient(gy, key=plain_key(key), shape=shape),
            [Input(np.zeros((2, 3, 4))[key].shape)],
            {"key": key, "shape": (2, 3, 4)},
            _add_at,
            linear=True,
            batch=(),
            label=name,
        )
        for name, key in KEYS.items()
    ],
    Case(
        "getitem_gradient",
        lambda v: ops.scatter([[0, 1], [2, 0], [0, 1]], v, (3, 2)),
        [Input((3,))],
        linear=True,
        batch=(),
        label="scatter",
        expected=lambda v: np.array([[0, v[0] + v[2]], [0, 0], [v[1], 0]]),
        errors=[(lambda: ops.scatter([[4]], x32(1), (3,)), "out of bounds")],
    ),
    Case(
        "getitem",
        ops.slice,
        [Input((3, 4))],
        {"start_indices": (1, 0), "shape": (2, 3)},
        lambda x, **_: x[1:3, :3],
        linear=True,
        batch=(),
        label="slice",
        errors=[
            (lambda: ops.slice(x32(3, 4), (2, 0), (2, 3)), "the block leaves the tensor on axis 0"),
            (lambda: ops.slice(x32(3, 4), (2,), (2,)), "each axis needs a start and a size"),
        ],
    ),
    # replacing
    *[
        Case(
            "setitem",
            lambda x, u, key: _setitem(x, u, key=plain_key(key)),
            [Input((2, 3, 4)), Input(shape)],
            {"key": key},
            _updated,
            linear=True,
            batch=(),
            label=name,
            errors=[
                (lambda: _setitem(x32(2, 3), x32(2), key=(0,)), "the new entries do not fit"),
                (lambda: ops.scatter_update(x32(3), [[1], [1]], [1.0, 2.0]), "name a place twice"),
                (lambda: ops.slice_update(x32(3), (2,), x32(2)), "the block leaves the tensor on axis 0"),
            ],
        )
        for name, key, shape in (
            ("slices", KEYS["slices"], (2, 2, 2)),
            ("number_into_rows", KEYS["int"], ()),
            ("mask", MASK, (4, 4)),
            ("arrays", ([0, 1], S(None), [3, 2]), (2, 3)),
        )
    ],
    Case(
        "setitem",
        lambda x, u: ops.slice_update(x, (1, 1), u),
        [Input((3, 4)), Input((2, 3))],
        linear=True,
        batch=(),
        label="slice_update",
        expected=lambda x, u: _updated(x, u, np.s_[1:3, 1:4]),
    ),
    Case(
        "setitem",
        lambda x, u: ops.scatter_update(x, [[0], [2]], u),
        [Input((3, 4)), Input((2, 4))],
        linear=True,
        batch=(),
        label="scatter_update",
        expected=lambda x, u: _updated(x, u, [0, 2]),
    ),
    # picking by number
    *[
        Case(
            ("take", "embedding_gradient"),
            lambda x, i, axis: ops.take(x, i, axis),
            [Input((5, 3, 4)), Input(shape, integers(*span), "int32")],
            {"axis": axis},
            lambda x, i, axis: np.take(x, i, axis),
            linear=True,
            batch=(0, 1),
            label=f"{axis}_{shape}",
            errors=TAKE_ERRORS,
            shapes=[((5, 3, 4), (0,)), ((5, 3, 4), (2, 0)), ((7, 5, 4), (17,)), ((5, 3, 4), ())],
        )
        for axis, shape, span in (
            (0, (2, 3), (-5, 5)),
            (1, (4,), (0, 3)),
            (-1, (2, 2), (-4, 4)),
            (None, (6,), (0, 60)),
        )
    ],
    Case(
        ("take", "embedding_gradient"),
        lambda table, i: ops.embedding(i, table),
        [Input((7, 5)), Input((3, 4), integers(0, 7), "int64")],
        linear=True,
        expected=lambda table, i: table[i],
        large=((301, 64), (1000, 7)),
        batch=(1,),
        label="embedding",
        errors=TAKE_ERRORS,
    ),
    Case(
        "take",
        _take,
        [Input((4, 3)), Input((2,), integers(0, 4), "uint8")],
        {"axis": 0},
        lambda x, i, axis: x[i],
        linear=True,
        label="uint8",
    ),
    *[
        Case(
            "embedding_gradient",
            _embedding_gradient,
            [Input((n,), integers(-low, 6), "int64"), Input((n, d))],
            {"rows": 6},
            _rows_added,
            linear=True,
            batch=(0, 1),
            large=((5000,), (5000, 33)),
            label=f"{n}_{d}_{low}",
            errors=[
                (lambda: _embedding_gradient(np.arange(3), x32(4, 2), rows=4), "each index needs one row")
            ],
        )
        for n, d, low in ((9, 4, 0), (9, 1, 6), (0, 3, 0), (17, 17, 0))
    ],
    Case(
        "embedding_gradient",
        ops.segment_sum,
        [Input((5, 2, 3)), Input((5,), _array([0, 2, 2, 0, 3]), "int32")],
        {"num_segments": 5},
        linear=True,
        batch=(),
        expected=lambda x, i, num_segments: np.stack([x[i == s].sum(0) for s in range(num_segments)]),
        label="segment_sum",
        errors=[(lambda: ops.segment_sum(x32(2), [0, 3], 3), "out of range")],
    ),
    *[
        Case(
            ("take_along_axis", "take_along_axis_gradient"),
            _take_along_axis,
            [Input(shape), Input(of, integers(-2, 2), "int64")],
            {"axis": axis},
            np.take_along_axis,
            linear=True,
            batch=(),
            label=f"{axis}_{of}",
            errors=[
                (lambda: ops.take_along_axis(x32(2, 3), [0], 1), "indices need as many axes as x"),
                (lambda: ops.take_along_axis(x32(2, 3), [[0], [0], [0]], 1), "do not broadcast"),
                (lambda: ops.take_along_axis(x32(2, 3), [[3], [0]], 1), "there is no such entry"),
            ],
        )
        for shape, of, axis in (
            ((3, 2), (3, 4), 1),
            ((2, 3), (5, 3), 0),
            ((2, 3, 4), (2, 1, 4), 1),
            ((1, 3), (4, 2), -1),
            ((2, 3), (2, 0), 1),
        )
    ],
    Case(
        "take_along_axis",
        ops.take_along_axis,
        [Input((2, 3)), Input((4,), integers(0, 6), "int32")],
        linear=True,
        batch=(),
        label="flat",
        expected=lambda x, i: x.ravel()[i],
    ),
    *[
        Case(
            "take_along_axis_gradient",
            _take_along_axis_gradient,
            [Input(of, integers(-2, 2), "int64"), Input(gy)],
            {"shape": shape, "axis": axis},
            _along_gradient,
            linear=True,
            batch=(),
            label=f"{axis}_{of}",
            errors=[
                (
                    lambda: _take_along_axis_gradient([[0]], x32(1, 2), shape=(1, 3), axis=1),
                    "another shape than the output",
                )
            ],
        )
        for shape, of, gy, axis in (((3, 2), (3, 4), (3, 4), 1), ((1, 3), (4, 2), (4, 2), 1))
    ],
    # numbers of classes, counting
    *[
        Case(
            "one_hot",
            ops.one_hot,
            [Input((3, 4), integers(-1, 6), "int32")],
            {"num_classes": 5, "axis": axis},
            _one_hot,
            shapes=[((0,),), ((),), ((1, 1),)] if axis != 1 else (),
            label=f"{axis}",
            errors=[
                (lambda: ops.one_hot([0.5], 3), "indices must be integers"),
                (lambda: ops.one_hot([0], 0), "at least one class"),
                (lambda: ops.one_hot([0], 3, axis=3), "there is no such axis"),
            ],
        )
        for axis in (-1, 0, 1)
    ],
    *[
        Case(
            "searchsorted",
            ops.searchsorted,
            [Input((9,), lambda rng, s: np.sort(rng.integers(0, 6, s))), Input((3, 4), integers(-1, 7))],
            {"side": side},
            np.searchsorted,
            batch=(1,),
            label=side,
            errors=[
                (lambda: ops.searchsorted(x32(2, 2), 1.0), "must be a vector"),
                (lambda: ops.searchsorted(x32(2), 1.0, "middle"), "'left' or 'right'"),
            ],
        )
        for side in ("left", "right")
    ],
    Case(
        "embedding_gradient",
        lambda w: ops.bincount([[0, 2, 2], [1, 1, 0]], w),
        [Input((2, 3), distinct)],
        linear=True,
        batch=(),
        label="bincount_weights",
        expected=lambda w: np.array([[w[0, 0], 0, w[0, 1] + w[0, 2]], [w[1, 2], w[1, 0] + w[1, 1], 0]]),
    ),
]
