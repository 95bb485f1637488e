"""logical_not: turn true into false and back."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class LogicalNot(Comparison):
    formula = r"y = \lnot x"
    promote = None
    ufunc = np.logical_not

    def reference(self, x):
        return np.logical_not(x)


_logical_not = LogicalNot()


def logical_not(x):
    """Turn true into false and back; every number but 0 counts as true.

    Examples
    --------
    >>> logical_not([True, False]).tolist()
    [False, True]
    """
    return _logical_not(x)
