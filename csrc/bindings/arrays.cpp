#include "bindings/arrays.h"
#include "common/block_cache.h"

namespace stepgrad {

// NumPy keeps freed arrays of up to 1 KiB itself, and malloc does well below the size of some pages.
static constexpr size_t BIG = 32 * 1024;

// The owner of a block: the array's base. Its context is the size.
static void give_back(PyObject* owner) {
  void* block = PyCapsule_GetPointer(owner, nullptr);
  give_block(block, reinterpret_cast<size_t>(PyCapsule_GetContext(owner)));
}

static PyObject* own(void* block, size_t bytes) {
  PyObject* owner = PyCapsule_New(block, nullptr, nullptr);
  if (!owner || PyCapsule_SetContext(owner, reinterpret_cast<void*>(bytes)) ||
      PyCapsule_SetDestructor(owner, give_back)) {
    Py_XDECREF(owner);
    give_block(block, bytes);
    return nullptr;
  }
  return owner;
}

PyObject* new_array(PyObject* dtype, int rank, const py::ssize_t* shape, size_t itemsize) {
  static const auto& api = py::detail::npy_api::get();
  size_t bytes = itemsize;
  for (int i = 0; i < rank; i++) bytes *= size_t(shape[i]);
  void* block = nullptr;
  PyObject* owner = nullptr;
  if (bytes >= BIG) {
    block = take_block(bytes);
    if (!block) return PyErr_NoMemory();
    owner = own(block, bytes);
    if (!owner) return nullptr;
  }
  PyObject* array =
      api.PyArray_NewFromDescr_(api.PyArray_Type_, Py_NewRef(dtype), rank, shape, nullptr, block,
                                block ? py::detail::npy_api::NPY_ARRAY_WRITEABLE_ : 0, nullptr);
  if (owner && (!array || api.PyArray_SetBaseObject_(array, owner))) { // steals the owner, also when it fails
    if (!array) Py_DECREF(owner);
    Py_XDECREF(array);
    return nullptr;
  }
  return array;
}

static py::object empty(const py::tuple& shape, const py::object& kind_of) {
  const py::dtype type = py::dtype::from_args(kind_of);
  py::ssize_t sizes[64];
  const int rank = int(shape.size());
  const char kind = type.kind();
  size_t bytes = size_t(type.itemsize());
  bool fits =
      rank <= 64 && (kind == 'f' || kind == 'i' || kind == 'u' || kind == 'b') && type.byteorder() != '>';
  for (int i = 0; fits && i < rank; i++) {
    sizes[i] = PyLong_AsSsize_t(py::object(shape[size_t(i)]).ptr());
    if (sizes[i] == -1 && PyErr_Occurred()) throw py::error_already_set();
    if (sizes[i] < 0 || (sizes[i] && bytes > size_t(PY_SSIZE_T_MAX) / size_t(sizes[i]))) fits = false;
    bytes *= size_t(sizes[i]);
  }
  if (!fits) return py::module_::import("numpy").attr("empty")(shape, type); // NumPy has the errors for it
  PyObject* array = new_array(type.ptr(), rank, sizes, size_t(type.itemsize()));
  if (!array) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(array);
}

static py::dict memory() {
  const BlockCacheStats s = block_cache_stats();
  py::dict d;
  d["in_use"] = s.in_use, d["kept"] = s.kept, d["limit"] = s.limit, d["allocated"] = s.allocated,
  d["reused"] = s.reused;
  return d;
}

void add_arrays(py::module_& m) {
  m.def("empty", &empty, py::arg("shape"), py::arg("dtype"),
        "numpy.empty, with the memory of big arrays from the block cache.");
  m.def("memory", &memory, "The block cache: bytes in use and kept, the limit, blocks allocated and reused.");
  m.def("empty_memory", &empty_block_cache,
        "Gives what the block cache keeps back to the system; returns how many bytes.");
}

} // namespace stepgrad
