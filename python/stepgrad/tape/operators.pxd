# C types for operators.py, used when Cython compiles it; the plain Python run never sees this file.

cdef class Runs:
    cdef object one(self, object a)
    cdef object two(self, object a, object b)

cdef class Common:
    cdef public Runs add, subtract, multiply, divide, negative

cdef Common common

cdef class Operators:
    pass
