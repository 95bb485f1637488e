# C types for step.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.state cimport Now
from stepgrad.tape.tensor cimport Tensor, make

@cython.trashcan(True)  # a chain of 100,000 steps is freed without recursion
cdef class Step:
    cdef public object number, op, attrs, scope, saved_outputs
    cdef public tuple sources, source_index, input_shapes, input_dtypes, saved_inputs, versions
    cdef public bint released, alike
    cdef object __weakref__

cdef class Rule:
    cdef str name
    cdef object saves_inputs, promote
    cdef Py_ssize_t outputs
    cdef bint saves_output, view, differentiable
    cdef public dict recipes

cdef tuple _versions(tuple saved)
cdef object _source(Tensor tensor)
cpdef object apply(Rule op, tuple inputs, dict attrs)
@cython.locals(a=Tensor, b=Tensor)
cdef Tensor _at_once(Rule op, tuple inputs, Now now)
@cython.locals(step=Step)
cdef Step _short_step(Rule op, Tensor a, Tensor b, object array, object scope)
cpdef Tensor constant(object x, object dtype)
cdef object _prepared(Rule op, tuple inputs, dict attrs, Now now)
