# C types for recipe.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Rule, Step, constant
from stepgrad.tape.tensor cimport Tensor, form_of, make

cdef class Line:
    cdef Rule op
    cdef Py_ssize_t i, j
    cdef dict attrs

cdef class Recipe:
    cdef tuple numbers, constants
    cdef list lines, results
    cdef bint own, keeps

@cython.locals(op=Rule, bare=bint, wanted=Py_ssize_t, i=Py_ssize_t)
cpdef list gradients_at_once(Step step, object g, list spare)
@cython.locals(line=Line, op=Rule, t=Tensor, place=Py_ssize_t, arrays=list, results=list)
cdef list _follow(Recipe recipe, Step step, object g, bint bare, list spare)
cdef list _constants(Recipe recipe, object dtype)
@cython.locals(now=Now)
cdef Recipe _read(Step step, object g)
