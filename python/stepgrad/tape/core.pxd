# C types for core.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython

@cython.trashcan(True)
cdef class Step:
    cdef public object number, op, attrs, scope, saved_outputs
    cdef public tuple sources, source_index, input_shapes, input_dtypes, saved_inputs, versions
    cdef public bint released
    cdef object __weakref__

@cython.trashcan(True)
cdef class Tensor:
    cdef public object array, grad, name, guard, step
    cdef public Py_ssize_t index
    cdef public bint requires_grad
    cdef object __weakref__

cdef Tensor _output(object array, object step, Py_ssize_t index, object guard)
