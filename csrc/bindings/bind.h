// The one place where Python meets the kernels: what every binding file shares.
//
// A binding file says, for each Args struct, how Python's arguments fill it. Everything that could make a kernel read
// or write outside an array is checked here, and only here.
#pragma once
#include "bindings/recorder.h"
#include "common/registry.h"
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <initializer_list>
#include <map>
#include <string>

namespace stepgrad {
namespace py = pybind11;

// Which module this code is linked into. On the GPU arrays have addresses that the host cannot read.
enum class Place { CPU, EMULATOR, GPU };
Place place();

// Args struct name -> makes the Python function of a rung with that struct.
using Binders = std::map<std::string, py::object (*)(const Rung&)>;

void add_attention(Binders&);
void add_conv2d(Binders&);
void add_copy(Binders&);
void add_elementwise(Binders&);
void add_embedding(Binders&);
void add_matmul(Binders&);
void add_norm(Binders&);
void add_optimizer(Binders&);
void add_pool2d(Binders&);
void add_random(Binders&);
void add_recurrent(Binders&);
void add_reduce(Binders&);
void add_softmax(Binders&);
void add_update(py::module_&); // the type of the functions that add_optimizer binds

template <class T> struct Array {
  const char* name;
  T* data;
  const py::ssize_t* shape;
  int rank;
  long size;
  long operator[](int axis) const { return shape[axis]; }
};

// The checks of one call; T is the floating type of its first array. ANY_RANK: the kernel sees a flat array.
constexpr int ANY_RANK = -1;
struct ArrayInfo {
  void* data;
  const py::ssize_t* shape;
  int rank;
  long size;
};
ArrayInfo check_array(const char* op, const char* name, py::handle h, char kind, int itemsize, int rank,
                      bool writeable);
[[noreturn]] void bad_value(const std::string& op, const std::string& name, const std::string& expected,
                            const std::string& got);
[[noreturn]] void bad_float(const char* op, py::handle h);
bool is_float(py::handle h, int itemsize);
std::string shape_text(const py::ssize_t* shape, int rank);

template <class T> class Checks {
public:
  explicit Checks(const char* op) : op_(op) {}
  Array<const T> in(const char* name, py::handle h, int rank = ANY_RANK) const {
    return get<const T>(name, h, 'f', rank, false);
  }
  Array<T> out(const char* name, py::handle h, int rank = ANY_RANK) const {
    return get<T>(name, h, 'f', rank, true);
  }
  Array<const int64_t> ints(const char* name, py::handle h, int rank) const {
    return get<const int64_t>(name, h, 'i', rank, false);
  }
  Array<int64_t> ints_out(const char* name, py::handle h, int rank) const {
    return get<int64_t>(name, h, 'i', rank, true);
  }
  Array<const int32_t> places(const char* name, py::handle h, int rank) const {
    return get<const int32_t>(name, h, 'i', rank, false);
  }
  Array<int32_t> places_out(const char* name, py::handle h, int rank) const {
    return get<int32_t>(name, h, 'i', rank, true);
  }

  template <class U> void shape(const Array<U>& a, std::initializer_list<py::ssize_t> expected) const {
    if (int(expected.size()) == a.rank && std::equal(expected.begin(), expected.end(), a.shape)) return;
    bad_value(op_, a.name, "shape " + shape_text(expected.begin(), int(expected.size())),
              "shape " + shape_text(a.shape, a.rank));
  }
  template <class U, class V> void same_shape(const Array<U>& a, const Array<V>& b) const {
    if (a.rank == b.rank && std::equal(a.shape, a.shape + a.rank, b.shape)) return;
    bad_value(op_, a.name, "the shape of " + std::string(b.name) + ", " + shape_text(b.shape, b.rank),
              "shape " + shape_text(a.shape, a.rank));
  }
  template <class U> void size(const Array<U>& a, long n) const {
    if (a.size == n) return;
    bad_value(op_, a.name, std::to_string(n) + " elements", std::to_string(a.size));
  }
  // A state array that may be left out by passing an empty one.
  T* optional(const char* name, py::handle h, long n) const {
    Array<T> a = out(name, h);
    if (a.size == 0) return nullptr;
    size(a, n);
    return a.data;
  }
  void that(bool ok, const char* name, const std::string& expected, const std::string& got) const {
    if (!ok) bad_value(op_, name, expected, got);
  }
  long code(const char* name, long value, long codes) const { // of an enum
    that(value >= 0 && value < codes, name, "0 to " + std::to_string(codes - 1), std::to_string(value));
    return value;
  }
  void at_least(const char* name, long value, long least) const {
    if (value < least) bad_value(op_, name, "at least " + std::to_string(least), std::to_string(value));
  }

private:
  const char* op_;
  template <class U> Array<U> get(const char* name, py::handle h, char kind, int rank, bool writeable) const {
    ArrayInfo a = check_array(op_, name, h, kind, int(sizeof(U)), rank, writeable);
    return {name, static_cast<U*>(a.data), a.shape, a.rank, a.size};
  }
};

// Picks float or double by the first array, fills Args with `fill(checks, args)` and runs the kernel without the GIL.
template <template <class> class Args, class Fill>
void call(const Rung& rung, py::handle first, const Fill& fill) {
  auto run = [&](auto zero, AnyKernel any) {
    using T = decltype(zero);
    Args<T> args{};
    Recorder* const recording = recorder();
    if (recording) recording->begin_call();
    fill(Checks<T>(rung.op), args);
    {
      py::gil_scoped_release release;
      reinterpret_cast<Kernel<Args, T>>(any)(args);
    }
    if (recording) recording->end_call<Args, T>(rung, any, args);
  };
  if (is_float(first, sizeof(float)))
    run(0.0f, rung.f32);
  else if (rung.f64 && is_float(first, sizeof(double)))
    run(0.0, rung.f64);
  else
    bad_float(rung.op, first);
}

} // namespace stepgrad
