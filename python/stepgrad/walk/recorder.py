"""Record one training step through the tape's hooks: a sequence of steps, each with its formula and its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ArgumentError
from stepgrad.tape.core import Step, Tensor, as_tensor, state
from stepgrad.tape.hooks import Hook, hooks
from stepgrad.walk.describe import sentence


@dataclasses.dataclass(frozen=True)
class Value:
    """A named array as it was when a step ran."""

    name: str
    array: np.ndarray


@dataclasses.dataclass(frozen=True)
class WalkStep:
    """One step of a walk.

    Attributes
    ----------
    number, phase : int, str
        Counted from 1; "forward", "loss", "backward" or "update".
    op, layer, formula : str
        The op, the path of its layer, and LaTeX.
    inputs, outputs : tuple of Value
    sentence : str
        What happens, in plain words.
    rung, source : str
        The kernel that ran, and the file that it is in.
    of : int
        For a backward step, the number of the forward step that it differentiates; otherwise its own number.
    """

    number: int
    phase: str
    op: str
    layer: str
    formula: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    sentence: str
    rung: str
    source: str
    of: int


class Walk(Sequence):
    """The steps of one training step, in order."""

    def __init__(self, steps: list[WalkStep], title: str):
        self.steps = steps
        self.title = title

    def __getitem__(self, i):
        return self.steps[i]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[WalkStep]:
        return iter(self.steps)

    def value(self, name: str) -> np.ndarray:
        """Return the array called `name`, as its first step made it."""
        for step in self.steps:
            for value in step.outputs:
                if value.name == name:
                    return value.array
        known = sorted({v.name for s in self.steps for v in s.outputs})
        raise ArgumentError(f"no step makes a value called {name!r}", fix="one of: " + ", ".join(known[:30]))

    def html(self) -> str:
        """Return a page that needs nothing else: no server, no network."""
        from stepgrad.walk.page import render

        return render(self)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        import html

        return f'<iframe style="width:100%;height:720px;border:0" srcdoc="{html.escape(self.html())}"></iframe>'

    def __repr__(self) -> str:
        lines = [f"{self.title}: {len(self)} steps"]
        for s in self.steps:
            made = ", ".join(f"{v.name}{list(v.array.shape)}" for v in s.outputs)
            lines.append(f"{s.number:4} {s.phase:<8} {s.layer or '-':<24} {s.op:<28} -> {made}")
        return "\n".join(lines)


class Recorder(Hook):
    """Collects the steps. Ops that run inside a gradient are part of that gradient and are not listed by themselves."""

    def __init__(self, names: dict[int, str]):
        self.phase = "forward"
        self.steps: list[WalkStep] = []
        self.names = names  # id of a tensor -> its name
        self.alive: list[Tensor] = []  # keeps ids unique while the walk is recorded
        self.recorded: dict[int, tuple[int, list[str], list[str]]] = {}  # tape number -> (our number, names in, names out)
        self.counts: dict[str, int] = {}

    def after_forward(self, step: Step, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        if self.phase == "backward":
            return
        ins = [self._name(t, "constant") for t in inputs]
        layer = short(state.scope)
        outs = [self._name(t, f"{layer.split('/')[-1]}.{step.op.name}" if layer else step.op.name) for t in outputs]
        self.recorded[step.number] = (len(self.steps) + 1, ins, outs)
        self._add(step, layer, step.op.formula, list(zip(ins, inputs)), list(zip(outs, outputs)))

    def after_backward(self, step, output_gradients, input_gradients):
        number, ins, outs = self.recorded.get(step.number, (0, [], []))
        if not number:
            return
        pairs = [(f"d {name}", g) for name, g in zip(ins, input_gradients) if g is not None]
        formula = step.op.gradient_formula or step.op.formula
        self._add(step, short(step.scope), formula, [(f"d {n}", g) for n, g in zip(outs, output_gradients)], pairs, number)

    def _add(self, step, layer, formula, inputs, outputs, of=0):
        ins = tuple(Value(name, t.array) for name, t in inputs)
        outs = tuple(Value(name, t.array) for name, t in outputs)
        kernel = kernels.current(step.op.name)
        number = len(self.steps) + 1
        text = sentence(self.phase, step.op.name, ins, outs)
        self.steps.append(
            WalkStep(
                number, self.phase, step.op.name, layer, formula, ins, outs, text, kernel.rung, kernel.source, of or number
            )
        )

    def _name(self, tensor: Tensor, prefix: str) -> str:
        if id(tensor) not in self.names:
            self.alive.append(tensor)
            name = tensor.name or prefix
            self.counts[name] = self.counts.get(name, 0) + 1
            self.names[id(tensor)] = name if self.counts[name] == 1 else f"{name}_{self.counts[name]}"
        return self.names[id(tensor)]


def short(path: str) -> str:
    """Drop the model's own name from a layer path."""
    return path.split("/", 1)[1] if "/" in path else path


def walk(model: Callable, x: Any, y: Any = None, *, loss: Callable | None = None, optimizer: Any = None) -> Walk:
    """Record one training step: forward, loss, backward and update.

    Parameters
    ----------
    model : Model or callable
        A model, or any function of tensors. For a compiled model, loss and optimizer are the model's own.
    x, y : array_like
        Input and target. Without `y` and `loss` the output itself is differentiated, and must have one entry.
    loss : callable, optional
        Function of (y, prediction).
    optimizer : Optimizer, optional

    Returns
    -------
    Walk
        Weights and optimizer are left as they were.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0, requires_grad=True, name="x")
    >>> steps = walk(lambda x: x * x, x)
    >>> [(s.phase, s.op) for s in steps]
    [('forward', 'multiply'), ('backward', 'multiply')]
    >>> float(steps.value("d x"))
    3.0
    """
    is_layer = hasattr(model, "trainable_variables")
    loss = loss or getattr(model, "loss", None)
    optimizer = optimizer or getattr(model, "optimizer", None)
    if loss is not None and not callable(loss):
        from stepgrad import losses

        loss = losses.get(loss)
    if loss is not None and y is None:
        raise ArgumentError("the loss needs a target", fix="walk(model, x, y)")
    x = as_tensor(x)
    if is_layer and not model.built:
        model(x)  # makes the weights, unrecorded
    variables = list(model.trainable_variables) if is_layer else []
    names = {id(v): short(v.path) for v in variables} | {id(x): x.name or "x"}
    recorder = Recorder(names)
    recorder.alive += [x, *variables]
    gradients_before = [v.grad for v in variables]
    for v in variables:
        v.grad = None
    try:
        with hooks(recorder):
            result = model(x, training=True) if is_layer else model(x)
            if loss is not None:
                recorder.phase = "loss"
                target = as_tensor(y)
                names[id(target)] = "y"
                recorder.alive.append(target)
                result = loss(target, result)
            recorder.phase = "backward"
            result.backward()
        if optimizer is not None and variables:
            recorder.steps += _updates(optimizer, variables, len(recorder.steps), recorder.names)
    finally:
        for v, gradient in zip(variables, gradients_before, strict=True):
            v.grad = gradient
    return Walk(recorder.steps, str(getattr(model, "name", None) or getattr(model, "__name__", "function")))


def _updates(optimizer: Any, variables: list, count: int, names: dict[int, str]) -> list[WalkStep]:
    """Let the optimizer take its step, note what changed, and put everything back."""
    if not optimizer.built:
        optimizer.build(variables)
    kept = [(v, v.array.copy()) for v in (*variables, *optimizer.variables)]
    before = [v.array.copy() for v in variables]
    steps = []
    try:
        optimizer.apply([v.grad for v in variables], variables)
        for i, (v, old) in enumerate(zip(variables, before, strict=True)):
            name = names[id(v)]
            ins = (Value(name, old), Value(f"d {name}", v.grad.array))
            outs = (Value(f"{name} after", v.array.copy()),)
            layer, op, rule = name.rpartition("/")[0], optimizer.name, optimizer.update
            text = f"The optimizer moves {name} against its gradient."
            steps.append(
                WalkStep(count + i + 1, "update", op, layer, rule.formula if rule else "", ins, outs, text, "", "", count + i + 1)
            )
    finally:
        for v, array in kept:
            v.assign(array)
    return steps
