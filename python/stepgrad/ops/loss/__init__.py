"""Softmax and the cross-entropies."""

from stepgrad.ops.loss.binary_crossentropy import binary_crossentropy
from stepgrad.ops.loss.categorical_crossentropy import (
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from stepgrad.ops.loss.log_softmax import log_softmax
from stepgrad.ops.loss.softmax import softmax

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "log_softmax",
    "softmax",
    "sparse_categorical_crossentropy",
]
