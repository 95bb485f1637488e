"""Record one training step through the tape's hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stepgrad import config, kernels
from stepgrad.errors import ArgumentError
from stepgrad.tape import Hook, Step, Tensor, Variable, as_tensor, hooks
from stepgrad.tape.state import state
from stepgrad.walk.build import Backward, Forward, Update, build
from stepgrad.walk.naming import Names, dense_layers, short
from stepgrad.walk.steps import Value, Walk, WalkStep

__all__ = ["Recorder", "Value", "Walk", "WalkStep", "walk"]


class Recorder(Hook):
    """Collects what runs. Ops inside a gradient are part of that gradient and are not listed by themselves."""

    by_steps = True

    def __init__(self, model: Any) -> None:
        self.model = model
        self.phase = "forward"
        self.forward: list[Forward] = []
        self.backward: list[Backward] = []

    def after_forward(self, step: Step, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        if self.phase == "backward":
            return
        kernel = kernels.current(step.op.name)
        self.forward.append(
            Forward(self.phase, step, short(state.scope, self.model), tuple(inputs), tuple(outputs), kernel)
        )

    def after_backward(self, step, output_gradients, input_gradients):
        wanted = [
            g if step.needs(i) else None for i, g in enumerate(input_gradients)
        ]  # the tape drops the others
        self.backward.append(Backward(step, tuple(output_gradients), tuple(wanted)))

    def leaves(self) -> list[Tensor]:
        """Return the tensors that gradients will be left in."""
        made = {id(t) for record in self.forward for t in record.outputs}
        seen = {id(t): t for record in self.forward for t in record.inputs if t.requires_grad}
        return [t for key, t in seen.items() if key not in made]


def walk(model: Any, x: Any, y: Any = None, *, loss: Callable | None = None, optimizer: Any = None) -> Walk:
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
        Updates the model's trainable variables; for a function, the Variables that it uses.

    Returns
    -------
    Walk
        Weights, gradients and optimizer are left as they were.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0, requires_grad=True, name="x")
    >>> steps = walk(lambda x: x * x, x)
    >>> [(s.phase, s.op) for s in steps]
    [('forward', 'multiply'), ('backward', 'multiply'), ('backward', 'accumulate')]
    >>> float(steps.value("dx"))
    6.0
    """
    is_layer = hasattr(model, "trainable_variables")
    if loss is None and getattr(model, "loss", None) is not None:

        def loss(target, prediction):
            return model.compute_loss(x, target, prediction)  # with regularizers and weights

    optimizer = optimizer or getattr(model, "optimizer", None)
    if loss is not None and y is None:
        raise ArgumentError("the loss needs a target", fix="walk(model, x, y)")
    x = _given(x, is_layer)
    if is_layer and not model.built:
        model(x)  # makes the weights, unrecorded
    recorder = Recorder(model)
    kept: list[tuple[Tensor, Any]] = []
    target = None if y is None else _given(y, is_layer)
    try:
        with hooks(recorder):
            result = model(x, training=True) if is_layer else model(x)
            if loss is not None:
                recorder.phase = "loss"
                result = loss(target, result)
            leaves = recorder.leaves()
            kept = [(t, t.grad) for t in leaves]
            for t in leaves:
                t.grad = None
            recorder.phase = "backward"
            result.backward()
        if is_layer:
            variables = list(model.trainable_variables)
        else:
            variables = [t for t in leaves if isinstance(t, Variable)]
        names = _names(recorder, model, variables, x, target, result if loss is not None else None)
        totals = {names.names[id(t)]: t.grad.array for t in leaves if t.grad is not None}
        updates = _updates(optimizer, variables, names, model) if optimizer is not None and variables else []
    finally:
        for t, gradient in kept:
            t.grad = gradient
    title = str(getattr(model, "name", None) or getattr(model, "__name__", "function"))
    return Walk(build(recorder.forward, recorder.backward, updates, names, totals), title)


def _given(data: Any, to_model: bool) -> Tensor:
    """Make a tensor of an input; a model's float data takes the default float type, as in fit, so that no cast is shown."""
    if to_model and not isinstance(data, Tensor) and np.asarray(data).dtype.kind == "f":
        return Tensor(data, dtype=config.floatx())
    return as_tensor(data)


def _names(
    recorder: Recorder, model: Any, variables: list, x: Tensor, target: Tensor | None, loss: Tensor | None
) -> Names:
    """Name everything: input, target, loss and a model's weights by their part, the rest in the order in which it was made."""
    stack = bool(dense_layers(model))
    parts = [(x, "X" if stack else "x"), (target, "Y" if stack else "y"), (loss, "loss")]
    given = [(t, t.name or default) for t, default in parts if t is not None]
    ours = variables if hasattr(model, "trainable_variables") else []
    return Names(model, given, ours, [(r.step, r.layer, r.inputs, r.outputs) for r in recorder.forward])


def _updates(optimizer: Any, variables: list, names: Names, model: Any) -> list[Update]:
    """Let the optimizer take its step, note what changed, and put everything back."""
    if not optimizer.built:
        optimizer.build(variables)
    slots = {id(v): [s for s in optimizer.variables if _belongs(s, v)] for v in variables}
    everything = [*variables, *optimizer.variables]
    before = {id(v): v.array.copy() for v in everything}
    settings = {"learning_rate": float(optimizer.learning_rate), "t": int(optimizer.iterations) + 1}
    settings |= {
        k: n for k, n in optimizer.get_config().items() if isinstance(n, int | float) and k not in settings
    }
    updates = []
    try:
        changed = [v for v in variables if v.grad is not None]
        optimizer.apply([v.grad for v in changed], changed)
        for v in changed:
            name = names.names[id(v)]
            mine = [
                (s.name[len(v.path) + 1 :] if s.name.startswith(v.path.replace("/", "_")) else s.name, s)
                for s in slots[id(v)]
            ]
            old = [Value(f"{word} of {name}", before[id(s)]) for word, s in mine]
            new = [Value(f"{word} of {name}'", s.array.copy()) for word, s in mine]
            layer = short(v.path, model).rpartition("/")[0]
            rule = optimizer.update
            updates.append(
                Update(
                    name,
                    layer,
                    type(optimizer).__name__,
                    rule,
                    settings,
                    before[id(v)],
                    v.grad.array,
                    v.array.copy(),
                    old,
                    new,
                )
            )
    finally:
        for v in everything:
            v.assign(before[id(v)])
    return updates


def _belongs(slot: Any, variable: Variable) -> bool:
    return slot.shape == variable.shape and slot.name.startswith(variable.path.replace("/", "_") + "_")
