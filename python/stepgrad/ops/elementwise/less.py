"""less: whether a is below b."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Less(Comparison):
    formula = r"y = [a < b]"
    ufunc = np.less

    def reference(self, a, b):
        return np.less(a, b)


_less = Less()


def less(x1, x2):
    """Tell where x1 < x2.

    Examples
    --------
    >>> less([1, 2], 2).tolist()
    [True, False]
    """
    return _less(x1, x2)
