"""The operators and methods of tensors, each a call of the public op of that name.

Tensor and KerasTensor share them: the op finds out which of the two it was given.
"""

from stepgrad.tape.state import public, rules


class Runs:
    """An op as operators call it, without argument tuples; stepgrad.tape.step.Rule is one."""

    def one(self, a):
        raise NotImplementedError

    def two(self, a, b):
        raise NotImplementedError


class Common:
    """The ops behind the operators that run most, where they are found without looking up a name."""

    def __init__(self):
        self.add = self.subtract = self.multiply = self.divide = self.negative = Runs()


common = Common()


def bind():
    """Fill in the ops, once they are there."""
    for name in ("add", "subtract", "multiply", "divide", "negative"):
        setattr(common, name, rules[name])


class Operators:
    """Arithmetic, comparisons, indexing and NumPy's methods."""

    def __add__(self, other):
        return common.add.two(self, other)

    def __radd__(self, other):
        return common.add.two(other, self)

    def __sub__(self, other):
        return common.subtract.two(self, other)

    def __rsub__(self, other):
        return common.subtract.two(other, self)

    def __mul__(self, other):
        return common.multiply.two(self, other)

    def __rmul__(self, other):
        return common.multiply.two(other, self)

    def __truediv__(self, other):
        return common.divide.two(self, other)

    def __rtruediv__(self, other):
        return common.divide.two(other, self)

    def __floordiv__(self, other):
        return public["floor_divide"](self, other)

    def __rfloordiv__(self, other):
        return public["floor_divide"](other, self)

    def __mod__(self, other):
        return public["mod"](self, other)

    def __rmod__(self, other):
        return public["mod"](other, self)

    def __pow__(self, other):
        return public["power"](self, other)

    def __rpow__(self, other):
        return public["power"](other, self)

    def __matmul__(self, other):
        return public["matmul"](self, other)

    def __rmatmul__(self, other):
        return public["matmul"](other, self)

    def __neg__(self):
        return common.negative.one(self)

    def __pos__(self):
        return self

    def __abs__(self):
        return public["abs"](self)

    def __invert__(self):
        return public["logical_not"](self)

    def __and__(self, other):
        return public["logical_and"](self, other)

    def __or__(self, other):
        return public["logical_or"](self, other)

    def __lt__(self, other):
        return public["less"](self, other)

    def __le__(self, other):
        return public["less_equal"](self, other)

    def __gt__(self, other):
        return public["greater"](self, other)

    def __ge__(self, other):
        return public["greater_equal"](self, other)

    def __eq__(self, other):
        return public["equal"](self, other)

    def __ne__(self, other):
        return public["not_equal"](self, other)

    def __hash__(self):
        return id(self) >> 4

    def __getitem__(self, key):
        return public["getitem"](self, key)

    def sum(self, axis=None, keepdims=False):
        """Sum over `axis`; see :func:`stepgrad.ops.sum`."""
        return public["sum"](self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        """Mean over `axis`; see :func:`stepgrad.ops.mean`."""
        return public["mean"](self, axis, keepdims)

    def max(self, axis=None, keepdims=False):
        """Maximum over `axis`; see :func:`stepgrad.ops.max`."""
        return public["max"](self, axis, keepdims)

    def min(self, axis=None, keepdims=False):
        """Minimum over `axis`; see :func:`stepgrad.ops.min`."""
        return public["min"](self, axis, keepdims)

    def reshape(self, *shape):
        """Same entries in another shape; see :func:`stepgrad.ops.reshape`."""
        return public["reshape"](
            self, shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        )

    def transpose(self, *axes):
        """Permute the axes; see :func:`stepgrad.ops.transpose`."""
        return public["transpose"](self, axes or None)

    def astype(self, dtype):
        """Convert to another dtype; see :func:`stepgrad.ops.cast`."""
        return public["cast"](self, dtype)

    @property
    def T(self):
        """The transpose."""
        return public["transpose"](self)
