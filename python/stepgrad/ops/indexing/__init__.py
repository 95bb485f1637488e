"""Ops that pick entries by number, and put them back."""

from stepgrad.ops.indexing.embedding import embedding, segment_sum, take
from stepgrad.ops.indexing.getitem import getitem, scatter
from stepgrad.ops.indexing.one_hot import one_hot
from stepgrad.ops.indexing.search import bincount, nonzero, searchsorted
from stepgrad.ops.indexing.setitem import scatter_update, slice, slice_update
from stepgrad.ops.indexing.take_along_axis import take_along_axis

__all__ = [
    "bincount", "embedding", "getitem", "nonzero", "one_hot", "scatter", "scatter_update", "searchsorted",
    "segment_sum", "slice", "slice_update", "take", "take_along_axis",
]  # fmt: skip
