# C types for step.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape.operators cimport Runs
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.tensor cimport Form, Tensor, form_of, make

@cython.trashcan(True)  # a chain of 100,000 steps is freed without recursion
@cython.freelist(64)
cdef class Step:
    cdef public Py_ssize_t number
    cdef public object op, attrs, scope, saved_outputs
    cdef public tuple sources, source_index, input_shapes, input_dtypes, saved_inputs, versions
    cdef public bint released, alike
    cdef object __weakref__
    @cython.locals(i=Py_ssize_t)
    cpdef object check(self)
    cpdef object release(self)

cdef class Rule(Runs):
    cdef str name
    cdef object saves_inputs, saves_output, promote
    cdef Py_ssize_t outputs
    cdef bint view, differentiable, elementwise
    cdef public dict recipes
    cdef public object direct
    @cython.locals(now=Now)
    cdef object one(self, object a)
    @cython.locals(now=Now)
    cdef object two(self, object a, object b)

cdef tuple _versions(tuple saved)
cdef object _source(Tensor tensor)
@cython.locals(now=Now)
cpdef object apply(Rule op, tuple inputs, dict attrs)
@cython.locals(a=Tensor, b=Tensor, output=Tensor)
cdef Tensor _at_once(Rule op, object x1, object x2, dict attrs, Now now)
@cython.locals(step=Step, form=Form, other=Form, same=bint, guarded=bint)
cdef Step _short_step(Rule op, Tensor a, Tensor b, object array, dict attrs, object scope)
cpdef Tensor constant(object x, object dtype)
cdef object _prepared(Rule op, tuple inputs, dict attrs, Now now)
