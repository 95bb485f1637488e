"""logical_xor: whether exactly one is true."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class LogicalXor(Comparison):
    formula = r"y = a \oplus b"
    promote = None
    ufunc = np.logical_xor

    def reference(self, a, b):
        return np.logical_xor(a, b)


_logical_xor = LogicalXor()


def logical_xor(x1, x2):
    """Tell where exactly one is true; every number but 0 counts as true.

    Examples
    --------
    >>> logical_xor([True, True], [True, False]).tolist()
    [False, True]
    """
    return _logical_xor(x1, x2)
