"""One entry of a value, opened: exactly which numbers were multiplied and added to make it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from stepgrad.errors import ArgumentError
from stepgrad.walk.equations import FORWARD, is_plain_descent
from stepgrad.walk.latex import digits_of, number, plain, symbol, tex_number
from stepgrad.walk.terms import Term, backward_terms, forward_terms, spread
from stepgrad.walk.windows import pool_window

if TYPE_CHECKING:
    from stepgrad.walk.steps import Value, WalkStep

_SHOWN = 12  # terms that are written out in text


@dataclasses.dataclass(frozen=True)
class Explanation:
    """How one entry was computed.

    Attributes
    ----------
    name, index, value : str, tuple of int, float
    op : str
    itemised : bool
        False where the op's entries are not opened; `text` then says so.
    terms : tuple of Term
        The products that were summed, each with its factors; empty for a formula of a single entry.
    text, latex : str
    """

    name: str
    index: tuple[int, ...]
    value: float
    op: str
    itemised: bool
    terms: tuple[Term, ...]
    text: str
    latex: str

    def __str__(self) -> str:
        return self.text


def explain(step: WalkStep, i: int, index: tuple[int, ...]) -> Explanation:
    """Explain entry `index` of output `i` of a step."""
    out = step.outputs[i]
    index = check(out, index)
    if step.phase == "update":
        return _update(step, i, index)
    terms = backward_terms(step, i, index) if step.phase == "backward" else forward_terms(step, index)
    if terms is not None:
        return _sum(step, out, index, terms)
    single = _single(step, i, index)
    if single is not None:
        return single
    value = out.array[index].item()
    text = f"{label(out, index)} = {number(value, digits_of(out.array))}: the entries of {step.op} are not itemised."
    return Explanation(
        out.name, index, value, step.op, False, (), text, rf"{entry(out, index)} = {tex_number(value)}"
    )


def given(value: Value, index: tuple[int, ...]) -> Explanation:
    """Explain an entry that no step made."""
    index = check(value, index)
    x = value.array[index].item()
    text = f"{label(value, index)} = {number(x, digits_of(value.array))} was given: no step makes it."
    return Explanation(value.name, index, x, "", False, (), text, rf"{entry(value, index)} = {tex_number(x)}")


def check(value: Value, index: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index counted from the front, or raise."""
    shape = value.array.shape
    if len(index) == len(shape) and all(-n <= i < n for i, n in zip(index, shape)):
        return tuple(i % n for i, n in zip(index, shape))
    raise ArgumentError(
        f"{value.name} has no entry {list(index)}",
        expected=f"{len(shape)} numbers, each smaller than the axis in {list(shape)}",
        got=str(list(index)),
    )


def label(value: Value, index: tuple[int, ...]) -> str:
    """Return the name of an entry: "W1[0, 2]", or just the name of a number."""
    return f"{value.name}[{', '.join(map(str, index))}]" if index else value.name


def entry(value: Value, index: tuple[int, ...]) -> str:
    """Return the name of an entry as LaTeX."""
    return symbol(value.name) + (f"[{','.join(map(str, index))}]" if index else "")


def _sum(step: WalkStep, out: Value, index: tuple[int, ...], terms: list[Term]) -> Explanation:
    value = out.array[index].item()
    digits = digits_of(out.array)
    total = number(value, digits)
    shown = terms[:_SHOWN]
    more = f" + ... ({len(terms) - _SHOWN} more)" if len(terms) > _SHOWN else ""
    names = " + ".join("·".join(f.label for f in t.factors) for t in shown) + more
    figures = (
        " + ".join(
            "·".join(_bare(f.value, digits, len(t.factors) > 1 or j > 0) for f in t.factors)
            for j, t in enumerate(shown)
        )
        + more
    )
    parts = [label(out, index), names] + ([figures] if terms and figures != total else []) + [total]
    if not terms:
        parts = [label(out, index), "0: nothing reaches this entry"]
    tex_more = r" + \dots" if more else ""
    tex = [
        entry(out, index),
        " + ".join(r" \cdot ".join(f.latex for f in t.factors) for t in shown) + tex_more,
        " + ".join(r" \cdot ".join(tex_number(f.value, digits) for f in t.factors) for t in shown) + tex_more,
        tex_number(value, digits).strip("()"),
    ]
    text = " = ".join(dict.fromkeys(parts))
    return Explanation(
        out.name,
        index,
        value,
        step.op,
        True,
        tuple(terms),
        text,
        " = ".join(dict.fromkeys(t for t in tex if t)),
    )


def _bare(x: float, digits: int, bracket: bool) -> str:
    text = number(x, digits)
    return f"({text})" if bracket and text.startswith("-") else text


_ENTRYWISE = set(FORWARD) - {
    "sum", "mean", "softmax", "log_softmax", "conv2d", "max_pool2d", "average_pool2d", "reshape", "transpose",
    "sparse_softmax_cross_entropy", "softmax_cross_entropy",
}  # fmt: skip


def _single(step: WalkStep, i: int, index: tuple[int, ...]) -> Explanation | None:
    """Explain an entry that is a formula of one entry of each input, a softmax, or the largest of a window."""
    out = step.outputs[i]
    if step.phase == "backward" and step.forward is not None:
        return None
    value = out.array[index].item()
    digits = digits_of(out.array)
    if step.op == "softmax":
        x, axis = step.inputs[0], step.attrs.get("axis", -1) % out.array.ndim
        along = [(*index[:axis], k, *index[axis + 1 :]) for k in range(x.array.shape[axis])]
        if len(along) > _SHOWN:
            return None
        top, low = "e^{{{}}}", " + ".join("e^{{{}}}" for _ in along)
        line = r"\frac{" + top + "}{" + low + "}"
        template = line.replace("\\frac{", "\\frac{{", 1).replace("}{e^", "}}{{e^", 1) + "}"
        names = template.format(entry(x, index), *(entry(x, k) for k in along))
        figures = template.format(*(tex_number(x.array[k], digits) for k in [index, *along]))
    elif step.op == "max_pool2d":
        if i:
            return None
        x, window = step.inputs[0], pool_window(step, index)
        names = r"\max(" + ", ".join(entry(x, p) for p in window) + ")"
        figures = r"\max(" + ", ".join(tex_number(x.array[p], digits) for p in window) + ")"
    elif step.op in _ENTRYWISE:
        places = [p for v in step.inputs if (p := spread(index, v.array.shape)) is not None]
        if len(places) < len(step.inputs):
            return None
        template = FORWARD[step.op]
        if step.op == "accumulate":
            template = " + ".join(f"{{{k}}}" for k in range(len(places)))
        names = template.format(*(entry(v, p) for v, p in zip(step.inputs, places)), times=r"\cdot")
        figures = template.format(
            *(tex_number(v.array[p], digits) for v, p in zip(step.inputs, places)), times=r"\cdot"
        )
    else:
        return None
    latex = f"{entry(out, index)} = {names} = {figures} = {tex_number(value, digits).strip('()')}"
    text = f"{label(out, index)} = {plain(names)} = {plain(figures)} = {number(value, digits)}"
    return Explanation(out.name, index, value, step.op, True, (), text, latex)


def _update(step: WalkStep, i: int, index: tuple[int, ...]) -> Explanation:
    out = step.outputs[i]
    value, digits = out.array[index].item(), digits_of(out.array)
    if not is_plain_descent(step):
        before = ", ".join(f"{label(v, index)} = {number(v.array[index], digits)}" for v in step.inputs)
        settings = ", ".join(f"{k} = {v:g}" for k, v in step.attrs.items() if not isinstance(v, bool))
        text = f"{label(out, index)} = {number(value, digits)} by {plain(step.formula)}, with {before}, {settings}"
        return Explanation(out.name, index, value, step.op, True, (), text, step.formula)
    w, g = step.inputs[:2]
    rate = step.attrs["learning_rate"]
    old, slope = w.array[index].item(), g.array[index].item()
    text = (
        f"{label(out, index)} = {label(w, index)} - learning rate · {label(g, index)} = {number(old, digits)} - "
        f"{rate:.6g}·{_bare(slope, digits, True)} = {number(value, digits)}"
    )
    latex = (
        rf"{entry(out, index)} = {entry(w, index)} - \eta \, {entry(g, index)} = {tex_number(old, digits)} - {rate:.6g} \cdot "
        rf"{tex_number(slope, digits)} = {tex_number(value, digits)}"
    )
    return Explanation(out.name, index, value, step.op, True, (), text, latex)
