# C types for recipe.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.state cimport Now
from stepgrad.tape.step cimport Rule, Step, constant
from stepgrad.tape.tensor cimport Tensor, form_of, make

cdef class Recipe:
    cdef tuple numbers, lines, results

@cython.locals(op=Rule, wanted=Py_ssize_t)
cpdef list gradients_at_once(Step step, Tensor g)
@cython.locals(op=Rule, t=Tensor, i=Py_ssize_t, j=Py_ssize_t, of_g=Py_ssize_t, place=Py_ssize_t)
cdef list _follow(Recipe recipe, Step step, Tensor g)
@cython.locals(now=Now)
cdef Recipe _read(Step step, Tensor g)
