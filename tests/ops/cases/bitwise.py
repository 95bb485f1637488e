"""Cases of stepgrad.ops.bitwise: integers in, integers out, expected by Python's own arithmetic."""

import math

import numpy as np

from ops.harness import Case, Input, integers, normal, x32
from stepgrad import ops


def _whole(name, call, function, second=(0, 9)):
    """Check an op of two integers against Python's, entry by entry."""

    def expected(a, b):
        return np.vectorize(function, otypes=["int64"])(a, b) if np.broadcast(a, b).size else np.add(a, b)

    inputs = [Input((3, 5), integers(0, 50), "int32"), Input((3, 5), integers(*second), "int32")]
    errors = [(lambda: call(x32(2), x32(2)), "integers")]
    return Case(name, call, inputs, expected=expected, generic=True, special=False, errors=errors)


CASES = [
    _whole("bitwise_and", ops.bitwise_and, lambda a, b: int(a) & int(b)),
    _whole("bitwise_or", ops.bitwise_or, lambda a, b: int(a) | int(b)),
    _whole("bitwise_xor", ops.bitwise_xor, lambda a, b: int(a) ^ int(b)),
    _whole("left_shift", ops.left_shift, lambda a, b: int(a) * 2 ** int(b)),
    _whole("right_shift", ops.right_shift, lambda a, b: int(a) // 2 ** int(b)),
    _whole("gcd", ops.gcd, lambda a, b: math.gcd(int(a), int(b))),
    _whole("lcm", ops.lcm, lambda a, b: math.lcm(int(a), int(b)), (1, 9)),
    Case(
        "invert", ops.bitwise_invert, [Input((3, 5), integers(-9, 9), "int32")], expected=lambda x: -x - 1,
        shapes=[((0,),), ((7,),)], errors=[(lambda: ops.bitwise_invert(x32(2)), "integers")],
    ),
    Case(
        "view", ops.view, [Input((3, 5), normal, "float32")], {"dtype": "int32"},
        expected=lambda x, dtype: np.frombuffer(np.asarray(x, "<f4").tobytes(), "<i4").reshape(x.shape),
        shapes=[((1,),), ((7,),)], errors=[(lambda: ops.view(x32(2), "int64"), "as many bits")],
    ),
]  # fmt: skip
