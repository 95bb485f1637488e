"""Verification: what is wrong is not timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# float32 sums of up to 100,000 terms in plain order end within 1e-4 of float64, and a wrong kernel is far outside of it.
# (The op tests hold each op to a bound of its own.)
TOLERANCE = 2e-4


class Verdict(NamedTuple):
    """The largest error, relative to the sizes of the entries; and what is wrong, empty when nothing is."""

    error: float
    problem: str


def verify(got: Sequence[np.ndarray], want: Sequence[np.ndarray], tolerance: float = TOLERANCE) -> Verdict:
    """Compare results with those of float64. NaN is right only where float64 has NaN.

    Parameters
    ----------
    got, want : sequences of arrays
    tolerance : float
        Bound of |got - want|, relative to the mean of |want| and the root mean square of all of want.

    Examples
    --------
    >>> import numpy as np
    >>> verify([np.float32([1, 2])], [np.array([1.0, 2.0])]).problem
    ''
    >>> verify([np.float32([1, np.nan])], [np.array([1.0, 2.0])]).problem
    'NaN in 1 of 2 entries where float64 has numbers'
    """
    if len(got) != len(want):
        return Verdict(np.inf, f"{len(got)} results, {len(want)} expected")
    worst = 0.0
    for g, w in zip(map(np.asarray, got), map(np.asarray, want), strict=True):
        if g.shape != w.shape:
            return Verdict(np.inf, f"shape {g.shape}, expected {w.shape}")
        if w.dtype.kind in "iub":
            if not np.array_equal(g, w):
                return Verdict(np.inf, f"{(g != w).sum()} of {w.size} integers differ")
            continue
        stray = np.isnan(g) & ~np.isnan(w)
        if stray.any():
            return Verdict(np.inf, f"NaN in {stray.sum()} of {w.size} entries where float64 has numbers")
        worst = max(worst, _error(g.astype(np.float64), w))
    return Verdict(worst, "" if worst <= tolerance else f"error {worst:.1e}, allowed {tolerance:.0e}")


def _error(got: np.ndarray, want: np.ndarray) -> float:
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return np.inf
    got, want = got[finite], want[finite]
    if not want.size:
        return 0.0
    scale = (np.abs(want) + np.sqrt(np.mean(want * want))) / 2
    return float(np.max(np.abs(got - want) / np.where(scale, scale, 1.0)))
