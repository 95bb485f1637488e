"""isfinite: whether an entry is a number and not infinite."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Isfinite(Comparison):
    formula = r"y = [|x| < \infty]"
    promote = None
    ufunc = np.isfinite

    def reference(self, x):
        return np.isfinite(x)


_isfinite = Isfinite()


def isfinite(x):
    """Tell where an entry is neither NaN nor infinite.

    Examples
    --------
    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    return _isfinite(x)
