# C types for tensor.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape cimport natives
from stepgrad.tape.operators cimport Operators

cdef Py_ssize_t _SMALL, _FEW, _MANY
cdef dict _forms

cdef class Tensor(Operators):
    cdef public object array, grad, name, guard, step, _keras_mask
    cdef public Py_ssize_t index
    cdef public bint requires_grad
    cdef public Form form
    cdef object __weakref__

cdef class Form:
    cdef readonly tuple shape, shapes, dtypes
    cdef readonly object dtype
    cdef bint small
    cdef list spare
    cdef object take(self)
    cdef object give(self, object array)

@cython.locals(tensor=Tensor)
cpdef Tensor make(object array, object step, Py_ssize_t index, object guard)
@cython.locals(form=Form)
cpdef Form the_form(object shape, object dtype)
cpdef Form form_of(Tensor tensor)
