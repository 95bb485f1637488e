"""cast: another dtype."""

from __future__ import annotations

import numpy as np

from stepgrad.ops.op import Op


class Cast(Op):
    formula = r"y = x"
    gradient_formula = r"\bar x = \bar y"
    saves_inputs = ()
    promote = None
    view = True

    def shape(self, x, dtype):
        return x

    def dtype(self, *dtypes, dtype):
        return str(dtype)

    def reference(self, x, dtype):
        return x.astype(dtype, copy=False)

    def gradient(self, step, gy):
        return _cast(gy, dtype=step.input_dtypes[0].name)


_cast = Cast()


def cast(x, dtype):
    """Convert to another dtype. Between float types the gradient is cast back.

    Examples
    --------
    >>> cast([1.6], "int32").tolist()
    [1]
    """
    return _cast(x, dtype=np.dtype(dtype).name)
