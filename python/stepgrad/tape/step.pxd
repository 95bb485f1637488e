# C types for step.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.tensor cimport Tensor, make

@cython.trashcan(True)  # a chain of 100,000 steps is freed without recursion
cdef class Step:
    cdef public object number, op, attrs, scope, saved_outputs
    cdef public tuple sources, source_index, input_shapes, input_dtypes, saved_inputs, versions
    cdef public bint released
    cdef object __weakref__
