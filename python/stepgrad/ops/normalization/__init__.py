"""Normalizations."""

from stepgrad.ops.normalization.batch_normalization import batch_normalization
from stepgrad.ops.normalization.layer_normalization import (
    layer_normalization,
    normalize,
    rms_normalization,
)
from stepgrad.ops.normalization.moments import moments

__all__ = ["batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization"]
