"""Cases of stepgrad.ops.activation."""

import numpy as np
from ops.harness import Case, Input, nonzero
from stepgrad import ops

CASES = [
    Case(("relu", "relu_gradient"), ops.relu, [Input((3, 5), nonzero)], expected=lambda x: np.where(x < 0, 0.0, x), generic=True),
]
