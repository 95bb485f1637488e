"""Conditions and loops over functions of tensors, in plain Python: the tape sees every step of them."""

from stepgrad.ops.control.branches import cond, dtype, is_tensor, switch
from stepgrad.ops.control.gradients import custom_gradient, jvp
from stepgrad.ops.control.loops import (
    associative_scan,
    fori_loop,
    map,
    scan,
    vectorize,
    vectorized_map,
    while_loop,
)

__all__ = [
    "associative_scan", "cond", "custom_gradient", "dtype", "fori_loop", "is_tensor", "jvp", "map", "scan", "switch",
    "vectorize", "vectorized_map", "while_loop",
]  # fmt: skip
