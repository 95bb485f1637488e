# C types for backward.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.recipe cimport gradients_at_once
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Rule, Step
from stepgrad.tape.tensor cimport Tensor, make

cdef class Walk:
    cdef Step newest
    cdef list arrived, heap, spare
    cdef dict pending, leaves
    @cython.locals(entry=list, slots=list)
    cdef object deliver(self, object source, Py_ssize_t index, object g)
    @cython.locals(op=Rule, slots=list, newest=Step)
    cdef list begin(self, Step step)
    cdef object put_off(self, Step step, list slots)
    cdef Step next(self)
    @cython.locals(rule=Rule)
    cdef object add(self, object known, object g)

cdef Tensor _tensor(object g)
@cython.locals(now=Now, walk=Walk, step=Step, t=Tensor, root=Tensor, seed=Tensor, short=bint, gradients=list, entry=list)
cpdef object run_backward(object roots, object seeds, object wanted, bint retain, bint create)
cdef object _as_written(Step step, list gradients, object hooks, Walk walk)
@cython.locals(sources=tuple, i=Py_ssize_t)
cdef object _pass_on(Step step, list results, Walk walk)
