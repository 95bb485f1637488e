# C types for operators.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython

cdef class Runs:
    cdef object one(self, object a)
    cdef object two(self, object a, object b)

@cython.locals(table=dict, rule=Runs)
cdef object one(str name, object a)
@cython.locals(table=dict, rule=Runs)
cdef object two(str name, object a, object b)

cdef class Operators:
    pass
