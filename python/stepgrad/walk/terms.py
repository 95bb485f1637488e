"""The products that are summed into one entry: matmul, convolution, sums, copies, and the gradients of all of these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stepgrad.ops.op import normalize_axes
from stepgrad.walk.latex import plain, symbol
from stepgrad.walk.windows import conv_taps, winners_of

if TYPE_CHECKING:
    from stepgrad.walk.steps import Value, WalkStep

Index = tuple[int, ...]


class Factor(NamedTuple):
    """One factor of a product: its name as text and LaTeX, and its number."""

    label: str
    latex: str
    value: float


class Term(NamedTuple):
    """One product."""

    factors: tuple[Factor, ...]

    @property
    def product(self) -> float:
        """The product of the factors."""
        return math.prod(f.value for f in self.factors)


def at(value: Value, index: Index) -> Factor:
    """Return an entry of a value as a factor."""
    place = f"[{', '.join(map(str, index))}]" if index else ""
    if value.name.startswith("constant") and value.array.size == 1:
        text = f"{value.array[index].item():g}"
        return Factor(text, text, value.array[index].item())
    return Factor(value.name + place, symbol(value.name) + place.replace(" ", ""), value.array[index].item())


def forward_terms(step: WalkStep, index: Index) -> list[Term] | None:
    """Return the products that were summed into an output's entry; None where the op is not such a sum."""
    op, ins, attrs = step.op, step.inputs, step.attrs
    if op == "matmul":
        return _matmul(
            ins[0], ins[1], index, attrs.get("transpose_a", False), attrs.get("transpose_b", False)
        )
    if op == "conv2d":
        x, w = ins
        return [Term((at(x, p), at(w, q))) for p, q, y in conv_taps(step, 2, index) if y == index]
    if op in ("sum", "mean"):
        x = ins[0]
        entries = [at(x, p) for p in _reduced(x.array.shape, attrs, index)]
        share = Factor(f"1/{len(entries)}", rf"\frac{{1}}{{{len(entries)}}}", 1 / max(len(entries), 1))
        return [Term((e, share) if op == "mean" else (e,)) for e in entries]
    if op in ("reshape", "squeeze", "expand_dims"):
        flat = int(np.ravel_multi_index(index, step.outputs[0].array.shape)) if index else 0
        return [Term((at(ins[0], _unravel(flat, ins[0].array.shape)),))]
    return None


def backward_terms(step: WalkStep, i: int, index: Index) -> list[Term] | None:
    """Return the products that were summed into a gradient's entry; None where that is not itemised."""
    forward = step.forward
    if forward is None:
        return [Term((at(v, index),)) for v in step.inputs]  # accumulate
    g, target, ins = step.inputs[0], step.targets[i], forward.inputs
    op, attrs = step.op, forward.attrs
    if op == "matmul":
        return _matmul_gradient(
            ins, g, target, index, attrs.get("transpose_a", False), attrs.get("transpose_b", False)
        )
    if op == "conv2d":
        x, w = ins
        if target == 0:
            return [Term((at(g, y), at(w, q))) for p, q, y in conv_taps(forward, 0, index) if p == index]
        return [Term((at(x, p), at(g, y))) for p, q, y in conv_taps(forward, 1, index) if q == index]
    if op in ("sum", "mean"):
        axes = normalize_axes(attrs.get("axis"), len(index))
        keep = attrs.get("keepdims", False)
        place = tuple(0 if k in axes else n for k, n in enumerate(index) if keep or k not in axes)
        n = math.prod(ins[0].array.shape[k] for k in axes)
        share = (Factor(f"1/{n}", rf"\frac{{1}}{{{n}}}", 1 / n),) if op == "mean" else ()
        return [Term((at(g, place), *share))]
    if op in ("reshape", "squeeze", "expand_dims"):
        flat = int(np.ravel_multi_index(index, ins[0].array.shape)) if index else 0
        return [Term((at(g, _unravel(flat, g.array.shape)),))]
    if op == "max_pool2d":
        return [Term((at(g, p),)) for p in winners_of(forward.outputs[1].array, index, ins[0].array.shape)]
    if op in ("softmax_cross_entropy", "sparse_softmax_cross_entropy") and target == 0:
        return [_p_minus_y(forward, g, index)]
    slope = SLOPES.get(op, ())
    if target >= len(slope):
        return None
    name, rule = slope[target]
    terms = []
    for place in _spread_from(index, ins[target].array.shape, g.array.shape):
        factor = _slope(name, rule, forward, place)
        if factor is None:
            return None
        terms.append(Term((at(g, place),) if factor.label == "1" else (at(g, place), factor)))
    return terms


def _p_minus_y(forward: WalkStep, g: Value, index: Index) -> Term:
    """The gradient of softmax with cross-entropy: what arrived, times probability minus label."""
    logits, labels = forward.inputs
    row = logits.array[index[:-1]].astype(np.float64)
    p = np.exp(row - row.max())
    p /= p.sum()
    if forward.op.startswith("sparse"):
        y, total = float(labels.array[index[:-1]] == index[-1]), 1.0
    else:
        y, total = float(labels.array[index]), float(labels.array[index[:-1]].sum())
    x = at(logits, index)
    slope = float(p[index[-1]] * total - y)
    name = x.label.replace("[", ")[", 1) if index else x.label + ")"
    label = f"(softmax({name} - {y:g})"
    return Term(
        (
            at(g, index[:-1]),
            Factor(
                label,
                rf"(\text{{softmax}}({symbol(logits.name)})[{','.join(map(str, index))}] - {y:g})",
                slope,
            ),
        )
    )


# op -> for each input (the slope as LaTeX, the slope as a function of (inputs..., output)).
SLOPES = {
    "add": (("1", lambda a, b, y: 1.0), ("1", lambda a, b, y: 1.0)),
    "subtract": (("1", lambda a, b, y: 1.0), ("(-1)", lambda a, b, y: -1.0)),
    "multiply": (("{1}", lambda a, b, y: b), ("{0}", lambda a, b, y: a)),
    "divide": (
        (r"\frac{{1}}{{{1}}}", lambda a, b, y: 1 / b),
        (r"(-\frac{{{0}}}{{{1}^2}})", lambda a, b, y: -a / b**2),
    ),
    "power": (
        ("{1} {0}^{{{1} - 1}}", lambda a, b, y: b * a ** (b - 1)),
        (r"{y} \ln({0})", lambda a, b, y: y * math.log(a)),
    ),
    "negative": (("(-1)", lambda x, y: -1.0),),
    "exp": (("{y}", lambda x, y: y),),
    "log": ((r"\frac{{1}}{{{0}}}", lambda x, y: 1 / x),),
    "sqrt": ((r"\frac{{1}}{{2 {y}}}", lambda x, y: 0.5 / y),),
    "square": (("2 {0}", lambda x, y: 2 * x),),
    "reciprocal": (("(-{y}^2)", lambda x, y: -y * y),),
    "rsqrt": ((r"(-\frac{{1}}{{2}} {y}^3)", lambda x, y: -0.5 * y**3),),
    "relu": (("[{0} > 0]", lambda x, y: float(x > 0)),),
    "sigmoid": (("{y} (1 - {y})", lambda x, y: y * (1 - y)),),
    "tanh": (("(1 - {y}^2)", lambda x, y: 1 - y * y),),
    "sin": ((r"\cos({0})", lambda x, y: math.cos(x)),),
    "cos": ((r"(-\sin({0}))", lambda x, y: -math.sin(x)),),
    "cast": (("1", lambda x, y: 1.0),),
}


def _slope(name: str, rule, forward: WalkStep, place: Index) -> Factor | None:
    places = [spread(place, v.array.shape) for v in forward.inputs]
    if None in places:
        return None
    entries = [at(v, p) for v, p in zip(forward.inputs, places) if p is not None]
    y = at(forward.outputs[0], place)
    latex = name.format(*(e.latex for e in entries), y=y.latex)
    text = plain(name.format(*(e.label for e in entries), y=y.label))
    try:
        return Factor(text, latex, float(rule(*(e.value for e in entries), y.value)))
    except (ValueError, ZeroDivisionError, OverflowError):  # a slope at a pole: the product cannot be shown
        return None


def spread(index: Index, shape: tuple) -> Index | None:
    """Return which entry of a broadcast input meets entry `index` of the output; None where the shapes do not broadcast."""
    if len(shape) > len(index):
        return None
    tail = index[len(index) - len(shape) :]
    if any(n != 1 and i >= n for i, n in zip(tail, shape)):
        return None
    return tuple(0 if n == 1 else i for i, n in zip(tail, shape))


def _spread_from(index: Index, shape: tuple, out: tuple) -> Iterator[Index]:
    """Yield the output entries that entry `index` of an input was repeated into."""
    extra = len(out) - len(shape)
    ranges = [range(n) for n in out[:extra]]
    ranges += [range(n) if size == 1 else range(i, i + 1) for i, size, n in zip(index, shape, out[extra:])]
    return itertools.product(*ranges)


def _matmul(a: Value, b: Value, index: Index, ta: bool, tb: bool) -> list[Term]:
    rows, columns = a.array.ndim > 1, b.array.ndim > 1
    rest = list(index)
    column = rest.pop() if columns else None
    row = rest.pop() if rows else None
    k_size = a.array.shape[-2 if ta else -1]
    batch_a, batch_b = (
        spread(tuple(rest), a.array.shape[:-2]) or (),
        spread(tuple(rest), b.array.shape[:-2]) or (),
    )
    terms = []
    for k in range(k_size):
        p = (*batch_a, *((k, row) if ta else (row, k))) if rows else (k,)
        q = (*batch_b, *((column, k) if tb else (k, column))) if columns else (k,)
        terms.append(Term((at(a, p), at(b, q))))
    return terms


def _matmul_gradient(ins: tuple, g: Value, target: int, index: Index, ta: bool, tb: bool) -> list[Term]:
    """dA = dY B^T and dB = A^T dY, for vectors and batches too: every product that entry `index` was a factor of."""
    a, b = ins
    x, other = ins[target], ins[1 - target]
    rows, columns = a.array.ndim > 1, b.array.ndim > 1
    swapped, turned = (ta, tb) if target == 0 else (tb, ta)
    *batch, p, q = (
        index if x.array.ndim > 1 else (*index, 0)
    )  # of a: row and k; of b: k and column; a vector has only k
    if x.array.ndim == 1:
        k, kept = p, None
    elif target == 0:
        kept, k = (q, p) if swapped else (p, q)
    else:
        k, kept = (q, p) if swapped else (p, q)
    out_batch = g.array.shape[: g.array.ndim - rows - columns]
    free = (columns, rows)[target]  # the other factor's own axis, which is summed over
    size = other.array.shape[-1 if (target == 0) != turned else -2] if free else 1
    terms = []
    for place in _spread_from(tuple(batch), x.array.shape[:-2], out_batch):
        for n in range(size):
            row, column = (kept, n) if target == 0 else (n, kept)
            y = (*place, *((row,) if rows else ()), *((column,) if columns else ()))
            if other.array.ndim == 1:
                o: Index = (k,)
            else:
                pair = (k, n) if target == 0 else (n, k)
                o = (*(spread(place, other.array.shape[:-2]) or ()), *(pair[::-1] if turned else pair))
            terms.append(Term((at(g, y), at(other, o)) if target == 0 else (at(other, o), at(g, y))))
    return terms


def _reduced(shape: tuple, attrs: dict, index: Index) -> Iterator[Index]:
    """Yield the entries that a reduction brings together into entry `index`."""
    axes = normalize_axes(attrs.get("axis"), len(shape))
    keep = attrs.get("keepdims", False)
    rest = iter([n for k, n in enumerate(index) if not (keep and k in axes)])
    return itertools.product(*(range(n) if k in axes else [next(rest)] for k, n in enumerate(shape)))


def _unravel(flat: int, shape: tuple) -> Index:
    return tuple(int(n) for n in np.unravel_index(flat, shape)) if shape else ()
