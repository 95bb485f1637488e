"""Cases of stepgrad.ops.reduction. NaN, empty inputs, ties and zeros of prod stand in test_reductions.py."""

import numpy as np

from ops.harness import Case, Input, distinct, integers, nonzero, normal, positive, x32
from stepgrad import ops
from stepgrad.ops.reduction.linear_scan import _linear_scan
from stepgrad.ops.reduction.max import _extreme_share
from stepgrad.ops.reduction.sort import _top_k_indices

# Axes: all, first, middle, last, negative, neighbours, not neighbours, none; and reduced axes kept.
WAYS = {
    "all": {},
    "first": {"axis": 0},
    "middle": {"axis": 1},
    "last_kept": {"axis": -1, "keepdims": True},
    "neighbours": {"axis": (0, 1)},
    "apart_kept": {"axis": (2, 0), "keepdims": True},
    "none": {"axis": ()},
}
SHAPES = [
    ((1, 1, 1),),
    ((2, 7, 1),),
    ((1, 13, 8),),
    ((3, 9, 15),),
    ((2, 16, 3),),
    ((5, 17, 31),),
    ((33, 2, 1),),
]
EMPTY = [((0, 2, 3),), ((2, 0, 3),), ((2, 3, 0),)]
LARGE = ((64, 33, 129),)


def _reduction(
    name, call, expected, domain=normal, neutral=True, ways=tuple(WAYS), sizes=SHAPES, large=LARGE, **more
):
    """The op along all axes; `neutral`: it has a value for no entries at all."""
    errors = [
        (lambda: call(x32(2, 3), axis=2), "there is no such axis"),
        (lambda: call(x32(2, 3), axis=(0, -3)), "there is no such axis"),
    ]
    if not neutral:
        errors.append((lambda: call(x32(2, 0), axis=1), "there is nothing to take the"))
    return [
        Case(
            name,
            call,
            [Input((3, 4, 5), domain)],
            WAYS[way],
            expected,
            shapes=[*sizes, *(EMPTY if neutral else ())],
            large=large if way in ("all", "first", "last_kept") else None,
            errors=errors,
            label=way,
            **more,
        )
        for way in ways
    ]


def _logsumexp(x, axis=None, keepdims=False):
    with np.errstate(divide="ignore"):  # log(0) = -inf is the value for no entries
        return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _nan_if_empty(function):
    """np.mean and np.var warn about empty input; the value is NaN."""

    def expected(x, axis=None, keepdims=False):
        sums = np.sum(x, axis=axis, keepdims=keepdims)
        if not x.size:
            return np.full(sums.shape, np.nan)
        return function(x, axis=axis, keepdims=keepdims)

    return expected


def _near_one(rng, shape):
    return rng.uniform(0.7, 1.3, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def _count(x, axis=None):
    return np.asarray(np.sum(x != 0, axis=axis))


def _sparse(rng, shape):
    return rng.integers(0, 2, shape) * rng.normal(size=shape)


def _top_k(x, k):
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1), order


def _scan(a, b, axis):
    rows = [np.zeros_like(np.take(b, 0, axis))]
    for t in range(b.shape[axis]):
        rows.append(np.take(a, t, axis) * rows[-1] + np.take(b, t, axis))
    return np.stack(rows[1:], axis)


def _share(x, y, axis):
    mask = x == y
    return mask / mask.sum(axis, keepdims=True)


FEW = ("all", "middle", "apart_kept")
TIES = [[1.0, 2.0, 2.0], [0.0, -1.0, -1.0], [5.0, 5.0, 5.0]]

CASES = [
    *_reduction("sum", ops.sum, np.sum, linear=True),
    *_reduction("mean", ops.mean, _nan_if_empty(np.mean), linear=True),
    *_reduction("max", ops.max, np.max, distinct, neutral=False),
    *_reduction("min", ops.min, np.min, distinct, neutral=False),
    *_reduction("var", ops.var, _nan_if_empty(np.var)),
    *_reduction(
        "prod", ops.prod, np.prod, _near_one, sizes=SHAPES[:3], large=((4, 33, 9),)
    ),  # more would overflow
    *_reduction("logsumexp", ops.logsumexp, _logsumexp),
    *_reduction("norm", lambda x, **a: ops.norm(x, **a), lambda x, **a: np.sqrt(np.sum(x * x, **a)), nonzero),
    *_reduction("any", ops.any, np.any, _sparse, ways=FEW),
    *_reduction("all", ops.all, np.all, _sparse, ways=FEW),
    *_reduction("argmax", ops.argmax, np.argmax, neutral=False, ways=("all", "first", "middle", "last_kept")),
    *_reduction("argmin", ops.argmin, np.argmin, neutral=False, ways=("all", "first", "middle", "last_kept")),
    Case(
        "argmax",
        ops.argmax,
        [Input((4, 6), integers(0, 3))],
        {"axis": 1},
        np.argmax,
        label="ties",
        errors=[(lambda: ops.argmax(x32(2, 2), axis=(0, 1)), "one axis, or None")],
    ),
    Case("argmin", ops.argmin, [Input((4, 6), integers(0, 3))], {"axis": 1}, np.argmin, label="ties"),
    Case(
        "count_nonzero",
        ops.count_nonzero,
        [Input((3, 4), _sparse)],
        {"axis": 1},
        _count,
        shapes=[((0, 3),), ((1, 1),)],
        errors=[(lambda: ops.count_nonzero(x32(2), axis=1), "there is no such axis")],
    ),
    Case(
        "extreme_share",
        _extreme_share,
        [
            Input((3, 3), lambda rng, s: np.array(TIES)),
            Input((3, 1), lambda rng, s: np.max(TIES, 1, keepdims=True)),
        ],
        {"axis": 1},
        _share,
        batch=(0, 1),
        errors=[(lambda: _extreme_share(x32(2, 3), x32(3, 1), axis=1), "broadcast")],
    ),
    # what is made of them
    Case("var", ops.std, [Input((4, 5))], {"axis": 0}, np.std, label="std"),
    Case("mean", lambda x, **a: ops.average(x, **a), [Input((4, 5))], {"axis": 1}, np.mean, label="average"),
    Case(
        "sum",
        lambda x, w, **a: ops.average(x, weights=w, **a),
        [Input((4, 5)), Input((5,), positive)],
        {"axis": 1},
        lambda x, w, axis: np.average(x, axis, w),
        label="average_weighted",
        errors=[(lambda: ops.average(x32(2, 3), weights=x32(3)), "the weights do not fit")],
    ),
    Case(
        "sum",
        lambda x, w: ops.average(x, weights=w),
        [Input((2, 5)), Input((2, 5), positive)],
        batch=(0, 1),
        expected=lambda x, w: np.average(x, weights=w),
        label="average_full",
    ),
    Case(
        "norm",
        ops.norm,
        [Input((3, 4), nonzero)],
        {"ord": 1, "axis": 1},
        np.linalg.norm,
        label="one",
        errors=[(lambda: ops.norm(x32(2, 3), ord=3, axis=1), "this norm is not offered")],
    ),
    Case(
        "norm", ops.norm, [Input((3, 4), distinct)], {"ord": np.inf, "axis": 1}, np.linalg.norm, label="inf"
    ),
    # running
    *[
        Case(
            name,
            call,
            [Input((3, 4, 5), domain)],
            {"axis": axis},
            expected,
            shapes=[((0, 2, 3),), ((2, 0, 3),), ((1, 1, 1),), ((7, 3, 2),)],
            linear=name == "cumsum",
            errors=[(lambda call=call: call(x32(2, 3), axis=2), "there is no such axis")],
            label=f"axis{axis}",
        )
        for name, call, expected, domain in (
            ("cumsum", ops.cumsum, np.cumsum, normal),
            ("cumprod", ops.cumprod, np.cumprod, nonzero),
        )
        for axis in (0, 1, -1, None)
    ],
    Case("cumprod", ops.cumprod, [Input((4, 5), _sparse)], {"axis": 1}, np.cumprod, label="zeros"),
    *[
        Case(
            "linear_scan",
            _linear_scan,
            [Input((4, 3)), Input((4, 3))],
            {"axis": axis},
            _scan,
            shapes=[((1, 1), (1, 1)), ((7, 2), (7, 2))],
            batch=(0, 1),
            errors=[(lambda: ops.linear_scan(x32(3), x32(4)), "a and b need one shape")],
            label=f"axis{axis}",
        )
        for axis in (0, 1)
    ],
    # order
    *[
        Case(
            "argsort",
            ops.argsort,
            [Input((4, 6), domain)],
            {"axis": axis},
            lambda x, axis: np.argsort(x, axis, kind="stable"),
            shapes=[((0, 3),), ((3, 0),), ((1, 1),)],
            errors=[(lambda: ops.argsort(x32(2), axis=1), "there is no such axis")],
            label=f"axis{axis}_{domain.__name__}",
        )
        for axis in (0, -1, None)
        for domain in (normal, lambda rng, shape: rng.integers(0, 3, shape))
    ],
    *[
        Case(
            "take_along_axis",
            ops.sort,
            [Input((4, 6), distinct)],
            {"axis": axis},
            np.sort,
            label=f"sort_axis{axis}",
        )
        for axis in (0, -1, None)
    ],
    Case(
        "top_k_indices",
        _top_k_indices,
        [Input((3, 6), integers(0, 4))],
        {"k": 4},
        lambda x, k: _top_k(x, k)[1],
        shapes=[((0, 4),), ((1, 5),)],
        errors=[
            (lambda: ops.top_k(x32(3), 4), "k is larger than the last axis"),
            (lambda: ops.top_k(1.0, 1), "at least one axis"),
        ],
    ),
    Case(
        ("take_along_axis", "top_k_indices"),
        ops.top_k,
        [Input((3, 6), distinct)],
        {"k": 2},
        _top_k,
        label="top_k",
    ),
    *[
        Case(
            "take_along_axis",
            ops.quantile,
            [Input((4, 6), distinct)],
            {"q": q, "axis": axis, "keepdims": kept},
            lambda x, q, axis, keepdims: np.quantile(x, q, axis, keepdims=keepdims),
            batch=(),
            label=f"quantile_{q}_{axis}",
            errors=[(lambda: ops.quantile(x32(3), 2.0), "0 <= q <= 1")],
        )
        for q, axis, kept in ((0.3, 0, True), (0.0, 1, False), (1.0, None, True), ((0.25, 0.6), 1, False))
    ],
    Case("take_along_axis", ops.median, [Input((4, 6), distinct)], {"axis": 1}, np.median, label="median"),
]
