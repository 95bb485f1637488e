"""stepgrad: a deep-learning engine that shows its work."""

from stepgrad._pure import use_pure_python_if_asked

use_pure_python_if_asked()

from stepgrad import config, kernels, ops
from stepgrad.errors import StepgradError
from stepgrad.ops.op import Op
from stepgrad.tape import (
    GradientTape,
    Hook,
    KerasTensor,
    Tensor,
    Variable,
    hooks,
    no_grad,
    scope,
    steps_of,
)

__version__ = "0.1.0"
