"""greater_equal: whether a is at least b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class GreaterEqual(Comparison):
    formula = r"y = [a \ge b]"
    ufunc = np.greater_equal

    def reference(self, a, b):
        return np.greater_equal(a, b)


_greater_equal = GreaterEqual()


def greater_equal(x1, x2):
    """Tell where x1 >= x2.

    Examples
    --------
    >>> greater_equal([1, 2, 3], 2).tolist()
    [False, True, True]
    """
    return _greater_equal(x1, x2)
