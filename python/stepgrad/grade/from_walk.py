"""A solution from a walk: every recorded step becomes a quantity that can be computed again from a learner's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError
from stepgrad.grade.expression import SLOPES_AT_A, Expression, apply, call, number, ref, slope, total
from stepgrad.grade.solution import Quantity, Solution
from stepgrad.ops.op import Op, registry
from stepgrad.tape import Tensor
from stepgrad.tape.step import Step

_BINARY = {"matmul", "add", "subtract", "multiply", "divide"}
_FUNCTIONS = {"sigmoid", "tanh", "relu", "softmax", "log", "exp", "square"}


def from_walk(walk: Any) -> Solution:
    """Turn a walk into a solution.

    Parameters
    ----------
    walk : Walk

    Returns
    -------
    Solution
        Computed in float64 from the walk's given values.

    Examples
    --------
    >>> import stepgrad as sg
    >>> W = sg.Variable([[2.0], [3.0]], name="W")
    >>> s = from_walk(sg.walk(lambda X: X @ W, sg.Tensor([[10.0, 1.0]], name="X")))
    >>> [q.formula for q in s.values()]
    ['XW = X @ W', 'dW = X.T @ dXW']
    """
    given: dict[str, np.ndarray] = {}
    quantities: dict[str, Quantity] = {}
    for step in walk:
        for value in _needed(step):
            if value.name not in quantities:
                given.setdefault(value.name, _as_written(value.array))
        for value, expression in zip(step.outputs, _expressions(step), strict=True):
            if value.name not in quantities and value.name not in given:
                quantities[value.name] = Quantity(value.name, expression, step.phase)
    return Solution(walk.title, given, quantities.values())


def _needed(step: Any) -> list:
    """Return the values that a step is computed from."""
    if step.forward is None:
        return list(step.inputs)
    return [*step.inputs, *step.forward.inputs, *step.forward.outputs]


def _expressions(step: Any) -> list[Expression]:
    """Return one expression an output."""
    inputs = [ref(v.name) for v in step.inputs]
    if step.op == "accumulate":
        result = inputs[0]
        for part in inputs[1:]:
            result = result + part
        return [result]
    if step.phase == "update":
        return _update(step, inputs)
    if step.forward is not None:
        return [_backward(step, i, position) for i, position in enumerate(step.targets)]
    if step.op in _BINARY and not step.attrs:
        return [Expression(step.op, tuple(inputs))]
    if step.op == "negative":
        return [-inputs[0]]
    if step.op in _FUNCTIONS and set(step.attrs) <= {"axis"} and step.attrs.get("axis", -1) == -1:
        return [apply(step.op, inputs[0])]
    if step.op == "sum" and isinstance(step.attrs.get("axis"), int | None) and not step.attrs.get("keepdims"):
        return [total(inputs[0], step.attrs.get("axis"))]
    return [_reference(step, inputs, i) for i in range(len(step.outputs))]


def _reference(step: Any, inputs: list[Expression], i: int) -> Expression:
    op = _op(step.op)
    several = len(step.outputs) > 1

    def compute(*arrays):
        result = op.reference(*_as_before(arrays, step.inputs), **step.attrs)
        return result[i] if several else result

    label = f"{step.op}({', '.join(v.name for v in step.inputs)})" + (f"[{i}]" if several else "")
    return call(label, compute, *inputs)


def _backward(step: Any, i: int, position: int) -> Expression:
    forward = step.forward
    g = ref(step.inputs[0].name)
    ins = [ref(v.name) for v in forward.inputs]
    shape, arrived = np.shape(forward.inputs[position].array), np.shape(step.inputs[0].array)
    if forward.op == "matmul" and not forward.attrs and all(np.ndim(v.array) == 2 for v in forward.inputs):
        return g @ ins[1].T if position == 0 else ins[0].T @ g
    if forward.op in ("add", "subtract") and (shape == arrived or shape == arrived[1:] or shape == ()):
        reduced = g if shape == arrived else total(g, 0 if shape else None)
        return -reduced if forward.op == "subtract" and position == 1 else reduced
    if forward.op == "multiply" and shape == arrived:
        return g * ins[1 - position]
    if forward.op in SLOPES_AT_A and not forward.attrs:
        return g * slope(forward.op, ins[0], ref(forward.outputs[0].name))
    parts = [ref(v.name) for v in (*step.inputs, *forward.inputs, *forward.outputs)]
    label = f"gradient of {forward.op} for {forward.inputs[position].name}"
    return call(label, _gradient(forward, position, len(step.inputs)), *parts)


def _gradient(forward: Any, position: int, arriving: int) -> Any:
    """Return a function that runs the op's own gradient with other saved numbers."""
    op = _op(forward.op)

    def compute(*arrays):
        came, rest = list(arrays[:arriving]), arrays[arriving:]
        saved = _as_before(rest[: len(forward.inputs)], forward.inputs)
        tensors = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in saved]
        step = Step(op, forward.attrs, tensors, forward.layer)
        step.saved_outputs = tuple(_as_before(rest[len(forward.inputs) :], forward.outputs))
        gradients = [
            came.pop(0) if out.dtype.kind == "f" else np.zeros(out.shape) for out in step.saved_outputs
        ]
        results = op.gradient(step, *map(Tensor, gradients))
        result = (results if isinstance(results, tuple) else (results,))[position]
        array, shape = np.asarray(result.array, dtype=float), saved[position].shape
        extra = tuple(range(array.ndim - len(shape)))  # the op broadcast: what was repeated is added up
        array = array.sum(extra)
        return array.sum(
            tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1), keepdims=True
        )

    return compute


def _update(step: Any, inputs: list[Expression]) -> list[Expression]:
    """Write plain SGD as a formula; let other optimizers take their step again."""
    settings = {**step.attrs, "learning_rate": float(_as_written(np.float32(step.attrs["learning_rate"])))}
    if step.op.lower() == "sgd" and not settings.get("momentum") and not settings.get("weight_decay"):
        return [inputs[0] - number(settings["learning_rate"], "eta") * inputs[1]]
    label = f"{step.op}({', '.join(v.name for v in step.inputs)})"
    return [
        call(label, lambda *arrays, i=i: _stepped(step.op, settings, arrays)[i], *inputs)
        for i in range(len(step.outputs))
    ]


def _stepped(name: str, settings: dict, arrays: tuple) -> list[np.ndarray]:
    """Return what an optimizer makes of (weight, gradient, slots...): the weight and the slots afterwards."""
    from stepgrad import optimizers
    from stepgrad.tape import Variable
    from stepgrad.walk.examples.example import in_float64

    with in_float64():
        config = {key: value for key, value in settings.items() if key != "t"}
        optimizer = optimizers.deserialize({"class_name": name, "config": config})
        variable = Variable(arrays[0], name="weight")
        optimizer.build([variable])
        optimizer.iterations.assign(settings["t"] - 1)
        slots = [v for v in optimizer.variables if v.name.startswith("weight_")]
        for slot, array in zip(slots, arrays[2:], strict=True):
            slot.assign(array)
        optimizer.apply([Tensor(arrays[1])], [variable])
    return [variable.array, *(slot.array for slot in slots)]


def _as_written(array: Any) -> np.ndarray:
    """Return the float64 that was meant: 0.05 in float32 becomes 0.05 and not 0.05000000074505806."""
    array = np.asarray(array)
    return array.astype(str).astype(float) if array.dtype == np.float32 else array.astype(float)


def _as_before(arrays: tuple, values: tuple) -> list[np.ndarray]:
    """Whole numbers and booleans keep their dtype; everything else is float64."""
    kinds = [np.asarray(v.array).dtype for v in values]
    return [
        np.asarray(a) if d.kind == "f" else np.asarray(a).astype(d)
        for a, d in zip(arrays, kinds, strict=True)
    ]


def _op(name: str) -> Op:
    if name not in registry:
        raise ArgumentError(
            f"the op '{name}' is not one of stepgrad's, so its steps cannot be graded",
            fix="write the solution by hand: Solution.of_functions(title, given, functions)",
        )
    return registry[name]
