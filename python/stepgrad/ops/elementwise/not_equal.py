"""not_equal: whether two entries differ."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class NotEqual(Comparison):
    formula = r"y = [a \neq b]"
    ufunc = np.not_equal

    def reference(self, a, b):
        return np.not_equal(a, b)


_not_equal = NotEqual()


def not_equal(x1, x2):
    """Tell where two tensors differ. NaN differs from everything.

    Examples
    --------
    >>> not_equal([1, 2], [1, 3]).tolist()
    [False, True]
    """
    return _not_equal(x1, x2)
