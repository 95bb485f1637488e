"""Cases of stepgrad.ops.linalg: matmul in all its shapes; everything else is made of it."""

import math

import numpy as np

from ops.harness import Case, Input, nonzero, normal, uniform, x32
from stepgrad import ops
from stepgrad.ops.linalg.bfloat16 import _matmul_bf16, _round_bf16, _round_gradient_bf16
from stepgrad.ops.linalg.dense import _dense_bf16, _dense_bf16_gradient, _dense_gradient, dense
from stepgrad.ops.linalg.matmul import _matmul


def _case(a, b, label, call=ops.matmul, expected=np.matmul, **attrs):
    return Case("matmul", call, [Input(a), Input(b)], attrs, expected, linear="each", label=label)


def _flagged(a, b, transpose_a=False, transpose_b=False):
    a = np.moveaxis(a, -1, -2) if transpose_a else a
    return np.einsum("...ij,...jk->...ik", a, np.moveaxis(b, -1, -2) if transpose_b else b)


SIZES = [((n, 5), (5, 3)) for n in (1, 7, 8, 9, 16, 17, 33)] + [
    ((3, 4), (4, n)) for n in (1, 7, 8, 9, 15, 16, 17, 31, 33)
]
EMPTY = [
    ((0, 3), (3, 2)),
    ((3, 0), (0, 2)),
    ((3, 2), (2, 0)),
    ((0, 2, 3), (3, 4)),
    ((2, 0, 3), (2, 3, 4)),
    ((0,), (0,)),
]
BROADCAST = {
    "rows_by_matrix": ((2, 3, 4), (4, 5)),
    "matrix_by_rows": ((3, 4), (2, 4, 5)),
    "batch": ((2, 3, 4, 5), (2, 3, 5, 2)),
    "broadcast": ((2, 1, 4, 5), (3, 5, 2)),
    "broadcast_one": ((1, 4, 5), (3, 5, 2)),
    "vectors": ((4,), (4,)),
    "matrix_vector": ((3, 4), (4,)),
    "vector_matrix": ((4,), (4, 3)),
    "batch_vector": ((2, 3, 4), (4,)),
    "vector_batch": ((4,), (2, 4, 3)),
}
EINSUM = {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "bhqd,bhkd->bhqk": ((2, 2, 3, 4), (2, 2, 5, 4)),
    "bqhd,bkhd->bhqk": ((2, 3, 2, 4), (2, 5, 2, 4)),
    "...ij,...jk->...ik": ((1, 2, 3), (4, 3, 2)),
    "iij,jk->ik": ((3, 3, 2), (2, 4)),
    "i,j->ji": ((3,), (4,)),
    "ij,k->i": ((2, 3), (4,)),
    "ij,ij->": ((3, 4), (3, 4)),
    "abc,acd": ((2, 3, 4), (2, 4, 5)),
}


def _einsum(subscripts, shapes):
    return Case(
        "matmul",
        lambda *x: ops.einsum(subscripts, *x),
        [Input(shape) for shape in shapes],
        expected=lambda *x: np.einsum(subscripts, *x),
        linear="each" if len(shapes) > 1 else True,
        batch=(),
        label="einsum_" + subscripts.replace(",", "_").replace("->", "_to_"),
    )


def _dense(activation, expected, op="dense", call=dense, domain=normal, **more):
    return Case(
        op,
        call,
        [Input((5, 4), domain), Input((4, 3), domain), Input((3,))],
        {"activation": activation},
        expected=lambda x, w, b, activation: expected(x @ w + b),
        shapes=[((2, 3, n), (n, 5), (5,)) for n in (1, 9, 17)]
        + [((3, 4), (4, n), (n,)) for n in (1, 8, 19)]
        + [((0, 3), (3, 2), (2,)), ((3, 0), (0, 2), (2,)), ((4,), (4, 2), (2,))],
        label=activation,
        errors=[
            (lambda: call(x32(2, 3), x32(3, 4), x32(3)), "each column of the kernel has one bias"),
            (lambda: call(x32(2, 3), x32(4, 4), x32(4)), "the inner sizes differ"),
        ],
        **more,
    )


def _dense_gradients(x, w, gy, slope, wants_x):
    gz = gy * slope
    gx = gz @ w.T if wants_x else np.zeros(0)
    rows = math.prod(x.shape[:-1])
    return (
        gx,
        x.reshape(rows, x.shape[-1]).T @ gz.reshape(rows, w.shape[1]),
        gz.reshape(rows, w.shape[1]).sum(0),
    )


def _dense_gradient_case(
    activation, slope, y=None, wants_x=True, call=_dense_gradient, domain=normal, **more
):
    return Case(
        call.name,
        call,
        [
            *[Input(shape, domain) for shape in ((5, 4), (4, 3))],
            Input((5, 3), y or uniform(0.2, 0.8)),
            Input((5, 3)),
        ],
        {"activation": activation, "wants_x": wants_x},
        expected=lambda x, w, y, gy, **_: _dense_gradients(x, w, gy, slope(y), wants_x),
        shapes=[((2, 3, n), (n, 5), (2, 3, 5), (2, 3, 5)) for n in (1, 9, 17)]
        + [((3, 4), (4, n), (3, n), (3, n)) for n in (1, 8, 19)]
        + [((0, 3), (3, 2), (0, 2), (0, 2)), ((3, 0), (0, 2), (3, 2), (3, 2)), ((4,), (4, 2), (2,), (2,))],
        batch=(0, 2, 3),
        label=activation + ("" if wants_x else "_without_x"),
        errors=[
            (
                lambda: call(x32(5, 4), x32(4, 3), x32(5, 3), x32(5, 2)),
                "the gradient has the shape of the output",
            )
        ],
        **more,
    )


def eighths(rng, shape):
    """Numbers that a bfloat16 holds, so that float32, which is rounded, and float64, which is not, agree."""
    return rng.integers(-31, 32, shape) / 8


BF16 = {
    "tolerance": {"float32": 2.0**-5},
    "why": "the gradient that arrives is rounded to the 8 bits of a bfloat16, in float32 only; sums cancel",
}


CASES = [
    _dense("linear", lambda z: z),
    _dense("relu", lambda z: np.maximum(z, 0)),
    _dense("tanh", np.tanh),
    _dense("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    _dense_gradient_case("linear", lambda y: 1),
    _dense_gradient_case("relu", lambda y: y > 0, nonzero),
    _dense_gradient_case("tanh", lambda y: 1 - y * y),
    _dense_gradient_case("sigmoid", lambda y: y * (1 - y)),
    _dense_gradient_case("tanh", lambda y: 1 - y * y, wants_x=False),
    _dense("linear", lambda z: z, "dense_bf16", _dense_bf16, eighths, **BF16),
    _dense_gradient_case("linear", lambda y: 1, call=_dense_bf16_gradient, domain=eighths, **BF16),
    _dense_gradient_case(
        "tanh", lambda y: 1 - y * y, wants_x=False, call=_dense_bf16_gradient, domain=eighths, **BF16
    ),
    Case(
        "matmul_bf16",
        _matmul_bf16,
        [Input((4, 3), eighths), Input((3, 5), eighths)],
        expected=np.matmul,
        shapes=[
            ((67, 131), (131, 29)),
            ((2, 3, 4), (4, 5)),
            ((4,), (4, 3)),
            ((0, 3), (3, 2)),
            ((3, 0), (0, 2)),
        ],
        large=((257, 129), (129, 65)),
        errors=[(lambda: _matmul_bf16(x32(2, 3), x32(4, 5)), "3 != 4")],
        **BF16,
    ),
    Case(
        "matmul_bf16",
        _matmul_bf16,
        [Input((2, 3, 4), eighths), Input((2, 5, 3), eighths)],
        {"transpose_a": True, "transpose_b": True},
        expected=_flagged,
        label="transposed",
        **BF16,
    ),
    Case(
        "round_bf16",
        _round_bf16,
        [Input((3, 5), eighths)],
        expected=lambda x: x,
        shapes=[((n,),) for n in (0, 1, 7, 17, 33)],
        large=((257, 1031),),
        errors=[(lambda: _round_bf16("x"), "")],
    ),
    Case(
        "round_gradient_bf16",
        _round_gradient_bf16,
        [Input((3, 5))],
        expected=lambda x: x,
        shapes=[((n,),) for n in (0, 1, 7, 17, 33)],
        errors=[(lambda: _round_gradient_bf16("x"), "")],
        **BF16,
    ),
    Case(
        "matmul",
        ops.matmul,
        [Input((4, 3)), Input((3, 5))],
        expected=lambda a, b: np.einsum("ij,jk->ik", a, b) if a.ndim == b.ndim == 2 else np.matmul(a, b),
        shapes=[((1, 1), (1, 1)), ((67, 131), (131, 29)), *SIZES, *EMPTY],
        large=((257, 129), (129, 65)),
        linear="each",
        errors=[
            (lambda: ops.matmul(x32(2, 3), x32(4, 5)), "3 != 4"),
            (lambda: ops.matmul(x32(2, 3), 2.0), "a number has no matrix product"),
            (lambda: ops.matmul(x32(2, 2, 3), x32(4, 3, 5)), "do not broadcast"),
            (lambda: _matmul(x32(3), x32(3, 5), transpose_a=True), "a vector has no transpose"),
            (lambda: ops.tensordot(x32(2, 3), x32(4, 5), 1), "differ in size"),
            (lambda: ops.tensordot(x32(2, 3), x32(4, 5), 3), "not so many axes"),
            (lambda: ops.tensordot(x32(2, 3), x32(3, 5), ([1], [0, 1])), "in pairs"),
            (lambda: ops.einsum("ij,jk", x32(2, 3), x32(4, 5)), "'j' stands for axes of different sizes"),
            (lambda: ops.einsum("ij,jk", x32(2, 3)), "2 tensors"),
            (lambda: ops.einsum("ij->ik", x32(2, 3)), "each letter of the output"),
            (lambda: ops.einsum("i1", x32(2, 3)), "the character '1'"),
            (lambda: ops.einsum("ijk", x32(2, 3)), "does not fit a tensor with 2 axes"),
            (lambda: ops.einsum("...i->i", x32(2, 3)), 'must have "..."'),
        ],
    ),
    *(_case(a, b, label) for label, (a, b) in BROADCAST.items()),
    _case((3, 4), (3, 5), "ta", _matmul, _flagged, transpose_a=True),
    _case((4, 3), (5, 3), "tb", _matmul, _flagged, transpose_b=True),
    _case((3, 4), (5, 3), "ta_tb", _matmul, _flagged, transpose_a=True, transpose_b=True),
    _case((2, 3, 4), (2, 3, 5), "batch_ta", _matmul, _flagged, transpose_a=True),
    _case((2, 4, 3), (2, 5, 3), "batch_tb", _matmul, _flagged, transpose_b=True),
    _case((2, 4, 3), (5, 3), "rows_tb", _matmul, _flagged, transpose_b=True),
    _case((2, 3, 4), (3, 5), "rows_ta", _matmul, _flagged, transpose_a=True),
    _case((3, 4), (2, 5, 3), "shared_ta_tb", _matmul, _flagged, transpose_a=True, transpose_b=True),
    _case((2, 3), (4, 3, 2), "dot", ops.dot, np.dot),
    _case((2, 3), (4, 3), "inner", ops.inner, np.inner),
    _case((2, 3), (2, 3), "vdot", ops.vdot, np.vdot),
    _case((2, 3), (4,), "outer", ops.outer, np.outer),
    _case((2, 3, 4), (4, 3, 5), "tensordot", ops.tensordot, np.tensordot, axes=([2, 1], [0, 1])),
    _case((2, 3, 4), (3, 4, 5), "tensordot_2", ops.tensordot, np.tensordot),
    *(_einsum(subscripts, shapes) for subscripts, shapes in EINSUM.items()),
    _einsum("ii", [(3, 3)]),
    _einsum("ijji->j", [(3, 2, 2, 3)]),
    _einsum("abc,cd,de->abe", [(2, 3, 4), (4, 5), (5, 6)]),
]
