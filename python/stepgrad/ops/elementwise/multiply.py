"""multiply: the elementwise product."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Binary


class Multiply(Binary):
    formula = r"y = a \odot b"
    gradient_formula = r"\bar a = \bar y \odot b,\quad \bar b = \bar y \odot a"
    commutes = True
    ufunc = np.multiply

    def reference(self, a, b):
        return np.multiply(a, b)

    def gradient(self, step, gy):
        a, b = step.inputs
        return gy * b if step.needs(0) else None, gy * a if step.needs(1) else None


_multiply = Multiply()


def multiply(x1, x2):
    """Multiply two tensors entry by entry, broadcasting as NumPy does.

    Examples
    --------
    >>> multiply([1.0, 2.0], [3.0, 4.0]).tolist()
    [3.0, 8.0]
    """
    return _multiply(x1, x2)
