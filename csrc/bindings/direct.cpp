// The short way into an elementwise kernel: for arrays that need no preparation at all.
//
// A call through pybind11 costs more than adding three numbers a hundred times: it looks up overloads, and the caller
// has reshaped views and allocated the result in Python before. Here one plain C function checks, allocates and runs. It
// takes what the long way would take without a copy, and answers NotImplemented to everything else.
#include "bindings/arrays.h"
#include "common/cpu_features.h"
#include "elementwise/elementwise.h"
#include <cstring>

namespace stepgrad {

using py::detail::npy_api;

static constexpr size_t RELEASE = 64 * 1024; // bytes of a result from which other threads may run meanwhile

namespace {
struct Direct {
  Rung rung;
  enum Kind { UNARY, UNARY_GRADIENT, BINARY } kind;
};

// What a direct call needs to know of both its arrays. `b` is a for the unary ops.
struct Operands {
  const py::detail::PyArray_Proxy *a, *b;
  bool single;
  long rows = 1, n = 1, b_row = 0, b_col = 1; // as in BinaryArgs
};
} // namespace

static const py::detail::PyArray_Proxy* plain(PyObject* o) {
  if (!Py_IS_TYPE(o, npy_api::get().PyArray_Type_)) return nullptr;
  const auto* array = py::detail::array_proxy(o);
  const int flags = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_;
  return (array->flags & flags) == flags ? array : nullptr;
}

static long entries(const py::ssize_t* shape, int rank) {
  long n = 1;
  for (int i = 0; i < rank; i++) n *= shape[i];
  return n;
}

// Is b as large as a, one number, or a row (or block) that repeats along a's first axes?
static bool fit(Operands& o, bool broadcast) {
  const int extra = o.a->nd - o.b->nd;
  const long size = entries(o.a->dimensions, o.a->nd);
  if (size == 0 || extra < 0) return false;
  o.n = size;
  const long b_size = entries(o.b->dimensions, o.b->nd);
  if (std::memcmp(o.a->dimensions + extra, o.b->dimensions, size_t(o.b->nd) * sizeof(py::ssize_t)) == 0) {
    if (extra == 0) return o.b_row = size, true;
    o.n = b_size, o.rows = size / b_size;
  } else if (b_size != 1) {
    return false;
  }
  if (b_size == 1) o.n = size, o.rows = 1, o.b_col = 0;
  return broadcast;
}

template <template <class> class Args, class T> static void launch(const Rung& rung, const Args<T>& args) {
  const auto kernel = reinterpret_cast<Kernel<Args, T>>(sizeof(T) == sizeof(float) ? rung.f32 : rung.f64);
  if (size_t(args.n) * sizeof(T) < RELEASE) return kernel(args);
  py::gil_scoped_release release;
  kernel(args);
}

template <class T> static void run(const Direct& d, const Operands& o, T* out) {
  const T *a = reinterpret_cast<const T*>(o.a->data), *b = reinterpret_cast<const T*>(o.b->data);
  if (d.kind == Direct::UNARY)
    launch<UnaryArgs, T>(d.rung, {a, out, o.n});
  else if (d.kind == Direct::UNARY_GRADIENT)
    launch<UnaryGradientArgs, T>(d.rung, {a, b, out, o.n});
  else
    launch<BinaryArgs, T>(d.rung, {a, b, out, o.rows, o.n, o.b_row, o.b_col});
}

static PyObject* call_direct(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  static const PyObject* const float32 = npy_api::get().PyArray_DescrFromType_(npy_api::NPY_FLOAT_);
  static const PyObject* const float64 = npy_api::get().PyArray_DescrFromType_(npy_api::NPY_DOUBLE_);
  const Direct& d = *static_cast<const Direct*>(PyCapsule_GetPointer(self, nullptr));
  if (count != (d.kind == Direct::UNARY ? 1 : 2)) Py_RETURN_NOTIMPLEMENTED;
  Operands o{plain(args[0]), plain(args[count - 1]), false};
  if (!o.a || !o.b || o.a->descr != o.b->descr) Py_RETURN_NOTIMPLEMENTED;
  o.single = o.a->descr == float32;
  if (!o.single && o.a->descr != float64) Py_RETURN_NOTIMPLEMENTED;
  if (!fit(o, d.kind == Direct::BINARY)) Py_RETURN_NOTIMPLEMENTED;
  PyObject* out = new_array(o.single ? npy_api::NPY_FLOAT_ : npy_api::NPY_DOUBLE_, o.a->nd, o.a->dimensions,
                            o.single ? sizeof(float) : sizeof(double));
  if (!out) return nullptr;
  char* data = py::detail::array_proxy(out)->data;
  if (o.single)
    run(d, o, reinterpret_cast<float*>(data));
  else
    run(d, o, reinterpret_cast<double*>(data));
  return out;
}

static py::object direct(const std::string& op, const std::string& name) {
  static PyMethodDef method = {
      "direct", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call_direct)), METH_FASTCALL,
      "A kernel for arrays that need no preparation, else NotImplemented."};
  for (const Rung& rung : rungs_for(isa_in_use())) {
    if (op != rung.op || name != rung.name) continue;
    const std::string args = rung.args;
    const bool gradient = args == "UnaryGradientArgs", binary = args == "BinaryArgs";
    if (!gradient && !binary && args != "UnaryArgs") break;
    py::capsule self(new Direct{rung, gradient ? Direct::UNARY_GRADIENT
                                      : binary ? Direct::BINARY
                                               : Direct::UNARY},
                     [](void* d) { delete static_cast<Direct*>(d); });
    return py::reinterpret_steal<py::object>(PyCFunction_New(&method, self.ptr()));
  }
  return py::none();
}

void add_direct(py::module_& m) {
  m.def("direct", &direct, py::arg("op"), py::arg("rung"),
        "The short way into an elementwise rung: f(*arrays) -> a new array, or NotImplemented. None for "
        "other ops.");
}

} // namespace stepgrad
