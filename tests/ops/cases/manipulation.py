"""Cases of stepgrad.ops.manipulation."""

import numpy as np

from ops.harness import Case, Input, distinct, x32
from stepgrad import ops
from stepgrad.ops.manipulation.cast import _cast
from stepgrad.ops.manipulation.creation import _full_like

EMPTY = [((0, 3, 4),), ((2, 0, 4),), ((1, 1, 1),)]


def _same(name, call, attrs, expected, label, shape=(2, 3, 4), **more):
    """A linear op of one input."""
    more = {"linear": True, "shapes": EMPTY if len(shape) == 3 else ()} | more
    return Case(name, call, [Input(shape)], attrs, expected, label=label, **more)


def _joined(name, call, each, expected, label, attrs=None, **more):
    """A linear op of several inputs."""
    return Case(name, call, [Input(s) for s in each], attrs or {}, expected, linear=True, label=label, **more)


CASES = [
    # the same entries in another shape
    _same(
        "reshape",
        ops.reshape,
        {"newshape": (-1, 4)},
        lambda x, newshape: x.reshape(newshape),
        "rows",
        batch=(),
        shapes=[((1, 1, 4),), ((5, 7, 4),)],
        errors=[
            (lambda: ops.reshape(x32(2, 3), (4, -1)), "the number of entries must stay the same"),
            (lambda: ops.reshape(x32(2, 3), (5,)), "the number of entries must stay the same"),
        ],
    ),
    _same(
        "reshape", ops.reshape, {"newshape": 24}, lambda x, newshape: x.ravel(), "int", shapes=(), batch=()
    ),
    _same("reshape", ops.ravel, {}, np.ravel, "ravel"),
    _same(
        "reshape",
        ops.reshape,
        {"newshape": ()},
        lambda x, newshape: x.reshape(()),
        "number",
        shape=(1, 1),
        batch=(),
    ),
    *[
        _same(
            "expand_dims",
            ops.expand_dims,
            {"axis": axis},
            np.expand_dims,
            f"{axis}",
            errors=[(lambda: ops.expand_dims(x32(2), 3), "there is no such axis")],
        )
        for axis in (0, 1, -1, (0, 2), (-1, 1))
    ],
    *[
        _same(
            "squeeze",
            ops.squeeze,
            {"axis": axis},
            np.squeeze,
            f"{axis}",
            shape=(3, 1, 4, 1),
            shapes=[((0, 1, 2, 1),), ((5, 1, 7, 1),)],
            errors=[
                (lambda: ops.squeeze(x32(2, 3), 1), "only axes of size 1 can be dropped"),
                (lambda: ops.squeeze(x32(2, 1), 2), "there is no such axis"),
            ],
        )
        for axis in (None, 1, -1, (1, 3))
    ],
    *[
        _same(
            "transpose",
            ops.transpose,
            {"axes": axes},
            np.transpose,
            f"{axes}",
            errors=[
                (lambda: ops.transpose(x32(2, 3), (0, 0)), "axes must name every axis once"),
                (lambda: ops.transpose(x32(2, 3), (0, 2)), "there is no such axis"),
                (lambda: ops.swapaxes(x32(2, 3), 0, 2), "there is no such axis"),
                (lambda: ops.moveaxis(x32(2, 3), (0, 1), 1), "equally many axes"),
            ],
        )
        for axes in (None, (0, 2, 1), (1, 2, 0), (-1, 0, 1))
    ],
    _same(
        "transpose", lambda x: x.transpose(1, 2, 0), {}, lambda x: x.transpose(1, 2, 0), "method", batch=()
    ),
    _same("transpose", ops.swapaxes, {"axis1": 0, "axis2": -1}, np.swapaxes, "swapaxes"),
    _same("transpose", ops.moveaxis, {"source": -1, "destination": 0}, np.moveaxis, "moveaxis"),
    _same("transpose", ops.moveaxis, {"source": (0, 1), "destination": (-1, 0)}, np.moveaxis, "moveaxis_two"),
    _same(
        "cast", ops.cast, {"dtype": "int32"}, lambda x, dtype: np.trunc(x).astype(int), "int", linear=False
    ),
    _same(
        "cast",
        lambda x: _cast(x, dtype=x.dtype),
        {},
        lambda x: x,
        "same",
        batch=(),
        errors=[(lambda: ops.cast("word", "int32"), "tensors hold numbers")],
    ),
    # copies
    *[
        _same(
            "broadcast_to",
            ops.broadcast_to,
            {"shape": to},
            np.broadcast_to,
            f"{to}",
            shape=shape,
            batch=(),
            shapes=(),
            errors=[
                (lambda: ops.broadcast_to(x32(2, 3), (3,)), "cannot be repeated to this shape"),
                (lambda: ops.broadcast_to(x32(3), (2, 1)), "cannot be repeated to this shape"),
                (lambda: ops.broadcast_to(x32(2), (2, 3)), "do not broadcast"),
            ],
        )
        for shape, to in (((3,), (2, 3)), ((2, 1, 3), (2, 4, 3)), ((), (2, 2)), ((1, 0), (3, 0)))
    ],
    *[
        _same(
            "tile",
            ops.tile,
            {"repeats": repeats},
            lambda x, repeats: np.tile(x, repeats),
            f"{repeats}",
            shape=(2, 3),
            shapes=[((0, 3),), ((1, 1),)] if repeats != (0, 1) else (),
            errors=[(lambda: ops.tile(x32(2), -1), "cannot be negative")],
        )
        for repeats in (2, (2, 3), (2, 1, 3), (0, 1))
    ],
    *[
        _same(
            "repeat",
            ops.repeat,
            {"repeats": repeats, "axis": axis},
            np.repeat,
            f"{repeats}_{axis}",
            shape=(2, 3),
            batch=batch,
            errors=[
                (lambda: ops.repeat(x32(2), -1, 0), "cannot be negative"),
                (lambda: ops.repeat(x32(2), [1, -1], 0), "cannot be negative"),
                (lambda: ops.repeat(x32(2), [1, 2, 3], 0), "each entry needs its number"),
            ],
        )
        for repeats, axis, batch in (
            (3, 0, (0,)),
            (2, -1, (0,)),
            (2, None, (0,)),
            ([0, 2, 1], 1, (0,)),
            (0, 1, (0,)),
        )
    ],
    # order
    *[
        _same(
            "flip",
            ops.flip,
            {"axis": axis},
            np.flip,
            f"{axis}",
            errors=[(lambda: ops.flip(x32(2), 1), "there is no such axis")],
        )
        for axis in (None, 0, -1, (0, 1))
    ],
    *[
        _same(
            "roll",
            ops.roll,
            {"shift": shift, "axis": axis},
            np.roll,
            f"{shift}_{axis}",
            errors=[
                (lambda: ops.roll(x32(2), 1, 1), "there is no such axis"),
                (lambda: ops.roll(x32(2, 2), (1, 2), (0, 1, 0)), "cannot be broadcast"),
            ],
        )
        for shift, axis in ((1, 0), (-2, 2), (5, None), ((1, 2), (0, -1)), (2, (0, 1)))
    ],
    # joins and cuts
    *[
        _joined(
            "concatenate",
            lambda *xs, axis: ops.concatenate(xs, axis),
            shapes,
            lambda *xs, axis: np.concatenate(xs, axis),
            f"{axis}",
            {"axis": axis},
            batch=batch,
            errors=[
                (lambda: ops.concatenate([x32(2, 3), x32(2, 4)], 0), "differ on an axis"),
                (lambda: ops.concatenate([x32(2, 3), x32(3)], 0), "differ on an axis"),
                (lambda: ops.concatenate([]), "there is nothing to join"),
                (lambda: ops.concatenate([1.0, 2.0]), "numbers have no axis"),
                (lambda: ops.concatenate([x32(2), x32(2)], 1), "there is no such axis"),
            ],
        )
        for axis, shapes, batch in (
            (0, ((2, 3), (1, 3), (0, 3)), (0,)),
            (1, ((2, 3), (2, 4)), (0, 1)),
            (-1, ((2, 1, 3), (2, 1, 1)), (1,)),
            (0, ((4,),), (0,)),
        )
    ],
    _joined(
        "concatenate",
        lambda *xs: ops.hstack(xs),
        ((2, 3), (2, 1)),
        lambda *xs: np.hstack(xs),
        "hstack",
        batch=(0, 1),
    ),
    _joined(
        "concatenate", lambda *xs: ops.hstack(xs), ((), (2,)), lambda *xs: np.hstack(xs), "hstack_numbers"
    ),
    _joined(
        "concatenate",
        lambda *xs: ops.vstack(xs),
        ((3,), (2, 3)),
        lambda *xs: np.vstack(xs),
        "vstack",
        batch=(1,),
    ),
    *[
        _joined(
            "stack",
            lambda *xs, axis: ops.stack(xs, axis),
            ((2, 3),) * n,
            lambda *xs, axis: np.stack(xs, axis),
            f"{n}_{axis}",
            {"axis": axis},
            batch=(0, 1),
            shapes=[((0, 3),) * n, ((1, 1),) * n],
            errors=[
                (lambda: ops.stack([x32(2), x32(3)]), "only tensors of one shape can be stacked"),
                (lambda: ops.stack([x32(2), x32(2, 2)]), "only tensors of one shape can be stacked"),
                (lambda: ops.stack([]), "there is nothing to stack"),
                (lambda: ops.stack([x32(2), x32(2)], 2), "there is no such axis"),
            ],
        )
        for n, axis in ((2, 0), (3, 1), (2, -1), (1, 0))
    ],
    *[
        _same(
            "split",
            ops.split,
            {"indices_or_sections": sections, "axis": axis},
            np.split,
            f"{sections}_{axis}",
            shape=(4, 6),
            batch=batch,
            errors=[
                (lambda: ops.split(x32(5), 2), "the parts must have equal sizes"),
                (lambda: ops.split(x32(5), 0), "at least one part"),
                (lambda: ops.split(x32(5), [3, 1]), "must ascend"),
                (lambda: ops.split(x32(5), 5, 1), "there is no such axis"),
            ],
        )
        for sections, axis, batch in (
            (2, 0, (0,)),
            (3, -1, (0,)),
            (1, 1, (0,)),
            ([1, 4], 1, (0,)),
            ([0, 2, 2, 9], 0, (0,)),
            ([], 0, ()),
        )
    ],
    _same(
        "split",
        ops.unstack,
        {"axis": 1},
        lambda x, axis: list(np.moveaxis(x, axis, 0)),
        "unstack",
        shapes=(),
        errors=[(lambda: ops.unstack(x32(2, 3), num=2, axis=1), "how many slices")],
    ),
    _same("split", ops.unstack, {"num": 1}, lambda x, num: list(x), "unstack_one", shape=(1, 3)),
    # edges
    *[
        _same(
            "pad",
            ops.pad,
            {"pad_width": width},
            np.pad,
            f"{width}",
            shape=(2, 3),
            shapes=[((0, 3),), ((1, 1),)],
            errors=[
                (lambda: ops.pad(x32(2, 3), ((1, 1), (1, 1), (0, 0))), "each axis needs a pair"),
                (lambda: ops.pad(x32(2, 3), (1, 2, 3)), "pad_width is an int"),
                (lambda: ops.pad(x32(2, 3), -1), "pad_width counts entries"),
                (lambda: ops.pad(x32(2, 3), 1, mode="mirror"), "there is no such mode"),
                (lambda: ops.pad(x32(2, 3), 1, "edge", 1.0), "only with mode='constant'"),
                (lambda: ops.pad(x32(2, 0), 1, "edge"), "nothing to copy from"),
            ],
        )
        for width in (1, (2, 0), ((0, 2), (1, 0)), ((0, 0), (3, 3)))
    ],
    _same(
        "pad",
        ops.pad,
        {"pad_width": 1, "constant_values": 2.5},
        lambda x, **a: np.pad(x, **a),
        "value",
        linear=False,
    ),
    *[
        _same(
            "take",
            ops.pad,
            {"pad_width": ((0, 0), (2, 1)), "mode": mode},
            np.pad,
            f"pad_{mode}",
            shape=(2, 4),
        )
        for mode in ("reflect", "symmetric", "edge", "wrap")
    ],
    # matrices
    *[
        _same(
            name,
            call,
            {"k": k},
            expected,
            f"{k}",
            errors=[(lambda call=call: call(x32(3)), "only a matrix has triangles")],
        )
        for name, call, expected in (("tril", ops.tril, np.tril), ("triu", ops.triu, np.triu))
        for k in (0, 1, -2)
    ],
    *[
        _same(
            "getitem",
            ops.diagonal,
            {"offset": offset, "axis1": i, "axis2": j},
            np.diagonal,
            f"diagonal_{offset}_{i}_{j}",
            batch=(),
            errors=[
                (lambda: ops.diagonal(x32(3)), "only a matrix has a diagonal"),
                (lambda: ops.diagonal(x32(3, 3), 0, 1, -1), "needs two axes"),
            ],
        )
        for offset, i, j in ((0, 0, 1), (1, 1, 2), (-1, 2, 0), (5, 0, 1))
    ],
    _same("getitem", ops.trace, {"offset": 1}, np.trace, "trace", batch=()),
    _same(
        "getitem_gradient",
        ops.diag,
        {"k": -1},
        np.diag,
        "diag",
        shape=(4,),
        batch=(),
        errors=[(lambda: ops.diag(x32(2, 2, 2)), "a vector of known size")],
    ),
    _same("getitem", ops.diag, {"k": 1}, np.diag, "diag_of_matrix", shape=(4, 3), batch=()),
    *[
        _joined(
            "broadcast_to",
            lambda *xs, indexing: ops.meshgrid(*xs, indexing=indexing),
            ((2,), (3,), (4,))[:n],
            lambda *xs, indexing: np.meshgrid(*xs, indexing=indexing),
            f"meshgrid_{indexing}_{n}",
            {"indexing": indexing},
            batch=(),
        )
        for n in (1, 2, 3)
        for indexing in ("xy", "ij")
    ],
    Case(
        "full_like",
        _full_like,
        [Input((2, 3), distinct)],
        {"value": 2.5},
        lambda x, value: np.full(x.shape, value),
        shapes=[((0, 3),), ((),)],
        errors=[(lambda: ops.full_like("word", 1), "tensors hold numbers")],
    ),
]
