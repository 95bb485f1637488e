"""gradcheck: compare the tape's gradients with differences, number by number, and say which one is wrong.

The slope of f at x is nearly (f(x + h) - f(x - h)) / 2h. That needs no tape and no calculus, only patience, so it tells whether the
gradient of an op, a layer or a whole model is right. In float64 with h = 1e-5 it agrees to about ten digits where f is smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from stepgrad.errors import ArgumentError, DTypeError, GradientError
from stepgrad.tape.backward import run_backward
from stepgrad.tape.tensor import Tensor, as_tensor, wrap

_MOST_ENTRIES = 400  # up to here every entry is tried alone; beyond, random directions
_DIRECTIONS = 8
_SHOWN = 10


class Row(NamedTuple):
    """One comparison: an entry of an input (or a direction in the space of all its entries)."""

    input: int
    entry: str
    expected: float
    got: float
    left: float
    right: float
    kink: bool
    ok: bool

    @property
    def difference(self) -> float:
        """How far the tape is off."""
        return abs(self.got - self.expected)


@dataclass
class Report:
    """What `gradcheck` found. ``str(report)`` is a table; ``bool(report)`` tells whether all is well."""

    name: str
    order: int
    rtol: float
    atol: float
    rows: list[Row] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    _curve: Callable = field(default=list, repr=False)

    @property
    def ok(self) -> bool:
        """True when every entry agrees; at a kink any slope between the two sides does."""
        return all(row.ok for row in self.rows)

    @property
    def curve(self) -> list[tuple[float, float]]:
        """(h, error) along one random direction: too large an h bends, too small an h rounds, between them lies the valley."""
        return self._curve()

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        bad = [row for row in self.rows if not row.ok]
        kinks = [row for row in self.rows if row.kink]
        worst = max((row.difference for row in self.rows if not row.kink), default=0.0)
        head = f"gradcheck of {self.name}, order {self.order}: "
        if bad:
            head += f"{len(bad)} of {len(self.rows)} numbers differ by more than {self.atol:g} + {self.rtol:g} * |expected|"
        else:
            head += f"{len(self.rows)} numbers agree, the largest difference is {worst:.1e}"
        shown = sorted(bad, key=lambda row: -row.difference)[:_SHOWN]
        lines = [head, *self._table(shown), *(f"  hint: {hint}" for hint in self.hints)]
        if kinks:
            lines += [
                f"  this input sits on a kink at {len(kinks)} of {len(self.rows)} entries: the slopes to the left and to the right"
                " differ, and differences cannot judge; move away from there to check",
                *(
                    f"    input {self.labels[row.input]} {row.entry}: left {row.left:.6g}, right {row.right:.6g}, tape {row.got:.6g}"
                    for row in kinks[:_SHOWN]
                ),
            ]
        return "\n".join(lines)

    def _table(self, rows: list[Row]) -> Iterator[str]:
        if rows:
            yield f"  {'input':<12} {'entry':<14} {'expected (differences)':>22} {'got (tape)':>16} {'difference':>12}"
        for row in rows:
            got = f"{row.expected:>22.7g} {row.got:>16.7g} {row.difference:>12.2e}"
            yield f"  {self.labels[row.input]:<12} {row.entry:<14} {got}"


def gradcheck(
    fn: Callable,
    inputs: Any,
    order: int = 1,
    epsilon: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    raise_exception: bool = True,
) -> Report:
    """Compare the tape's gradients of `fn` with central differences in float64.

    The function is made a single number by weighing its outputs with fixed numbers (1 where there is one output entry). Inputs with up to
    400 entries are tried entry by entry, larger ones along 8 random directions.

    Parameters
    ----------
    fn : callable
        A function of tensors, an op, or a layer; it must give the same result for the same inputs.
    inputs : array_like, Tensor, or a list or tuple of them
        Floats are checked, in float64; integers and booleans are handed on as they are. A list is a list of inputs: give
        a matrix as an array.
    order : int
        2 checks the gradient of the gradient as well, and so on.
    epsilon : float, optional
        The step h of the differences, 1e-5.
    rtol, atol : float
        |difference| <= atol + rtol * |expected| counts as equal.
    raise_exception : bool
        Raise when something differs, instead of only reporting it.

    Returns
    -------
    Report
        Of the first order that failed, or of the highest.

    Raises
    ------
    GradientError
        With the table, when a gradient differs and `raise_exception` is true.

    Examples
    --------
    >>> import stepgrad as sg
    >>> gradcheck(lambda x, w: x @ w, [[[1.0, 2.0]], [[3.0], [4.0]]]).ok
    True
    >>> class Double(sg.Op):
    ...     formula = "y = 2x"
    ...     def reference(self, x):
    ...         return x + x
    ...     def gradient(self, step, gy):
    ...         return gy
    >>> print(gradcheck(Double(), [1.0, 2.0], raise_exception=False))
    gradcheck of double, order 1: 2 of 2 numbers differ by more than 1e-07 + 1e-05 * |expected|
      input        entry          expected (differences)       got (tape)   difference
      0            [1]                          2.794428         1.397214     1.40e+00
      0            [0]                          2.250191         1.125095     1.13e+00
      hint: got is 0.5 times what it should be everywhere in input 0: is a factor missing?
    """
    if order < 1:
        raise ArgumentError("gradients have an order of at least 1", op="gradcheck", got=f"order={order}")
    arrays, labels = _read(inputs)
    name = str(getattr(fn, "name", None) or getattr(fn, "__name__", type(fn).__name__))
    loss = _weigh(fn)
    _refuse_unsteady(loss, arrays, name)
    for n in range(1, order + 1):
        report = Report(name, n, rtol, atol, labels=labels)
        _compare(report, loss, arrays, epsilon or 1e-5)
        if not report.ok:
            break
        loss = _slope_of(loss, n)
    if raise_exception and not report.ok:
        raise GradientError(
            str(report), fix="look at gradient() of the op that is named; print(report) shows it again"
        )
    return report


def _read(inputs: Any) -> tuple[list[np.ndarray], list[str]]:
    several = isinstance(inputs, tuple | list) and any(
        isinstance(x, Tensor | np.ndarray | tuple | list) for x in inputs
    )
    tensors = [as_tensor(x) for x in (inputs if several else [inputs])]
    arrays = [t.array.astype(np.float64) if t.array.dtype.kind == "f" else t.array for t in tensors]
    if not any(a.dtype.kind == "f" for a in arrays):
        raise DTypeError(
            "there is nothing to check: no input is made of floats",
            op="gradcheck",
            fix="write 1.0 instead of 1",
        )
    return arrays, [f"{i} ({t.name})" if t.name else str(i) for i, t in enumerate(tensors)]


def _weigh(fn: Callable) -> Callable:
    """Return a function of tensors that gives one number: the outputs, each entry times a fixed weight."""

    def loss(*tensors):
        result = fn(*tensors)
        outputs = [
            y for y in (result if isinstance(result, tuple | list) else [result]) if y.array.dtype.kind == "f"
        ]
        rng = np.random.default_rng(7)
        total = wrap(np.zeros(()))
        for y in outputs:
            if y.array.dtype != np.float64:
                raise DTypeError(
                    "the function turned float64 inputs into a coarser type: differences would only show its rounding",
                    op="gradcheck", got=y.dtype, fix="config.set_floatx('float64') before the layers are built, or leave out the cast",
                )  # fmt: skip
            total = total + (y * rng.uniform(0.5, 1.5, size=y.shape) if y.size > 1 else y).sum()
        return total

    return loss


def _slope_of(loss: Callable, n: int) -> Callable:
    """Return the function whose gradient is the next order: the gradients, each entry times a fixed weight."""

    def slope(*tensors):
        # gradients of the very tensors that came in, which may themselves be tracked
        ours = [t if t.requires_grad or t.array.dtype.kind != "f" else _leaf(t.array) for t in tensors]
        rng = np.random.default_rng(100 + n)
        total = wrap(np.zeros(()))
        for g, t in zip(_gradients(loss, ours, create=True), ours, strict=True):
            weight = rng.uniform(0.5, 1.5, size=t.shape)
            if g is not None:
                total = total + (g * weight).sum()
        return total

    return slope


def _leaf(array: np.ndarray) -> Tensor:
    t = wrap(array)
    t.requires_grad = t.array.dtype.kind == "f"
    return t


def _gradients(loss: Callable, tensors: Sequence[Tensor], create: bool = False) -> list:
    y = loss(*tensors)
    if not y.requires_grad:
        return [None] * len(tensors)
    return run_backward([y], [wrap(np.ones(()))], tensors, create, create)


def _value(loss: Callable, arrays: Sequence[np.ndarray]) -> float:
    with np.errstate(all="ignore"):  # a step may leave the domain; what comes of that is reported
        return loss(*[wrap(a) for a in arrays]).item()


def _refuse_unsteady(loss: Callable, arrays: Sequence[np.ndarray], name: str) -> None:
    first, second = _value(loss, arrays), _value(loss, arrays)
    if first != second and not (np.isnan(first) and np.isnan(second)):
        raise ArgumentError(
            f"{name} gave {first!r} and then {second!r} for the same inputs",
            op="gradcheck", fix="switch off dropout and other randomness (training=False), or fix its seed; does the function, or its"
            " kernel, change its input?",
        )  # fmt: skip


def _compare(report: Report, loss: Callable, arrays: list[np.ndarray], h: float) -> None:
    tensors = [_leaf(a.copy()) for a in arrays]
    grads = _gradients(loss, tensors)
    center = _value(loss, arrays)
    for k, a in enumerate(arrays):
        if a.dtype.kind != "f" or not a.size:
            continue
        grad = np.zeros(a.shape) if grads[k] is None else grads[k].array
        rows = []
        for label, direction in _directions(a, k):

            def along(t, k=k, a=a, d=direction):
                return _value(loss, [*arrays[:k], a + t * d, *arrays[k + 1 :]])

            moved = direction != 0  # an infinite gradient elsewhere is not this row's business
            got = float(np.sum(grad[moved] * direction[moved]))
            rows.append(_judge(report, along, center, h, k, label, got))
        report.rows += rows
        report.hints += _hints(report, rows, k, a.shape, grads[k] is None)
    report._curve = lambda: _error_curve(loss, arrays, grads)


def _directions(a: np.ndarray, k: int) -> Iterator[tuple[str, np.ndarray]]:
    if a.size <= _MOST_ENTRIES:
        for index in np.ndindex(a.shape):
            direction = np.zeros(a.shape)
            direction[index] = 1.0
            yield str(list(index)), direction
        return
    rng = np.random.default_rng(k)
    for n in range(_DIRECTIONS):
        direction = rng.normal(size=a.shape)
        yield f"direction {n + 1}", direction / np.linalg.norm(direction)


def _judge(report: Report, along: Callable, center: float, h: float, k: int, label: str, got: float) -> Row:
    def sides(step: float) -> tuple[float, float]:
        return (center - along(-step)) / step, (along(step) - center) / step

    left, right = sides(h)
    expected = (left + right) / 2
    kink = False
    if abs(right - left) > 1e-4 * max(1.0, abs(left), abs(right)):
        near_left, near_right = sides(h / 8)  # where f only bends, the gap shrinks with h; at a kink it stays
        kink = abs(near_right - near_left) > 0.5 * abs(right - left)
    slack = report.atol + report.rtol * abs(expected)
    if kink:
        ok = min(left, right) - slack <= got <= max(left, right) + slack
    else:
        ok = abs(got - expected) <= slack  # a NaN on either side is not ok
    return Row(k, label, expected, got, left, right, kink, ok)


def _hints(report: Report, rows: list[Row], k: int, shape: tuple, no_path: bool) -> Iterator[str]:
    judged = [row for row in rows if not row.kink]
    expected, got = (np.array([getattr(row, what) for row in judged]) for what in ("expected", "got"))
    if all(row.ok for row in rows) or not judged:
        return
    name = f"input {report.labels[k]}"
    if not np.isfinite(expected).all():
        yield f"the function is not finite on both sides of {name}: the point lies on the edge of its domain"
    elif no_path:
        yield f"no path on the tape leads to {name}: was it used through NumPy, stop_gradient or no_grad?"
    elif np.abs(expected).max() > 0 and len(judged) == len(rows):
        factor = np.vdot(expected, got) / np.vdot(expected, expected)
        if np.allclose(got, factor * expected, rtol=1e-4, atol=1e-8):
            yield f"got is {factor:.4g} times what it should be everywhere in {name}: is a factor missing?"
        elif (
            len(shape) == 2
            and shape[0] == shape[1]
            and got.size == expected.size == shape[0] * shape[1]
            and np.allclose(got.reshape(shape).T, expected.reshape(shape), rtol=1e-4, atol=1e-6)
        ):
            yield f"the gradient of {name} looks transposed"


def _error_curve(loss: Callable, arrays: list[np.ndarray], grads: list) -> list[tuple[float, float]]:
    rng = np.random.default_rng(11)
    directions = [
        rng.normal(size=a.shape) if a.dtype.kind == "f" else np.zeros(a.shape, a.dtype) for a in arrays
    ]
    got = sum(float(np.sum(g.array * d)) for g, d in zip(grads, directions, strict=True) if g is not None)
    points = []
    for h in 10.0 ** -np.arange(1, 12):
        high, low = (
            _value(
                loss,
                [
                    a + s * h * d if a.dtype.kind == "f" else a
                    for a, d in zip(arrays, directions, strict=True)
                ],
            )
            for s in (1, -1)
        )
        points.append((float(h), float(abs((high - low) / (2 * h) - got))))
    return points
