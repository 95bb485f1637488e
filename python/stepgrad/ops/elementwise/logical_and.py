"""logical_and: whether both are true."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class LogicalAnd(Comparison):
    formula = r"y = a \land b"
    promote = None
    ufunc = np.logical_and

    def reference(self, a, b):
        return np.logical_and(a, b)


_logical_and = LogicalAnd()


def logical_and(x1, x2):
    """Tell where both are true; every number but 0 counts as true.

    Examples
    --------
    >>> logical_and([True, True], [True, False]).tolist()
    [True, False]
    """
    return _logical_and(x1, x2)
