"""The checks that every op must pass; see harness.py for what a case declares."""

from __future__ import annotations

import numpy as np
import pytest

from stepgrad import device_arrays, kernels
from stepgrad.errors import StepgradError
from stepgrad.ops.op import registry
from stepgrad.tape import KerasTensor, Tensor, wrap
from stepgrad.tape.backward import run_backward

# A result may be off by this much, relative to its entry and to the largest entry: a few dozen roundings.
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -2.5])
STEP = 1e-3  # of the central differences; together with half of it the error is of order STEP**4


# -- comparing --------------------------------------------------------------------------------------------------------


def host(values):
    """The values of an array or tensor as NumPy's, from wherever they lie."""
    array = values.array if isinstance(values, Tensor) else values
    return device_arrays.to_host(array) if hasattr(array, "__cuda_array_interface__") else np.asarray(array)


def close(got, want, rtol, what):
    """Fail unless `got` is `want`: same shape, same NaNs and infinities, entries within rtol of the entry or the largest."""
    got, want = host(got), host(want)
    if got.shape != want.shape:
        pytest.fail(f"{what}: shape {got.shape}, expected {want.shape}")
    if got.dtype.kind in "biu" and want.dtype.kind in "biu":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    finite = np.abs(want[np.isfinite(want)], dtype=np.float64)
    atol = rtol * float(finite.max(initial=0.0)) * 0.1 + np.finfo(np.float32).tiny
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol, equal_nan=True, err_msg=what)


def same_zeros(got, want, what):
    """Fail where one zero is negative and the other is not."""
    got, want = np.asarray(got), np.asarray(want)
    if got.dtype.kind == "f" and want.dtype.kind == "f":
        zeros = (got == 0) & (want == 0)
        np.testing.assert_array_equal(
            np.signbit(got[zeros]), np.signbit(want[zeros]), err_msg=f"{what}: sign of zero"
        )


def weights(outs, seed=5):
    """dL/dout for a loss that weighs every entry differently; None for outputs that are not floats."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=o.shape).astype(o.dtype) if o.array.dtype.kind == "f" else None for o in outs]


def gradients(outs, tensors, ws, create=False):
    """dL/dinput for each input as tensors; None where no path leads."""
    pairs = [
        (o, w if isinstance(w, Tensor) else wrap(w))
        for o, w in zip(outs, ws)
        if w is not None and o.requires_grad
    ]
    if not pairs:
        return [None] * len(tensors)
    return run_backward([o for o, _ in pairs], [w for _, w in pairs], tensors, create, create)


def outcome(case, arrays):
    """Outputs, then gradients, as arrays; zeros stand in for a gradient that does not exist."""
    outs, tensors = case.run(arrays)
    result = [(f"output {i}", host(o)) for i, o in enumerate(outs)]
    if case.differentiable:
        grads = gradients(outs, tensors, weights(outs))
        for i, (g, t) in enumerate(zip(grads, tensors)):
            if t.requires_grad:
                result.append(
                    (f"gradient of input {i}", np.zeros(t.shape, t.dtype) if g is None else host(g))
                )
    return result


def compare(got, want, rtol, zeros=False):
    for (what, a), (_, b) in zip(got, want, strict=True):
        close(a, b, rtol, what)
        if zeros:
            same_zeros(a, b, what)


# -- the checks: each gets a case and a choice of rungs ---------------------------------------------------------------


def rtol_of(case, dtype):
    return case.tolerance.get(dtype, TOLERANCE[dtype])


def _expected(case, arrays):
    wide = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays]
    want = case.expected(*wide, **case.attrs)
    return list(want) if isinstance(want, tuple | list) else [want]


def check_forward(case):
    """Values against the independent expectation, and gradients in float32 against those in float64."""
    for dtype in TOLERANCE:
        arrays = case.sample(dtype)
        outs, _ = case.run(arrays)
        if case.expected:
            for i, (o, want) in enumerate(zip(outs, _expected(case, arrays), strict=True)):
                close(o.array, want, rtol_of(case, dtype), f"output {i} in {dtype}")
    if case.differentiable:
        compare(outcome(case, case.sample("float32")), outcome(case, case.sample()), rtol_of(case, "float32"))


def check_sizes(case):
    """Other shapes: against the expectation, and against the reference, gradients included."""
    for shapes in case.shapes:
        for dtype in TOLERANCE:
            arrays = case.sample(dtype, shapes)
            got = outcome(case, arrays)
            with kernels.use(kernels.REFERENCE):
                compare(got, outcome(case, arrays), rtol_of(case, dtype))
            if case.expected:
                wants = [(f"shapes {shapes}", w) for w in _expected(case, arrays)]
                compare(got[: len(wants)], wants, rtol_of(case, dtype))


def check_special(case):
    """NaN, infinities and both zeros, in the body and in the tail of a vector loop, behave as in the reference."""
    n = sum(i.dtype is None for i in case.inputs)
    if not (case.generic and case.special and n):
        return
    grid = np.stack(np.meshgrid(*[SPECIAL] * n, indexing="ij")).reshape(n, -1)
    rng = np.random.default_rng(0)
    for few in np.split(
        grid, grid.shape[1] // 7, axis=1
    ):  # 7 first, then 17 ones, then the same 7: a tail for widths 8 and 16
        for dtype in TOLERANCE:
            columns = iter(np.concatenate([few, np.ones((n, 17)), few], axis=1).astype(dtype))
            arrays = [i.domain(rng, (31,)).astype(i.dtype) if i.dtype else next(columns) for i in case.inputs]
            with np.errstate(all="ignore"):
                got = outcome(case, arrays)
                with kernels.use(kernels.REFERENCE):
                    compare(got, outcome(case, arrays), rtol_of(case, dtype), zeros=True)
                if case.expected:
                    want = [("output with NaN, inf, -0", w) for w in _expected(case, arrays)]
                    compare(got[: len(want)], want, rtol_of(case, dtype), zeros=True)


def check_layout(case):
    """Arrays that are not contiguous, or read-only, give the same; the inputs stay as they were."""
    arrays = case.sample()
    want = outcome(case, arrays)
    spread = [np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a.copy() for a in arrays]
    for variant in (
        [np.asfortranarray(a) if a.ndim else a.copy() for a in arrays],
        spread,
        [np.ascontiguousarray(a[::-1])[::-1] if a.ndim else a.copy() for a in arrays],
    ):
        before = [a.copy() for a in variant]
        for a in variant:
            a.flags.writeable = False
        compare(outcome(case, variant), want, rtol_of(case, "float64"))
        for i, (a, b) in enumerate(zip(variant, before)):
            np.testing.assert_array_equal(a, b, err_msg=f"input {i} was changed")
    outs, tensors = case.run(arrays)
    if not any(registry[op].view for op in case.ops):
        for o in outs:
            if any(np.shares_memory(host(o), host(t)) for t in tensors):
                pytest.fail("the output shares memory with an input, and the op does not say view = True")


def check_threads(case):
    """The same bits for 1 and for 3 threads."""
    from stepgrad import _cpu

    arrays = case.sample("float32", case.large)
    before = _cpu.get_num_threads()
    results = []
    try:
        for n in (1, 3):
            _cpu.set_num_threads(n)
            results.append(outcome(case, arrays))
    finally:
        _cpu.set_num_threads(before)
    for (what, one), (_, three) in zip(*results, strict=True):
        if one.tobytes() != three.tobytes():
            pytest.fail(f"{what}: other bits with 3 threads than with 1")


def check_shape_rule(case):
    """What the op promises of a KerasTensor is what it gives: shape and dtype, with None for an unknown batch too."""
    for dtype in TOLERANCE:
        arrays = case.sample(dtype)
        outs, _ = case.run(arrays)
        for unknown in ((), case.batch):
            symbols = [
                KerasTensor((None, *a.shape[1:]) if k in unknown and a.ndim else a.shape, a.dtype.name)
                for k, a in enumerate(arrays)
            ]
            made = case.call(*symbols, **case.attrs)
            made = list(made) if isinstance(made, tuple | list) else [made]
            for m, o in zip(made, outs, strict=True):
                fits = len(m.shape) == o.ndim and all(
                    s == t or (s is None and bool(unknown)) for s, t in zip(m.shape, o.shape)
                )
                if not fits or m.dtype != o.dtype:
                    pytest.fail(f"promised {m.shape} {m.dtype}, gave {o.shape} {o.dtype}")


def check_dtype(case):
    """Floats keep their dtype, gradients have the input's dtype and shape; ints and mixtures follow the op's own rule."""
    for dtype in TOLERANCE:
        outs, tensors = case.run(case.sample(dtype))
        for o in outs:
            if o.array.dtype.kind == "f" and o.dtype != dtype and any(i.dtype is None for i in case.inputs):
                pytest.fail(f"{dtype} in, {o.dtype} out")
            if not case.differentiable and o.requires_grad:
                pytest.fail("the op says that it has no gradient, but the output is tracked")
        for g, t in zip(gradients(outs, tensors, weights(outs)), tensors) if case.differentiable else ():
            if g is not None and (g.dtype, g.shape) != (t.dtype, t.shape):
                pytest.fail(f"gradient {g.dtype}{g.shape} for an input {t.dtype}{t.shape}")
    if case.generic:
        for kinds in (["int32"] * len(case.inputs), ["float32", "float64", "float64"][: len(case.inputs)]):
            arrays = [
                np.abs(a).astype(i.dtype or kind) + (i.dtype is None)
                for a, i, kind in zip(case.sample(), case.inputs, kinds)
            ]
            with np.errstate(
                all="ignore"
            ):  # these numbers may lie outside of the domain: only the dtype counts
                out = case.call(*arrays, **case.attrs)
            made = case.call(*[KerasTensor(a.shape, a.dtype.name) for a in arrays], **case.attrs)
            if out.dtype != made.dtype:
                pytest.fail(
                    f"{[a.dtype.name for a in arrays]}: the rule says {made.dtype}, the op gave {out.dtype}"
                )


def _loss(case, arrays, ws):
    outs, _ = case.run(arrays)
    return sum(float(np.sum(host(o) * w)) for o, w in zip(outs, ws) if w is not None)


def _moved(arrays, directions, h):
    return [a if d is None else a + h * d for a, d in zip(arrays, directions)]


def _slope(f):
    """Derivative of f at 0 from two central differences (Richardson: errors of order STEP**4)."""
    wide, narrow = ((f(h) - f(-h)) / (2 * h) for h in (STEP, STEP / 2))
    return (4 * narrow - wide) / 3


def _directions(tensors, rng):
    draws = [rng.uniform(-1, 1, t.shape) if t.requires_grad else None for t in tensors]
    return draws


def _inner(grads, directions):
    pairs = [(g, d) for g, d in zip(grads, directions) if g is not None and d is not None]
    terms = [np.sum(host(g) * d) for g, d in pairs]
    return float(sum(terms)), float(sum(np.sum(np.abs(host(g) * d)) for g, d in pairs))


def _agree(tape, numeric, scale, what):
    if not abs(tape - numeric) <= 1e-6 * scale + 1e-8:  # also fails for NaN
        pytest.fail(f"{what}: the tape says {tape!r}, differences say {numeric!r}")


def check_gradient(case):
    """dL along random directions against differences in float64, and the adjoint identity of linear ops."""
    if not case.differentiable:
        return
    arrays = case.sample()
    outs, tensors = case.run(arrays)
    ws = weights(outs)
    grads = gradients(outs, tensors, ws)
    rng = np.random.default_rng(1)
    for _ in range(2):
        d = _directions(tensors, rng)
        tape, scale = _inner(grads, d)
        _agree(tape, _slope(lambda h, d=d: _loss(case, _moved(arrays, d, h), ws)), scale, "gradient")
    if case.linear:
        tracked = [k for k, t in enumerate(tensors) if t.requires_grad]
        for group in [[k] for k in tracked] if case.linear == "each" else [tracked]:
            left = _loss(case, arrays, ws)
            right, scale = _inner([grads[k] for k in group], [arrays[k] for k in group])
            if not abs(left - right) <= 1e-11 * scale + 1e-13:  # roundings only: the identity is exact
                pytest.fail(f"adjoint, inputs {group}: <A x, y> = {left!r}, <x, A^T y> = {right!r}")


def check_second_order(case):
    """The gradient of the gradient, with respect to the inputs and to dL/dy, against differences of first gradients."""
    if not (case.differentiable and case.second_order):
        return
    arrays = case.sample()
    outs, tensors = case.run(arrays)
    ws = [None if w is None else Tensor(w, requires_grad=True) for w in weights(outs)]
    rng = np.random.default_rng(2)
    u, d = _directions(tensors, rng), _directions(tensors, rng)
    dw = [None if w is None else rng.uniform(-1, 1, w.shape) for w in ws]

    def first(h):  # <gradient, u> at a moved point
        outs, moved = case.run(_moved(arrays, d, h))
        return _inner(gradients(outs, moved, _moved([None if w is None else host(w) for w in ws], dw, h)), u)[
            0
        ]

    grads = gradients(outs, tensors, ws, create=True)
    roots = [(g, wrap(v)) for g, v in zip(grads, u) if g is not None and v is not None and g.requires_grad]
    variables = [*tensors, *[w for w in ws if w is not None]]
    second = (
        run_backward([g for g, _ in roots], [v for _, v in roots], variables, False, False) if roots else []
    )
    tape, scale = _inner(second, [*d, *[x for x in dw if x is not None]])
    _agree(tape, _slope(first), scale, "second order")


def check_errors(case):
    """A bad call raises an error of ours that says what was expected or how to mend it."""
    for bad, fragment in case.errors:
        with pytest.raises(StepgradError) as info:
            bad()
        text = str(info.value)
        if fragment not in text:
            pytest.fail(f"{fragment!r} is not in the message:\n{text}")
        if not (info.value.expected or info.value.fix or info.value.got):
            pytest.fail(f"the message does not teach (no expected, got or fix):\n{text}")


ON_EVERY_RUNG = (
    check_forward,
    check_sizes,
    check_special,
    check_gradient,
    check_second_order,
    check_layout,
    check_threads,
)
ONCE = (check_shape_rule, check_dtype, check_errors)
