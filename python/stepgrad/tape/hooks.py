"""Hooks: the one way to look over the tape's shoulder.

The step-through, the profiler, the NaN finder and the memory view are all hooks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from stepgrad.tape.state import state
from stepgrad.tape.step import Step
from stepgrad.tape.tensor import Tensor


class Hook:
    """Called before and after every op, forward and backward. Override what you need.

    Examples
    --------
    >>> import stepgrad as sg
    >>> class Names(sg.Hook):
    ...     def after_forward(self, step, inputs, outputs):
    ...         print("forward ", step.op.name)
    ...     def after_backward(self, step, output_gradients, input_gradients):
    ...         print("backward", step.op.name)
    >>> x = sg.Tensor(1.0, requires_grad=True)
    >>> with sg.hooks(Names()):
    ...     sg.ops.exp(x).backward()
    forward  exp
    forward  multiply
    backward exp

    (The product belongs to the gradient of exp, which is written in ops.)
    """

    by_steps = False  # True: an op over a whole sequence runs as small ops, so that the hook sees every step

    def before_forward(self, op: Any, inputs: Sequence[Tensor], attrs: dict) -> None:
        """Run before an op computes."""

    def after_forward(self, step: Step, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """Run after an op computed; `step` is recorded only where an input is tracked."""

    def before_backward(self, step: Step, output_gradients: Sequence[Tensor]) -> None:
        """Run before a step's gradient; all that flows into its outputs has arrived."""

    def after_backward(
        self, step: Step, output_gradients: Sequence[Tensor], input_gradients: Sequence[Tensor | None]
    ) -> None:
        """Run after a step's gradient, with the contributions to its inputs (None where there is none)."""


class silent:
    """Keep the hooks from seeing the ops inside the block."""

    def __enter__(self) -> None:
        self.before, state.hooks = state.hooks, ()

    def __exit__(self, *exception) -> None:
        state.hooks = self.before


@contextlib.contextmanager
def hooks(*added: Hook) -> Iterator[None]:
    """Let hooks see every op of this thread inside the block.

    Ops that run inside the gradient of an op are seen as forward steps too.
    """
    before = state.hooks
    state.hooks = before + added
    try:
        yield
    finally:
        state.hooks = before
