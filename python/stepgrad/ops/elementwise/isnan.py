"""isnan: whether an entry is not a number."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Isnan(Comparison):
    formula = r"y = [x \text{ is NaN}]"
    promote = None
    ufunc = np.isnan

    def reference(self, x):
        return np.isnan(x)


_isnan = Isnan()


def isnan(x):
    """Tell where an entry is NaN.

    Examples
    --------
    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    return _isnan(x)
