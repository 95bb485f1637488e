// The short way into a kernel: for arrays that need no preparation at all.
//
// A call through pybind11 costs more than adding three numbers a hundred times: it looks up overloads, and the caller
// has reshaped views and allocated the result in Python before. Here one plain C function checks, allocates and runs. It
// takes what the long way would take without a copy, and answers NotImplemented to everything else.
//
// One argument more than the op has inputs is an array whose contents nobody needs, or None: where it has the result's
// form it becomes the result, which saves half the time of three numbers. Of elementwise ops it may be the first input;
// any other has to own its memory, because of a view the owner may be somebody's.
#include "bindings/arrays.h"
#include "common/cpu_features.h"
#include "elementwise/elementwise.h"
#include "matmul/matmul.h"
#include <cstring>

namespace stepgrad {

using py::detail::npy_api;
using Proxy = py::detail::PyArray_Proxy;

static constexpr long RELEASE =
    16 * 1024;                       // elements (or multiply-adds) from which other threads may run meanwhile
static constexpr int MOST_AXES = 64; // NumPy's own limit

namespace {
struct Direct {
  Rung rung;
  enum Kind { UNARY, UNARY_GRADIENT, BINARY, MATMUL } kind;
  Py_ssize_t inputs() const { return kind == UNARY ? 1 : 2; }
};

// What NumPy is asked for once.
struct NumPy {
  PyTypeObject* array;
  const PyObject *float32, *float64;
};
NumPy numpy;

// What a direct call needs to know of both its arrays. `b` is a for the unary ops.
struct Operands {
  const Proxy *a, *b;
  PyObject* spare;                            // may become the result; nullptr, or anything
  long rows = 1, n = 1, b_row = 0, b_col = 1; // as in BinaryArgs
  bool transpose_a = false, transpose_b = false;
};
} // namespace

static const Proxy* plain(PyObject* o) {
  if (!Py_IS_TYPE(o, numpy.array)) return nullptr;
  const auto* array = py::detail::array_proxy(o);
  const int flags = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_;
  return (array->flags & flags) == flags ? array : nullptr;
}

static bool same_axes(const py::ssize_t* a, const py::ssize_t* b, int rank) {
  for (int i = 0; i < rank; i++)
    if (a[i] != b[i]) return false;
  return true;
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
  const bool alike = same_axes(o.a->dimensions + extra, o.b->dimensions, o.b->nd);
  if (alike && extra == 0) return o.b_row = size, true;
  const long b_size = entries(o.b->dimensions, o.b->nd);
  if (alike)
    o.n = b_size, o.rows = size / b_size;
  else if (b_size != 1)
    return false;
  if (b_size == 1) o.n = size, o.rows = 1, o.b_col = 0;
  return broadcast;
}

// An array of a's dtype for the result.
static PyObject* result(const Operands& o, int rank, const py::ssize_t* shape, size_t itemsize) {
  const Proxy* spare = o.spare && o.spare != Py_None ? plain(o.spare) : nullptr;
  if (spare && spare->descr == o.a->descr && spare->nd == rank && same_axes(spare->dimensions, shape, rank) &&
      (spare->flags & npy_api::NPY_ARRAY_WRITEABLE_) &&
      (spare == o.a || (spare->flags & npy_api::NPY_ARRAY_OWNDATA_)))
    return Py_NewRef(o.spare);
  return new_array(o.a->descr, rank, shape, itemsize);
}

template <template <class> class Args, class T>
static void launch(const Rung& rung, const Args<T>& args, long work) {
  const auto kernel = reinterpret_cast<Kernel<Args, T>>(sizeof(T) == sizeof(float) ? rung.f32 : rung.f64);
  if (work < RELEASE) return kernel(args);
  py::gil_scoped_release release;
  kernel(args);
}

template <class T> static PyObject* elementwise(const Direct& d, Operands& o) {
  if (!fit(o, d.kind == Direct::BINARY)) Py_RETURN_NOTIMPLEMENTED;
  PyObject* array = result(o, o.a->nd, o.a->dimensions, sizeof(T));
  if (!array) return nullptr;
  const T *a = reinterpret_cast<const T*>(o.a->data), *b = reinterpret_cast<const T*>(o.b->data);
  T* out = reinterpret_cast<T*>(py::detail::array_proxy(array)->data);
  const long size = o.rows * o.n;
  if (d.kind == Direct::UNARY)
    launch<UnaryArgs, T>(d.rung, {a, out, size}, size);
  else if (d.kind == Direct::UNARY_GRADIENT)
    launch<UnaryGradientArgs, T>(d.rung, {a, b, out, size}, size);
  else
    launch<BinaryArgs, T>(d.rung, {a, b, out, o.rows, o.n, o.b_row, o.b_col}, size);
  return array;
}

// a [..., M, K] times a matrix b [K, N]; a transposed a is a matrix, too.
template <class T> static PyObject* product(const Direct& d, const Operands& o) {
  const int rank = o.a->nd;
  if (rank < 2 || o.b->nd != 2 || (o.transpose_a && rank > 2)) Py_RETURN_NOTIMPLEMENTED;
  const py::ssize_t *a = o.a->dimensions, *b = o.b->dimensions;
  const long M = o.transpose_a ? a[1] : entries(a, rank - 1), K = a[o.transpose_a ? 0 : rank - 1];
  const long N = b[o.transpose_b ? 0 : 1];
  if (b[o.transpose_b ? 1 : 0] != K || M * N * K == 0) Py_RETURN_NOTIMPLEMENTED;
  py::ssize_t shape[MOST_AXES];
  std::copy(a, a + rank - 1, shape);
  if (o.transpose_a) shape[0] = M;
  shape[rank - 1] = N;
  PyObject* array = result(o, rank, shape, sizeof(T));
  if (!array) return nullptr;
  MatmulArgs<T> g{};
  g.batch = 1, g.M = M, g.N = N, g.K = K;
  g.A = reinterpret_cast<const T*>(o.a->data), g.a_batch = M * K;
  g.a_row = o.transpose_a ? 1 : K, g.a_col = o.transpose_a ? M : 1;
  g.B = reinterpret_cast<const T*>(o.b->data), g.b_batch = K * N;
  g.b_row = o.transpose_b ? 1 : N, g.b_col = o.transpose_b ? K : 1;
  g.C = reinterpret_cast<T*>(py::detail::array_proxy(array)->data), g.c_batch = M * N, g.ldc = N;
  launch<MatmulArgs, T>(d.rung, g, M * N * K);
  return array;
}

template <class T> static PyObject* run(const Direct& d, Operands& o) {
  return d.kind == Direct::MATMUL ? product<T>(d, o) : elementwise<T>(d, o);
}

// transpose_a=..., transpose_b=... of a matrix product; no other op has attributes on the short way.
static bool read_attributes(const Direct& d, PyObject* names, PyObject* const* values, Operands& o) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
    if (d.kind != Direct::MATMUL || !PyBool_Check(values[i])) return false;
    PyObject* name = PyTuple_GET_ITEM(names, i);
    if (PyUnicode_CompareWithASCIIString(name, "transpose_a") == 0)
      o.transpose_a = values[i] == Py_True;
    else if (PyUnicode_CompareWithASCIIString(name, "transpose_b") == 0)
      o.transpose_b = values[i] == Py_True;
    else
      return false;
  }
  return true;
}

static PyObject* call_direct(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  const Direct& d = *static_cast<const Direct*>(PyCapsule_GetPointer(self, nullptr));
  const Py_ssize_t inputs = d.inputs();
  if (count < inputs || count > inputs + 1) Py_RETURN_NOTIMPLEMENTED;
  Operands o{plain(args[0]), plain(args[inputs - 1]), count > inputs ? args[inputs] : nullptr};
  if (!o.a || !o.b || o.a->descr != o.b->descr) Py_RETURN_NOTIMPLEMENTED;
  if (names && !read_attributes(d, names, args + count, o)) Py_RETURN_NOTIMPLEMENTED;
  if (o.a->descr == numpy.float32) return run<float>(d, o);
  if (o.a->descr == numpy.float64 && d.rung.f64) return run<double>(d, o);
  Py_RETURN_NOTIMPLEMENTED;
}

static py::object direct(const std::string& op, const std::string& name) {
  static PyMethodDef method = {
      "direct", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call_direct)),
      METH_FASTCALL | METH_KEYWORDS, "A kernel for arrays that need no preparation, else NotImplemented."};
  static const std::map<std::string, Direct::Kind> kinds = {{"UnaryArgs", Direct::UNARY},
                                                            {"UnaryGradientArgs", Direct::UNARY_GRADIENT},
                                                            {"BinaryArgs", Direct::BINARY},
                                                            {"MatmulArgs", Direct::MATMUL}};
  for (const Rung& rung : rungs_for(isa_in_use(), slow_isa())) {
    if (op != rung.op || name != rung.name) continue;
    const auto kind = kinds.find(rung.args);
    if (kind == kinds.end()) break;
    py::capsule self(new Direct{rung, kind->second}, [](void* d) { delete static_cast<Direct*>(d); });
    return py::reinterpret_steal<py::object>(PyCFunction_New(&method, self.ptr()));
  }
  return py::none();
}

void add_direct(py::module_& m) {
  const auto& api = npy_api::get();
  numpy = {api.PyArray_Type_, api.PyArray_DescrFromType_(npy_api::NPY_FLOAT_),
           api.PyArray_DescrFromType_(npy_api::NPY_DOUBLE_)};
  m.def("direct", &direct, py::arg("op"), py::arg("rung"),
        "The short way into a rung: f(*arrays, spare=None, **attrs) -> an array, or NotImplemented. None for "
        "other ops.");
}

} // namespace stepgrad
