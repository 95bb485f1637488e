"""equal: whether two entries are the same."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Equal(Comparison):
    formula = r"y = [a = b]"
    ufunc = np.equal

    def reference(self, a, b):
        return np.equal(a, b)


_equal = Equal()


def equal(x1, x2):
    """Tell where two tensors are equal, broadcasting as NumPy does. NaN equals nothing.

    Examples
    --------
    >>> equal([1, 2], [1, 3]).tolist()
    [True, False]
    """
    return _equal(x1, x2)
