"""custom_gradient: a function whose gradient you write; jvp: the slope of a function in one direction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, GradientError
from stepgrad.ops.op import Op
from stepgrad.ops.words import ops
from stepgrad.tape.state import state
from stepgrad.tape.step import apply
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


class WithGradient(Op):
    """An identity in front of a computed value: its gradient is what the user's function says."""

    name = "custom_gradient"
    formula = r"y = f(x)"
    gradient_formula = r"\bar x = g(\bar y)"
    promote = None
    saves_inputs = ()

    def shape(self, *shapes, value, function):
        return value.shape

    def dtype(self, *dtypes, value, function):
        return value.dtype.name

    def reference(self, *arrays, value, function):
        return value

    def gradient(self, step, gy):
        gradients = step.attrs["function"](gy)
        return tuple(gradients) if isinstance(gradients, tuple | list) else gradients


_custom_gradient = WithGradient()


def custom_gradient(f: Callable) -> Callable:
    """Decorate a function that returns ``(value, gradient)``, where ``gradient(upstream)`` gives dL/dx for each argument.

    Examples
    --------
    >>> @custom_gradient
    ... def safe_log1pexp(x):
    ...     e = ops.exp(x)
    ...     return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    >>> x = Tensor(100.0, requires_grad=True)
    >>> safe_log1pexp(x).backward()
    >>> x.grad.item()
    1.0
    """

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        recording, state.recording = state.recording, False
        try:
            value, gradient = f(*args, **kwargs)
        finally:
            state.recording = recording
        if isinstance(value, tuple | list):
            raise ArgumentError(
                "one value with a gradient is offered, not several",
                op="custom_gradient",
                expected="a function that returns (tensor, gradient function)",
            )
        if getattr(value, "is_symbolic", False):
            return value
        return apply(_custom_gradient, args, {"value": as_tensor(value).array, "function": gradient})

    return run


def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Return the function's value, and how it changes when its arguments move along `tangents`.

    The slope comes from two backward passes: J^T u is linear in u, and its own transpose is J.

    Parameters
    ----------
    fun : callable
        Of tensors, returning one tensor (and something else, with `has_aux`).
    primals, tangents : sequence of tensor
        The point and the direction.

    Examples
    --------
    >>> value, slope = jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> value.item(), slope.item()
    (9.0, 6.0)
    """
    from stepgrad.tape.gradient_tape import GradientTape

    points = [Tensor(as_tensor(x).array * 1.0, requires_grad=True) for x in primals]
    with GradientTape() as outer:
        with GradientTape() as inner:
            result = fun(*points)
        value, *aux = result if has_aux else (result,)
        if not isinstance(value, Tensor):
            raise GradientError("the function must return a tensor", op="jvp", got=type(value).__name__)
        probe = Tensor(np.zeros(value.shape, value.dtype), requires_grad=True)
        backward = inner.gradient(value, points, output_gradients=probe)
        along = [ops.sum(g * t) for g, t in zip(backward, tangents, strict=True) if g is not None]
        total = functools.reduce(ops.add, along) if along else ops.sum(probe) * 0.0
    slope = outer.gradient(total, probe)
    slope = wrap(np.zeros(value.shape, value.dtype)) if slope is None else slope
    return (value, slope, *aux)
