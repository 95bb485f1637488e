"""glu: one half of the entries, gated by the other half."""

from __future__ import annotations

from stepgrad.errors import ShapeError
from stepgrad.ops.op import normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import as_tensor


def glu(x, axis=-1):
    """Gated linear unit: a * sigmoid(b), where a and b are the two halves of `x` along `axis`.

    Source: Dauphin et al. 2017, arXiv:1612.08083.

    Raises
    ------
    ShapeError
        If the size along `axis` is odd.

    Examples
    --------
    >>> glu([2.0, 0.0]).tolist()
    [1.0]
    """
    x = x if hasattr(x, "dtype") else as_tensor(x)
    axis = normalize_axis(axis, len(x.shape))
    if x.shape[axis] is None or x.shape[axis] % 2:
        raise ShapeError(
            "two halves are needed", op="glu", expected=f"an even size on axis {axis}", got=str(x.shape)
        )
    a, b = public["split"](x, 2, axis)
    return a * public["sigmoid"](b)
