# C types for program.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.tensor cimport Tensor, make

cdef class Program:
    cdef readonly list inputs, guards, numbers, calls
    cdef readonly Py_ssize_t answer
    cdef readonly object result
    @cython.locals(i=Py_ssize_t, guard=list)
    cpdef object run(self, list arrays)

cdef object _note_changes(list guards)
cpdef object copied(object result)
@cython.locals(tensor=Tensor)
cdef object _copy(object leaf)
