"""From what the recorder saw to the steps of a walk."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from stepgrad import kernels
from stepgrad.walk.describe import sentence
from stepgrad.walk.naming import Names, gradient_name
from stepgrad.walk.steps import Value, WalkStep


class Forward(NamedTuple):
    """An op that ran in the forward pass or in the loss."""

    phase: str
    step: Any
    layer: str
    inputs: tuple
    outputs: tuple
    kernel: Any


class Backward(NamedTuple):
    """An op whose gradient was computed: what arrived, and what goes on to each input (None where nothing does)."""

    step: Any
    arrived: tuple
    sent: tuple


@dataclasses.dataclass(frozen=True, eq=False)
class Update:
    """What an optimizer did to one variable."""

    name: str
    layer: str
    optimizer: str
    rule: Any
    settings: dict
    before: np.ndarray
    gradient: np.ndarray
    after: np.ndarray
    slots_before: list
    slots_after: list


def build(
    forward: list[Forward], backward: list[Backward], updates: list[Update], names: Names, totals: dict
) -> list[WalkStep]:
    """Return the steps, numbered and named. `totals` holds the gradients that the tape left in the leaves."""
    steps: list[WalkStep] = []
    by_tape: dict[int, WalkStep] = {}
    for op in forward:
        ins = tuple(Value(names.of(t, "constant"), t.array) for t in op.inputs)
        outs = tuple(Value(names.of(t, op.step.op.name), t.array) for t in op.outputs)
        by_tape[op.step.number] = _add(steps, op.phase, op.step, op.layer, ins, outs, op.kernel)
    backward = [record for record in backward if record.step.number in by_tape]
    uses: dict[str, int] = {}
    for record in backward:
        for i, g in enumerate(record.sent):
            if g is not None:
                name = by_tape[record.step.number].inputs[i].name
                uses[name] = uses.get(name, 0) + 1
    arrived = dict(totals)
    for record in backward:
        made = by_tape[record.step.number].outputs
        arrived |= {v.name: g.array for v, g in zip(made, record.arrived, strict=True)}
    parts: dict[str, list[Value]] = {}
    for record in backward:
        of = by_tape[record.step.number]
        arriving = zip(of.outputs, record.arrived, strict=True)
        ins = tuple(Value(gradient_name(v.name), g.array) for v, g in arriving if v.array.dtype.kind == "f")
        sent: list[Value] = []
        targets: list[int] = []
        for i, g in enumerate(record.sent):
            if g is None:
                continue
            name = of.inputs[i].name
            if uses[name] > 1:
                parts.setdefault(name, []).append(
                    Value(f"{gradient_name(name)}({len(parts.get(name, ())) + 1})", g.array)
                )
                sent.append(parts[name][-1])
            else:
                sent.append(Value(gradient_name(name), g.array))
            targets.append(i)
        _add(
            steps,
            "backward",
            record.step,
            of.layer,
            ins,
            tuple(sent),
            kernels.current(of.op),
            of,
            tuple(targets),
        )
        for name in dict.fromkeys(of.inputs[i].name for i in targets):
            if uses[name] > 1 and len(parts[name]) == uses[name] and name in arrived:
                steps.append(_accumulate(len(steps) + 1, of, name, tuple(parts[name]), arrived[name]))
    for update in updates:
        steps.append(_update(len(steps) + 1, update))
    return steps


def _add(steps, phase, step, layer, ins, outs, kernel, of=None, targets=()):
    formula = (step.op.gradient_formula or step.op.formula) if of else step.op.formula
    text = sentence(phase, step.op.name, ins, outs, of)
    number = len(steps) + 1
    steps.append(
        WalkStep(
            number, phase, step.op.name, layer, formula, ins, outs, text, kernel.rung, kernel.source,
            of.number if of else number, dict(step.attrs), of, targets, step.op,
        )
    )  # fmt: skip
    return steps[-1]


def _accumulate(
    number: int, of: WalkStep, name: str, parts: tuple[Value, ...], total: np.ndarray
) -> WalkStep:
    text = f"{name} was used {len(parts)} times: the gradients that came back along all ways are added up."
    kernel = kernels.current("add")
    outs = (Value(gradient_name(name), total),)
    formula = r"\bar x = \bar x_{(1)} + \bar x_{(2)} + \dots"
    return WalkStep(
        number,
        "backward",
        "accumulate",
        of.layer,
        formula,
        parts,
        outs,
        text,
        kernel.rung,
        kernel.source,
        of.number,
    )


def _update(number: int, u: Update) -> WalkStep:
    ins = (Value(u.name, u.before), Value(gradient_name(u.name), u.gradient), *u.slots_before)
    outs = (Value(f"{u.name}'", u.after), *u.slots_after)
    text = f"The optimizer moves {u.name} against its gradient."
    formula, kernel = "", None
    if u.rule is not None:
        formula, kernel = u.rule.formula, kernels.current(u.rule.name)
    return WalkStep(
        number, "update", u.optimizer, u.layer, formula, ins, outs, text,
        kernel.rung if kernel else "", kernel.source if kernel else "", number, dict(u.settings), definition=u.rule,
    )  # fmt: skip
