"""Ops that pick entries by number, and put them back."""

from stepgrad.ops.indexing.embedding import embedding, segment_sum, take
from stepgrad.ops.indexing.getitem import getitem, scatter
from stepgrad.ops.indexing.one_hot import one_hot
from stepgrad.ops.indexing.setitem import scatter_update, slice, slice_update

__all__ = [
    "embedding", "getitem", "one_hot", "scatter", "scatter_update", "segment_sum", "slice", "slice_update", "take",
]  # fmt: skip
