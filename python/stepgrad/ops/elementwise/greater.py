"""greater: whether a is above b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Greater(Comparison):
    formula = r"y = [a > b]"
    ufunc = np.greater

    def reference(self, a, b):
        return np.greater(a, b)


_greater = Greater()


def greater(x1, x2):
    """Tell where x1 > x2.

    Examples
    --------
    >>> greater([2, 3], 2).tolist()
    [False, True]
    """
    return _greater(x1, x2)
