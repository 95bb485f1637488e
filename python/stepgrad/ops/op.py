"""What an op is: shape rule, formula, NumPy reference, gradient, and how a native kernel is called.

One op, one file. A new op is a subclass of :class:`Op` with a reference and a gradient, and one instance of it; the instance
enters the kernel table, and is called like a function on tensors.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np

from stepgrad import config, kernels
from stepgrad.errors import ArgumentError, GradientError, ShapeError, StepgradError
from stepgrad.tape.step import Rule
from stepgrad.tape.tensor import as_tensor

registry: dict[str, Op] = {}  # the library's own ops, by name


class Op(Rule):
    """One differentiable function of arrays.

    Attributes
    ----------
    name : str
        The class name in snake_case unless given.
    formula, gradient_formula : str
        LaTeX, for the step-through. A bar marks the gradient of the loss: \\bar x is dL/dx.
    saves_inputs : tuple of int or None
        Which inputs the gradient reads; None is all of them. Save little: the tape keeps these arrays alive.
    saves_output : bool or tuple of int
        Whether the gradient reads the output; of several outputs, which.
    outputs : int
        How many arrays the op returns.
    promote : None, "same" or "float"
        Bring all inputs to one dtype; "float" also turns integers into floats.
    view : bool
        True when the output may share memory with the first input.
    differentiable : bool
        False for comparisons, argmax and the like.
    elementwise : bool
        Whether the output has the shape and dtype of the first input, and the gradient asks for no shape.
    commutes : bool
        Whether two inputs may change places; a number on the left then goes the short way, too.
    straight : bool
        Whether a native kernel may be called straight on arrays that fit, without `launch`.

    Examples
    --------
    >>> import stepgrad as sg
    >>> class Cube(sg.Op):
    ...     formula = "y = x^3"
    ...     def reference(self, x):
    ...         return x**3
    ...     def gradient(self, step, gy):
    ...         (x,) = step.inputs
    ...         return gy * 3 * x**2
    >>> cube = Cube()
    >>> x = sg.Tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad.item()
    12.0
    """

    name = ""
    formula = ""
    gradient_formula = ""
    saves_inputs: tuple[int, ...] | None = None
    saves_output: bool | tuple[int, ...] = False
    outputs = 1
    promote: str | None = "float"
    view = False
    differentiable = True
    elementwise = False
    commutes = False
    straight = False
    ufunc: Any = None  # the NumPy ufunc that means the same

    def __init__(self):
        name = self.name or re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        self.name = sys.intern(name)  # found in tables without comparing letters
        if type(self).__module__.startswith("stepgrad.ops."):
            if self.name in registry:
                raise ArgumentError(f"two ops are called '{self.name}'")
            registry[self.name] = self
        super().__init__()
        kernels.declare(self)

    def shape(self, *shapes: tuple, **attrs: Any) -> Any:
        """Return the output's shape (a tuple of shapes for several outputs); None stands for an unknown size.

        Raises ShapeError when the inputs do not fit. Without an override the op is elementwise.
        """
        return broadcast(*shapes)

    def dtype(self, *dtypes: str, **attrs: Any) -> Any:
        """Return the output's dtype for a symbolic call."""
        floats = [d for d in dtypes if np.dtype(d).kind == "f"]
        if floats:
            return np.result_type(*floats).name
        return config.floatx() if self.promote == "float" else np.result_type(*dtypes).name

    def reference(self, *arrays: np.ndarray, **attrs: Any) -> Any:
        """Compute the op with NumPy: the meaning that every kernel is tested against."""
        raise ArgumentError(f"op '{self.name}' has no reference", fix="define reference(self, x, ...)")

    def gradient(self, step: Any, *output_gradients: Any) -> Any:
        """Return dL/dinput for each input, in the engine's own ops; None for inputs without a gradient."""
        raise GradientError("this op has no gradient", op=self.name, fix="cut the path with stop_gradient")

    def explain(self, error: Exception, arrays: list[np.ndarray], attrs: dict) -> StepgradError:
        """Turn a failure inside a kernel into an error that teaches."""
        try:
            self.shape(*(a.shape for a in arrays), **attrs)
        except StepgradError as better:
            return better
        except Exception as worse:  # the rule itself stumbled: report what NumPy said
            error = worse if str(worse) else error
        kind = ShapeError if isinstance(error, ValueError) else ArgumentError
        inputs = ", ".join(f"{a.dtype}{list(a.shape)}" for a in arrays)
        return kind(str(error), got=inputs + (f" with {attrs}" if attrs else ""))

    def __repr__(self) -> str:
        return f"<op {self.name}>"


class Unary(Op):
    """An op that treats every entry alike. Native kernels get flat arrays: (x, y)."""

    elementwise = straight = True

    def shape(self, x: tuple, **attrs: Any) -> tuple:
        return x

    def launch(self, native: Any, x: np.ndarray) -> np.ndarray:
        y = kernels.empty(x.shape, x.dtype)
        native(contiguous(x).reshape(-1), y.reshape(-1))
        return y


class Binary(Op):
    """An op on two broadcast inputs. Native kernels get (a [rows, n], b [rows, n], [1, n] or [1, 1], out)."""

    promote = "same"
    elementwise = straight = True

    def launch(self, native: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.shape == b.shape:
            rows, n, b_shape = 1, a.size, (1, b.size)
        elif b.size == 1 and b.ndim <= a.ndim:
            rows, n, b_shape = 1, a.size, (1, 1)
        elif b.ndim and b.shape == a.shape[-b.ndim :]:
            rows, n, b_shape = a.size // b.size if b.size else 0, b.size, (1, b.size)
        else:
            return NotImplemented  # general broadcasting is NumPy's business
        out = kernels.empty(a.shape, a.dtype)
        a, b = contiguous(a), contiguous(b)
        native(a.reshape(rows, n), b.reshape(b_shape), out.reshape(rows, n))
        return out


class Comparison(Op):
    """A binary op whose result is a boolean: it has no gradient."""

    promote: str | None = "same"
    differentiable = False
    gradient_formula = r"\text{none: the result is constant almost everywhere}"

    def dtype(self, *dtypes: str, **attrs: Any) -> str:
        return "bool"


def contiguous(array: np.ndarray) -> np.ndarray:
    """Return `array` itself, or a copy whose entries lie one after the other, as native kernels want them."""
    return array if array.flags.c_contiguous else kernels.chosen["copy"](array)


def to_tensor(x: Any) -> Any:
    """Return a Tensor, or the KerasTensor that `x` is: what a function that reads shapes begins with."""
    return x if getattr(x, "is_symbolic", False) else as_tensor(x)


def broadcast(*shapes: tuple) -> tuple:
    """Return the shape that `shapes` broadcast to, or raise the error that names the axis.

    Examples
    --------
    >>> broadcast((None, 3), (3,))
    (None, 3)
    """
    ndim = max((len(s) for s in shapes), default=0)
    result = []
    for axis in range(-ndim, 0):
        sizes = {s[axis] for s in shapes if len(s) >= -axis}
        known = sizes - {None, 1}
        if len(known) > 1:
            raise ShapeError(
                "the shapes do not broadcast together",
                expected=f"equal sizes, or 1, on axis {axis}",
                got=" and ".join(str(s) for s in shapes),
                fix="reshape or transpose one of them; a column vector is x[:, None]",
            )
        result.append(known.pop() if known else None if None in sizes else 1)
    return tuple(result)


def normalize_axis(axis: int, ndim: int) -> int:
    """Return `axis` counted from the front, or raise."""
    if not -ndim <= axis < ndim:
        raise ShapeError("there is no such axis", expected=f"-{ndim} <= axis < {ndim}", got=f"axis={axis}")
    return axis % ndim


def normalize_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return `axis` as a sorted tuple counted from the front; None means all axes."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int:
        return (normalize_axis(axis, ndim),)
    axes = (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    return tuple(sorted({normalize_axis(int(a), ndim) for a in axes}))
