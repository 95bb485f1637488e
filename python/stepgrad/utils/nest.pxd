# C types for nest.py, used when Cython compiles it; the plain Python run never sees this file.
cimport cython

@cython.locals(leaves=list)
cpdef list flatten(object structure)
