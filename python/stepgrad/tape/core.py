from stepgrad.tape.backward import run_backward  # noqa
from stepgrad.tape.state import public, scope, state, symbolic_apply  # noqa
from stepgrad.tape.step import Step, apply, steps_of  # noqa
from stepgrad.tape.tensor import Tensor, as_tensor, to_array, wrap, from_number, make  # noqa
from stepgrad.errors import StepgradError  # noqa
