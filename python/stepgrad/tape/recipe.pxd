# C types for recipe.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Rule, Step, constant
from stepgrad.tape.tensor cimport Tensor, form_of, make

cdef Py_ssize_t A, B, OUTPUT, G, NOTHING, FIRST

cdef class Line:
    cdef Rule op
    cdef Py_ssize_t i, j
    cdef dict attrs

cdef class Recipe:
    cdef list numbers, lines
    cdef tuple places
    cdef Py_ssize_t to_a, to_b
    cdef bint own, keeps

@cython.locals(op=Rule, bare=bint, wanted=Py_ssize_t, i=Py_ssize_t)
cpdef tuple gradients_at_once(Step step, object g, list spare)
@cython.locals(a=Tensor, b=Tensor, line=Line, op=Rule, place=Py_ssize_t, known=tuple, arrays=list)
cdef tuple _follow(Recipe recipe, Step step, object g, bint bare, list spare)
cdef object _shared(object array, object g)
cdef tuple _fill(Recipe recipe, object dtype)
@cython.locals(now=Now)
cdef Recipe _read(Step step, object g)
