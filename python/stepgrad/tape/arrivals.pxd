# C types for arrivals.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.step cimport Rule, Step
from stepgrad.tape.tensor cimport Form, Tensor, make

cdef class Arrivals:
    cdef Step newest
    cdef list heap
    cdef dict pending, leaves
    cdef object arrived
    cdef Rule rule
    @cython.locals(entry=list, step=Step, outputs=Py_ssize_t)
    cdef object deliver(self, object source, Py_ssize_t index, object g, Form form)
    @cython.locals(newest=Step)
    cdef object begin(self, Step step, object arrived)
    cdef object put_off(self, Step step, object arrived)
    cdef Step next(self)
    cdef object add(self, object known, object g, Form form)

cpdef Tensor as_gradient(object g)
