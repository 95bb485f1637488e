# C types for state.py, used when Cython compiles it; the plain Python run never sees this file.
cdef class Now:
    cdef public bint recording, frozen, bfloat16
    cdef public tuple hooks, tapes
    cdef public object scope, recorder, listing

cpdef Now current()
