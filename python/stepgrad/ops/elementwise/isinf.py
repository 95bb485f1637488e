"""isinf: whether an entry is infinite."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Isinf(Comparison):
    formula = r"y = [|x| = \infty]"
    promote = None
    ufunc = np.isinf

    def reference(self, x):
        return np.isinf(x)


_isinf = Isinf()


def isinf(x):
    """Tell where an entry is plus or minus infinity.

    Examples
    --------
    >>> isinf([1.0, float("inf")]).tolist()
    [False, True]
    """
    return _isinf(x)
