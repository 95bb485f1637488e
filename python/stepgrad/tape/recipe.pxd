# C types for recipe.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.arrivals cimport Arrivals
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.step cimport Rule, Step, constant
from stepgrad.tape.tensor cimport Form, Tensor, form_of, make

cdef Py_ssize_t A, B, OUTPUT, G, NOTHING, FIRST

cdef class Line:
    cdef Rule op
    cdef Py_ssize_t i, j
    cdef dict attrs

cdef class Recipe:
    cdef list numbers, lines
    cdef Line line_a, line_b
    cdef tuple arrays
    cdef Py_ssize_t to_a, to_b
    cdef bint flat, own, keeps

@cython.locals(op=Rule, bare=bint, wanted=Py_ssize_t)
cpdef bint gradients_at_once(Step step, object g, Arrivals arrivals) except -1
@cython.locals(line=Line, form=Form, known=list)
cdef bint _follow(Recipe recipe, Step step, object g, bint bare, Arrivals arrivals) except -1
@cython.locals(tensor=Tensor)
cdef object _at(Py_ssize_t place, Step step, object array, list known)
cdef object _result(Line line, Py_ssize_t place, Step step, object array)
cdef object _run(Line line, Step step, object array, list known)
cdef object _shared(object array, object g)
cdef list _numbers(Recipe recipe, object dtype)
@cython.locals(now=Now)
cdef Recipe _read(Step step, object g)
