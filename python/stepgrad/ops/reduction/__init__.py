"""Sums, means, extremes, orders: ops that look along axes."""

from stepgrad.ops.reduction.any import all, any, count_nonzero
from stepgrad.ops.reduction.argmax import argmax, argmin
from stepgrad.ops.reduction.cumsum import cumprod, cumsum
from stepgrad.ops.reduction.linear_scan import linear_scan
from stepgrad.ops.reduction.logsumexp import logsumexp
from stepgrad.ops.reduction.max import amax, amin, max, min
from stepgrad.ops.reduction.mean import average, mean
from stepgrad.ops.reduction.norm import norm
from stepgrad.ops.reduction.prod import prod
from stepgrad.ops.reduction.sort import argsort, median, quantile, sort, top_k
from stepgrad.ops.reduction.sum import sum
from stepgrad.ops.reduction.var import std, var

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "average", "count_nonzero", "cumprod", "cumsum",
    "linear_scan", "logsumexp", "max", "mean", "median", "min", "norm", "prod", "quantile", "sort", "std",
    "sum", "top_k", "var",
]  # fmt: skip
