"""Ops on the bits of integers, and on their divisors. They have no gradient."""

from stepgrad.ops.bitwise.bits import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    left_shift,
    right_shift,
    view,
)
from stepgrad.ops.bitwise.divisors import gcd, lcm

__all__ = [
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "gcd", "lcm", "left_shift", "right_shift", "view",
]  # fmt: skip
