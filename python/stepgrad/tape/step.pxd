# C types for step.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython
from stepgrad.tape cimport natives
from stepgrad.tape.operators cimport Runs
from stepgrad.tape.state cimport Now, current
from stepgrad.tape.tensor cimport Form, Tensor, form_of, make

cdef class Rule(Runs):
    cdef str name
    cdef object saves_inputs, saves_output, promote
    cdef Py_ssize_t outputs
    cdef bint view, differentiable, elementwise, commutes
    cdef public list recipes
    cdef public object direct
    @cython.locals(now=Now)
    cdef object one(self, object a)
    @cython.locals(now=Now)
    cdef object two(self, object a, object b)

cdef class Step:
    cdef public Py_ssize_t number
    cdef public Rule op
    cdef public object attrs, scope, saved_outputs
    cdef public tuple input_shapes, input_dtypes, versions
    cdef object source_a, source_b
    cdef Py_ssize_t index_a, index_b
    cdef Tensor saved_a, saved_b
    cdef tuple more
    cdef Form form
    cdef public bint released, alike
    cdef object __weakref__
    @cython.locals(i=Py_ssize_t)
    cpdef object check(self)
    cpdef object release(self)
    cdef object note(self, Py_ssize_t i, Tensor tensor)
    cdef tuple of_inputs(self, object a, object b, Py_ssize_t part)

cdef tuple _versions(tuple saved)
cdef object _source(Tensor tensor)
@cython.locals(now=Now)
cpdef object apply(Rule op, tuple inputs, dict attrs)
@cython.locals(a=Tensor, b=Tensor, output=Tensor, form=Form)
cdef Tensor _at_once(Rule op, object x1, object x2, dict attrs, Now now)
@cython.locals(step=Step, form=Form, other=Form, same=bint, guarded=bint)
cdef Step _short_step(Rule op, Tensor a, Tensor b, object array, dict attrs, object scope)
cpdef Tensor constant(object x, object dtype)
cdef object _prepared(Rule op, tuple inputs, dict attrs, Now now)
