#include "bindings/bind.h"

namespace stepgrad {

static py::array as_array(py::handle h) { return py::reinterpret_borrow<py::array>(h); }

static bool has_dtype(const py::dtype& type, char kind, int itemsize) {
  return type.kind() == kind && type.itemsize() == itemsize && type.byteorder() != '>' &&
         type.byteorder() != '!';
}

static std::string type_text(py::handle h) {
  if (!py::isinstance<py::array>(h)) return py::str(py::type::of(h).attr("__name__"));
  return "an array of " + std::string(py::str(as_array(h).dtype()));
}

std::string shape_text(const py::ssize_t* shape, int rank) {
  std::string text = "(";
  for (int i = 0; i < rank; i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (rank == 1 ? ",)" : ")");
}

static std::string message(const std::string& op, const std::string& name, const std::string& expected,
                           const std::string& got) {
  return op + ": argument '" + name + "': expected " + expected + ", got " + got;
}

void bad_value(const std::string& op, const std::string& name, const std::string& expected,
               const std::string& got) {
  throw py::value_error(message(op, name, expected, got));
}

void bad_float(const char* op, py::handle h) {
  throw py::type_error(std::string(op) + ": expected NumPy arrays of float32 or float64, got " +
                       type_text(h));
}

bool is_float(py::handle h, int itemsize) {
  return py::isinstance<py::array>(h) && has_dtype(as_array(h).dtype(), 'f', itemsize);
}

ArrayInfo check_array(const char* op, const char* name, py::handle h, char kind, int itemsize, int rank,
                      bool writeable) {
  if (!py::isinstance<py::array>(h) || !has_dtype(as_array(h).dtype(), kind, itemsize))
    throw py::type_error(
        message(op, name,
                std::string("an array of ") + (kind == 'f' ? "float" : "int") + std::to_string(8 * itemsize),
                type_text(h)));
  py::array a = as_array(h);
  using api = py::detail::npy_api;
  if (!(a.flags() & api::NPY_ARRAY_C_CONTIGUOUS_))
    bad_value(op, name, "a C-contiguous array", "a strided one");
  if (!(a.flags() & api::NPY_ARRAY_ALIGNED_)) bad_value(op, name, "an aligned array", "an unaligned one");
  if (writeable && !a.writeable()) bad_value(op, name, "a writeable array", "a read-only one");
  if (rank != ANY_RANK && a.ndim() != rank)
    bad_value(op, name, std::to_string(rank) + " axes", "shape " + shape_text(a.shape(), int(a.ndim())));
  if (Recorder* r = recorder()) r->touch(h, writeable);
  return {const_cast<void*>(a.data()), a.shape(), int(a.ndim()), long(a.size())};
}

} // namespace stepgrad
