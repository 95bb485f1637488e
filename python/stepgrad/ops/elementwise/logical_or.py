"""logical_or: whether at least one is true."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class LogicalOr(Comparison):
    formula = r"y = a \lor b"
    promote = None
    ufunc = np.logical_or

    def reference(self, a, b):
        return np.logical_or(a, b)


_logical_or = LogicalOr()


def logical_or(x1, x2):
    """Tell where at least one is true; every number but 0 counts as true.

    Examples
    --------
    >>> logical_or([True, False], [False, False]).tolist()
    [True, False]
    """
    return _logical_or(x1, x2)
