# C types for operators.py.
cdef class Operators:
    pass
