"""Cases of stepgrad.ops.elementwise."""

import numpy as np
from ops.harness import Case, Input
from stepgrad import ops


def _unary(name, call, expected, domain=None, **more):
    inputs = [Input((3, 5), domain)] if domain else [Input((3, 5))]
    return Case(name, call, inputs, expected=expected, generic=True, **more)


def _binary(name, call, expected, first=None, second=None, **more):
    inputs = [Input((3, 5), first) if first else Input((3, 5)), Input((3, 5), second) if second else Input((3, 5))]
    return Case(name, call, inputs, expected=expected, generic=True, **more)


CASES = [
    _binary("add", ops.add, np.add, linear=True),
    _binary("multiply", ops.multiply, np.multiply, linear="each"),
    _unary("exp", ops.exp, np.exp),
]
