"""less_equal: whether a is at most b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class LessEqual(Comparison):
    formula = r"y = [a \le b]"
    ufunc = np.less_equal

    def reference(self, a, b):
        return np.less_equal(a, b)


_less_equal = LessEqual()


def less_equal(x1, x2):
    """Tell where x1 <= x2.

    Examples
    --------
    >>> less_equal([1, 2, 3], 2).tolist()
    [True, True, False]
    """
    return _less_equal(x1, x2)
