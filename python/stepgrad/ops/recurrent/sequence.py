"""What the ops on whole sequences share: shape rules, masks, and the choice between one kernel and many small ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import GradientError, ShapeError
from stepgrad.ops.activation.sigmoid import _sigmoid
from stepgrad.ops.op import Op
from stepgrad.tape import no_grad, silent, wrap
from stepgrad.tape.state import public, state
from stepgrad.tape.tensor import Tensor

sigmoid = _sigmoid.reference


class Sequence(Op):
    """A recurrent network over x [batch, time, n], its state [batch, units] carried from step to step.

    The mask [batch, time] is an optional last input: 0 where a step is skipped and the state stays as it is.
    """

    promote = "same"
    saves_output = True
    columns = 4  # gate columns of the weights: kernel [n, columns * units]
    states = 1
    bias_rows: tuple[int, ...] = ()

    def check(self, x: tuple, kernel: tuple, recurrent_kernel: tuple, bias: tuple, *rest: tuple) -> int:
        """Return the number of units, or raise where a shape does not fit."""
        if len(x) != 3:
            raise ShapeError("a sequence has three axes", expected="(batch, time, features)", got=str(x))
        units = recurrent_kernel[0] if recurrent_kernel else 0
        states, masks = rest[: self.states], rest[self.states :]
        wide = self.columns * units
        wanted = [
            ("kernel", kernel, (x[2], wide)),
            ("recurrent_kernel", recurrent_kernel, (units, wide)),
            ("bias", bias, (*self.bias_rows, wide)),
            *[("the initial state", s, (x[0], units)) for s in states],
            *[("mask", m, x[:2]) for m in masks],
        ]
        for name, got, expected in wanted:
            fits = len(got) == len(expected) and all(
                None in (a, b) or a == b for a, b in zip(got, expected, strict=True)
            )
            if not fits:
                raise ShapeError(
                    f"{name} does not fit the sequence",
                    expected=f"{expected} for x of shape {tuple(x)} and {units} units",
                    got=str(tuple(got)),
                )
        return units

    def compose(self, *inputs: Any, return_sequences: bool) -> tuple:
        """Run the op as a composition of small ops; the subclass writes it."""
        raise NotImplementedError

    def composed(self, *arrays: np.ndarray, sequences: bool, keep: bool) -> tuple:
        """The rung "steps" on plain arrays: the composition, and what the fused gradient needs from the reference."""
        with no_grad(), silent():
            output, *states = self.compose(*map(wrap, arrays), return_sequences=sequences)
        results = list(self.reference(*arrays, sequences=sequences, keep=keep))
        if sequences:
            results[0] = output.array
        results[1 : 1 + self.states] = [s.array for s in states]
        return tuple(results)

    def run(self, *inputs: Any, mask: Any, return_sequences: bool) -> tuple:
        """Run the op, fused or composed; returns (output, state, ...)."""
        if mask is not None:
            inputs = (*inputs, public["cast"](mask, _dtype_of(inputs[0])))
        if by_steps(self.name) and not any(getattr(x, "is_symbolic", False) for x in inputs):
            return self.compose(*map(_tensor, inputs), return_sequences=return_sequences)
        keep = state.recording and any(getattr(x, "requires_grad", False) for x in inputs)
        results = self(*inputs, sequences=return_sequences, keep=keep)
        states = results[1 : 1 + self.states]
        return (results[0] if return_sequences else states[0], *states)


class SequenceGradient(Op):
    """The way back through a whole sequence. It has no gradient of its own."""

    promote = None
    saves_inputs = ()

    def gradient(self, step, *gradients):
        op = self.name.removesuffix("_gradient")
        raise GradientError(
            f"the fused gradient of {op} has no gradient of its own",
            op=self.name,
            fix=f'compose it of small ops for second order: with stepgrad.kernels.use({op}="{kernels.STEPS}")',
        )


def by_steps(op: str) -> bool:
    """Tell whether small ops are wanted: by the chosen rung, or by a hook that shows every step."""
    return kernels.current(op).rung == kernels.STEPS or any(
        getattr(h, "by_steps", False) for h in state.hooks
    )


def counts(mask: np.ndarray | None, t: int) -> np.ndarray | None:
    """Return the column of step `t`: True where it counts."""
    return None if mask is None else mask[:, t, None] != 0


def keep_old(mask: np.ndarray | None, new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Return the new state, or the old one where the step is skipped."""
    return new if mask is None else np.where(mask, new, old)


def masks_of_steps(mask: Any, steps: int) -> list:
    """Return a boolean tensor [batch, 1] for every step, None without a mask."""
    if mask is None:
        return [None] * steps
    return [public["expand_dims"](m, 1) for m in public["unstack"](public["not_equal"](mask, 0.0), axis=1)]


def select(mask: Any, new: Tensor, old: Tensor) -> Tensor:
    """Return the new state, or the old one where the step is skipped, in the tape's ops."""
    return new if mask is None else public["where"](mask, new, old)


def dropped_product(x: Any, kernel: Any, drop: Any) -> Tensor:
    """Return x times the kernel; `drop` is a dropout mask for x, or a tuple of one for each of the kernel's equal parts."""
    if drop is None:
        return public["matmul"](x, kernel)
    if not isinstance(drop, tuple):
        return public["matmul"](x * drop, kernel)
    parts = public["split"](kernel, len(drop), axis=1)
    return public["concatenate"](
        [public["matmul"](x * d, part) for d, part in zip(drop, parts, strict=True)], axis=1
    )


def labelled(name: str, t: int | None, tensor: Tensor) -> Tensor:
    """Name what a step makes, for the step-through: h3 is the h of step 3."""
    tensor.name = name if t is None else f"{name}{t}"
    return tensor


def empty(x: np.ndarray) -> np.ndarray:
    """An array that stands for "not given" in a native call."""
    return np.empty((0, 0), x.dtype)


def _dtype_of(x: Any) -> str:
    return str(getattr(x, "dtype", None) or "float32")


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else public["convert_to_tensor"](x)
