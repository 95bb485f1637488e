"""signbit: is there a minus sign?"""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Comparison


class Signbit(Comparison):
    formula = r"y = [x < 0 \text{ or } x = -0]"
    promote = None
    ufunc = np.signbit

    def reference(self, x):
        return np.signbit(x) if x.dtype.kind == "f" else x < 0


_signbit = Signbit()


def signbit(x):
    """Tell where entries have a minus sign, -0.0 included.

    Examples
    --------
    >>> signbit([-0.0, 0.0, -1.0]).tolist()
    [True, False, True]
    """
    return _signbit(x)
