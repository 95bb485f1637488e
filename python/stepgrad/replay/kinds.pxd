# C types for kinds.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.replay.program cimport Program
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.tensor cimport Form, Tensor, the_form
from stepgrad.utils.nest cimport flatten

cdef class Kind:
    cdef readonly object version, structure, words
    cdef readonly bint recording
    cdef readonly list leaves
    cdef public object stage
    cdef public Program program
    @cython.locals(tensor=Tensor, form=Form, arrays=list)
    cpdef list arrays(self, list leaves, object words)

cdef class Calls:
    cdef public object function
    cdef readonly list kinds

cdef object _words(tuple args, dict kwargs)
cdef object _nesting(object structure)
@cython.locals(now=Now, tensor=Tensor)
cdef bint _is_watched(list leaves)
