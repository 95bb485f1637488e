# C types for backward.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.recipe cimport gradients_at_once
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Rule, Step
from stepgrad.tape.tensor cimport Tensor, make

cdef class Walk:
    cdef Step newest
    cdef list heap, spare
    cdef dict pending, leaves
    cdef object arrived
    cdef Rule rule
    @cython.locals(entry=list, step=Step, op=Rule)
    cdef object deliver(self, object source, Py_ssize_t index, object g)
    @cython.locals(newest=Step)
    cdef object begin(self, Step step, object arrived)
    cdef object put_off(self, Step step, object arrived)
    cdef Step next(self)
    cdef object add(self, object known, object g)

cdef Tensor _tensor(object g)
cdef list _tensors(object arrived)
@cython.locals(now=Now, walk=Walk, step=Step, t=Tensor, root=Tensor, seed=Tensor, short=bint, entry=list)
cpdef object run_backward(object roots, object seeds, object wanted, bint retain, bint create)
cdef object _as_written(Step step, list gradients, object hooks, Walk walk)
@cython.locals(sources=tuple, i=Py_ssize_t)
cdef object _pass_on(Step step, object results, Walk walk)
