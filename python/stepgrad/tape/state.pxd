# C types for state.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape cimport threads

cdef class Now:
    cdef unsigned long long thread
    cdef public bint recording, frozen, bfloat16
    cdef public tuple hooks, tapes
    cdef public object scope, recorder, listing

cdef Now _last
@cython.locals(now=Now)
cpdef Now current()
