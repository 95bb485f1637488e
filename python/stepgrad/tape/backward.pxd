# C types for backward.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.recipe cimport gradients_at_once
from stepgrad.tape.state cimport Now
from stepgrad.tape.step cimport Rule, Step
from stepgrad.tape.tensor cimport Tensor

@cython.locals(now=Now, step=Step, t=Tensor, root=Tensor, seed=Tensor, short=bint, gradients=list, leaves=dict, pending=dict, heap=list)
cpdef object run_backward(object roots, object seeds, object wanted, bint retain, bint create)
@cython.locals(i=Py_ssize_t)
cdef object _pass_on(Step step, list results, dict leaves, dict pending, list heap)
@cython.locals(slots=list, entry=list, step=Step, op=Rule)
cdef object _deliver(object source, Py_ssize_t index, Tensor g, dict leaves, dict pending, list heap)
