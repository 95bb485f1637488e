"""cond and switch: run one of several functions; and what a tensor is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stepgrad.errors import DTypeError
from stepgrad.tape.tensor import Tensor, as_tensor


def truth(value: Any, op: str) -> Any:
    """Return the value behind a condition, or raise for a KerasTensor."""
    if getattr(value, "is_symbolic", False):
        raise DTypeError(
            "a condition needs values, and a KerasTensor has none yet", op=op, fix="use ops.where"
        )
    return as_tensor(value).item() if hasattr(value, "__array__") else value


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run `true_fn` or `false_fn`, both without arguments.

    Examples
    --------
    >>> cond(Tensor(2.0) > 1.0, lambda: "large", lambda: "small")
    'large'
    """
    return true_fn() if truth(pred, "cond") else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """Run the branch of this number on the operands; a number out of range means the nearest branch.

    Examples
    --------
    >>> switch(1, [lambda x: x + 1, lambda x: x * 10], 5)
    50
    """
    number = min(max(int(truth(index, "switch")), 0), len(branches) - 1)
    return branches[number](*operands)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a tensor.

    Examples
    --------
    >>> is_tensor(Tensor([1.0])), is_tensor([1.0])
    (True, False)
    """
    return isinstance(x, Tensor)


def dtype(x: Any) -> str:
    """Return the dtype of a tensor, or of what a tensor can be made of, by name.

    Examples
    --------
    >>> dtype(Tensor([1.0]))
    'float32'
    """
    return str(x.dtype if getattr(x, "is_symbolic", False) else as_tensor(x).dtype)
