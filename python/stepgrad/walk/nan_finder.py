"""The NaN finder: the first op that made a NaN or an infinity, with its inputs and its layer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from stepgrad.errors import NaNError
from stepgrad.tape.hooks import Hook, hooks
from stepgrad.tape.state import state
from stepgrad.tape.tensor import Tensor


class NaNFinder(Hook):
    """A hook that raises at the first op whose output, or gradient, is not finite."""

    def __init__(self):
        self.inside_gradient = False  # ops that run there are judged by the gradient that they make

    def before_backward(self, step, output_gradients):
        self.inside_gradient = True

    def after_forward(self, step, inputs, outputs):
        bad = [t for t in outputs if _bad(t)] if not self.inside_gradient else []
        if bad:
            raise NaNError(
                f"the output has {_count(bad[0])}",
                op=step.op.name,
                layer=state.scope or None,
                expected="finite numbers",
                got=f"inputs: {', '.join(map(_describe, inputs))}",
                fix=_fix(step.op.name, inputs),
            )

    def after_backward(self, step, output_gradients, input_gradients):
        self.inside_gradient = False
        for i, gradient in enumerate(input_gradients):
            if gradient is not None and _bad(gradient):
                raise NaNError(
                    f"the gradient of input {i} has {_count(gradient)}",
                    op=step.op.name,
                    layer=step.scope or None,
                    expected="finite numbers",
                    got=f"incoming gradient: {', '.join(map(_describe, output_gradients))}",
                    fix="lower the learning rate, clip the gradients, or keep the input away from where the slope is infinite",
                ).at(phase="backward")


@contextlib.contextmanager
def find_nan() -> Iterator[None]:
    """Raise NaNError at the first NaN or infinity inside the block, naming op, layer and inputs.

    Examples
    --------
    >>> import stepgrad as sg
    >>> with find_nan():
    ...     sg.ops.log(sg.Tensor([1.0, 0.0]))
    Traceback (most recent call last):
    ...
    stepgrad.errors.NaNError: log: the output has 1 infinity among 2 entries
      expected: finite numbers
      got:      inputs: Tensor(shape=(2,), min=0, max=1)
      fix:      keep the input above 0: add a small epsilon, or clip it
    """
    with hooks(NaNFinder()), np.errstate(all="ignore"):
        yield


def _bad(tensor: Tensor) -> bool:
    return tensor.array.dtype.kind == "f" and not np.isfinite(tensor.array).all()


def _count(tensor: Tensor) -> str:
    nans, infinities = int(np.isnan(tensor.array).sum()), int(np.isinf(tensor.array).sum())
    parts = [f"{nans} NaN"] * bool(nans) + [
        f"{infinities} infinit{'y' if infinities == 1 else 'ies'}"
    ] * bool(infinities)
    return f"{' and '.join(parts)} among {tensor.array.size} entries"


def _describe(tensor: Tensor) -> str:
    if not tensor.array.size or tensor.array.dtype.kind not in "fiu":
        return f"{tensor.name or 'Tensor'}(shape={tensor.shape})"
    low, high = tensor.array.min(), tensor.array.max()
    return f"{tensor.name or 'Tensor'}(shape={tensor.shape}, min={low:.4g}, max={high:.4g})"


def _fix(op: str, inputs) -> str:
    if any(_bad(t) for t in inputs):
        return "the input already had it: check the data with numpy.isfinite, or start the finder earlier"
    return {
        "log": "keep the input above 0: add a small epsilon, or clip it",
        "sqrt": "keep the input at or above 0",
        "divide": "keep the divisor away from 0: add a small epsilon",
        "exp": "subtract the maximum first, as softmax does",
        "softmax": "a kernel must subtract the maximum first, or the exponential overflows",
        "power": "a negative base has no real fractional power",
    }.get(op, "the numbers became too large: lower the learning rate, or normalise the input")
