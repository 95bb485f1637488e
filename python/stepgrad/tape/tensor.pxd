# C types for tensor.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.operators cimport Operators

@cython.trashcan(True)  # a chain of 100,000 tensors is freed without recursion
cdef class Tensor(Operators):
    cdef public object array, grad, name, guard, step, _keras_mask
    cdef public Py_ssize_t index
    cdef public bint requires_grad
    cdef public Form form
    cdef object __weakref__

cdef class Form:
    cdef readonly tuple shape, shapes, dtypes
    cdef readonly object dtype

@cython.locals(tensor=Tensor)
cpdef Tensor make(object array, object step, Py_ssize_t index, object guard)
@cython.locals(form=Form)
cpdef Form form_of(Tensor tensor)
