"""KerasTensor: a tensor that has a shape and no values yet; what the functional API is built from."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepgrad import config
from stepgrad.errors import DTypeError, StepgradError
from stepgrad.tape.operators import Operators
from stepgrad.tape.state import state, symbolic_apply
from stepgrad.tape.tensor import as_tensor


class Node(NamedTuple):
    """The call that makes a KerasTensor: operation(*args, **kwargs)."""

    operation: Any
    args: tuple
    kwargs: dict


class KerasTensor(Operators):
    """A symbolic tensor: shape (None where the size is not known yet), dtype, and how it will be made.

    Examples
    --------
    >>> x = KerasTensor((None, 3))
    >>> import stepgrad as sg
    >>> (x @ sg.ops.ones((3, 2))).shape
    (None, 2)
    """

    is_symbolic = True

    def __init__(
        self,
        shape: tuple[int | None, ...],
        dtype: str | None = None,
        name: str | None = None,
        node: Node | None = None,
        index: int = 0,
    ):
        self.shape = tuple(shape)
        self.dtype = str(dtype or config.floatx())
        self.name = name
        self.node: Any = node  # None for a tensor that stands for data
        self.index = index

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __iter__(self) -> Any:
        raise DTypeError(
            "a KerasTensor cannot be iterated: its values are not there yet",
            got=f"shape {self.shape}",
            fix="ops.unstack or x[:, i] for the parts along an axis of known size",
        )

    def __bool__(self) -> bool:
        raise DTypeError(
            "a KerasTensor has no values yet", fix="use ops.where instead of if, inside a Layer's call"
        )

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _apply(op: Any, inputs: tuple, attrs: dict) -> Any:
    """Give the KerasTensor that an op would make: its shape by the op's rule, its dtype by the op's promotion."""
    shapes, dtypes = [], []
    for x in inputs:
        x = x if isinstance(x, KerasTensor | int | float) else as_tensor(x)
        shapes.append(tuple(getattr(x, "shape", ())))
        dtypes.append(getattr(x, "dtype", None))
    try:
        shape = op.shape(*shapes, **attrs)
    except StepgradError as error:
        raise error.at(op.name, state.scope) from None
    known = [d for d in dtypes if d is not None]
    if (
        op.promote
        and any(isinstance(x, float) for x in inputs)
        and not any(d.startswith("float") for d in known)
    ):
        known.append(config.floatx())  # a Python float turns integers into floats
    dtype = op.dtype(*known, **attrs)
    node = Node(op, inputs, attrs)
    if op.outputs == 1:
        return KerasTensor(shape, dtype, node=node)
    kinds = dtype if isinstance(dtype, tuple) else (dtype,) * op.outputs
    return tuple(
        KerasTensor(s, d, node=node, index=i) for i, (s, d) in enumerate(zip(shape, kinds, strict=True))
    )


symbolic_apply.append(_apply)
