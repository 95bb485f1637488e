# C types for backward.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.arrivals cimport Arrivals, as_gradient
from stepgrad.tape.recipe cimport gradients_at_once
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Step
from stepgrad.tape.tensor cimport Tensor

cdef list _tensors(object arrived)
@cython.locals(now=Now, arrivals=Arrivals, step=Step, t=Tensor, root=Tensor, seed=Tensor, leaf=Tensor, g=Tensor, short=bint, entry=list)
cpdef object run_backward(object roots, object seeds, object wanted, bint retain, bint create)
cdef object _as_written(Step step, list gradients, object hooks, Arrivals arrivals)
