"""KerasTensor: a tensor that has a shape and no values yet; what the functional API is built from."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepgrad import config
from stepgrad.errors import DTypeError
from stepgrad.tape import core


class Node(NamedTuple):
    """The call that makes a KerasTensor: operation(*args, **kwargs)."""

    operation: Any
    args: tuple
    kwargs: dict


class KerasTensor:
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
        self.node = node
        self.index = index

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getattr__(self, name: str) -> Any:
        # sum, mean, reshape, astype ... : whatever Tensor offers through an op
        method = getattr(core.Tensor, name, None)
        if name.startswith("_") or not callable(method):
            raise AttributeError(f"a KerasTensor has no '{name}': it has a shape and no values yet")
        return lambda *args, **kwargs: method_on_symbolic(self, name, args, kwargs)

    def __bool__(self) -> bool:
        raise DTypeError("a KerasTensor has no values yet", fix="use ops.where instead of if, inside a Layer's call")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


_METHODS = {"astype": "cast"}
_OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul neg abs lt le gt ge and or invert getitem "
    "radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul"
).split()
_NAMES = {
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "pow": "power",
    "neg": "negative",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
    "invert": "logical_not",
}


def method_on_symbolic(x: KerasTensor, name: str, args: tuple, kwargs: dict) -> Any:
    """Run a Tensor's method on a KerasTensor through the op of that name."""
    if name in ("reshape", "transpose") and args and isinstance(args[0], int):
        args = (args,)
    return core.public[_METHODS.get(name, name)](x, *args, **kwargs)


def _operator(name: str):
    swapped = name.startswith("r")
    function = _NAMES.get(name[1:] if swapped else name, name[1:] if swapped else name)

    def run(self, *other):
        return core.public[function](*((*other, self) if swapped else (self, *other)))

    return run


for _name in _OPERATORS:
    setattr(KerasTensor, f"__{_name}__", _operator(_name))


def _apply(op: Any, inputs: tuple, attrs: dict) -> Any:
    """Give the KerasTensor that an op would make: its shape by the op's rule, its dtype by the op's promotion."""
    shapes, dtypes = [], []
    for x in inputs:
        x = x if isinstance(x, KerasTensor | int | float) else core.as_tensor(x)
        shapes.append(tuple(getattr(x, "shape", ())))
        dtypes.append(getattr(x, "dtype", None))
    try:
        shape = op.shape(*shapes, **attrs)
    except core.StepgradError as error:
        raise error.at(op.name, core.state.scope) from None
    dtype = op.dtype(*[d for d in dtypes if d is not None], **attrs)
    node = Node(op, inputs, attrs)
    if op.outputs == 1:
        return KerasTensor(shape, dtype, node=node)
    kinds = dtype if isinstance(dtype, tuple) else (dtype,) * op.outputs
    return tuple(KerasTensor(s, d, node=node, index=i) for i, (s, d) in enumerate(zip(shape, kinds, strict=True)))


core.symbolic_apply.append(_apply)
