// New arrays for results: small ones from NumPy, big ones from the block cache.
#pragma once
#include "bindings/bind.h"

namespace stepgrad {

// A new C-contiguous array of a NumPy dtype; contents are undefined. nullptr with a Python error set.
PyObject* new_array(PyObject* dtype, int rank, const py::ssize_t* shape, size_t itemsize);

void add_arrays(py::module_& m);
void add_direct(py::module_& m);

} // namespace stepgrad
