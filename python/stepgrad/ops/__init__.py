"""Every op, with NumPy's and Keras's names. One op, one file; one family, one folder."""

from typing import TYPE_CHECKING, Any

from stepgrad import kernels
from stepgrad.ops import (
    activation,
    attention,
    bitwise,
    composed,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    loss,
    manipulation,
    normalization,
    pooling,
    recurrent,
    reduction,
)
from stepgrad.ops.op import Op, registry
from stepgrad.tape import operators
from stepgrad.tape.state import public, rules

_families = (
    elementwise, reduction, manipulation, indexing, linalg, convolution, pooling, normalization, activation,
    attention, loss, bitwise, composed, control, recurrent,
)  # fmt: skip
for _family in _families:
    for _name in _family.__all__:
        public[_name] = globals()[_name] = getattr(_family, _name)
rules.update(registry)
operators.bind()
for _op in registry.values():
    if _op.ufunc is not None:  # so that numpy.exp(tensor) is stepgrad.ops.exp(tensor)
        public[_op.ufunc] = public.get(_op.name, _op)
kernels.apply_environment()

if TYPE_CHECKING:  # the loop above is beyond a type checker

    def __getattr__(name: str) -> Any: ...


__all__ = ["Op", "registry", *(name for family in _families for name in family.__all__)]
