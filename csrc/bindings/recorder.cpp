#include "bindings/recorder.h"
#include "bindings/bind.h"
#include <pybind11/stl.h>

namespace stepgrad {

Recorder*& recorder() {
  static thread_local Recorder* current = nullptr;
  return current;
}

static const void* pointer(uintptr_t address) { return reinterpret_cast<const void*>(address); }

// (op, rung, items, bytes of an element, [(array, written), ...]) of each call from `begin` on.
static py::list describe(const Recorder& r, size_t begin) {
  py::list calls;
  for (size_t i = begin; i < r.plan.calls.size(); i++) {
    py::list arrays;
    for (const auto& t : r.touched[i]) arrays.append(py::make_tuple(t.array, t.written));
    const Call& call = r.plan.calls[i];
    calls.append(py::make_tuple(call.op, call.rung, call.items, call.item_bytes, arrays));
  }
  return calls;
}

static void check_range(const Recorder& r, int begin, int end) {
  if (begin < 0 || end < begin || end > int(r.plan.calls.size()))
    throw py::index_error("calls " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                          std::to_string(r.plan.calls.size()));
}

static void fuse(Recorder& r, int begin, int end, const std::vector<uintptr_t>& inner) {
  check_range(r, begin, end);
  for (int i = begin; i < end; i++)
    if (!r.plan.calls[i].slice || r.plan.calls[i].items != r.plan.calls[begin].items)
      throw py::value_error("only elementwise calls over the same number of elements can be fused");
  std::vector<const void*> pointers;
  for (uintptr_t address : inner) pointers.push_back(pointer(address));
  r.plan.fuse(begin, end, pointers);
}

static void replay(const Recorder& r, int begin, int end) {
  check_range(r, begin, end);
  py::gil_scoped_release release;
  r.plan.replay(begin, end);
}

void add_recorder(py::module_& m) {
  // Each module has a recorder of its own, for its own kernels: module_local.
  py::class_<Recorder>(m, "Recorder", py::module_local(), "Writes down kernel calls, and runs them again.")
      .def(py::init<>())
      .def("start", [](Recorder& r) { recorder() = &r; })
      .def("stop", [](Recorder&) { recorder() = nullptr; })
      .def("__len__", [](const Recorder& r) { return r.plan.calls.size(); })
      .def("truncate", &Recorder::truncate, py::arg("n"), "Forget all calls but the first n.")
      .def("describe", describe, py::arg("begin") = 0)
      .def(
          "move",
          [](Recorder& r, int i, uintptr_t from, uintptr_t to) {
            check_range(r, i, i + 1);
            return r.plan.move(i, pointer(from), pointer(to));
          },
          py::arg("call"), py::arg("from_address"), py::arg("to_address"),
          "Let a call use another address; returns how often the old one stood in its arguments.")
      .def("fuse", fuse, py::arg("begin"), py::arg("end"), py::arg("inner"))
      .def(
          "let_go", [](Recorder& r) { r.touched.assign(r.touched.size(), {}); },
          "Drop the references to arrays; their owner must keep alive those that the calls still use.")
      .def("replay", replay, py::arg("begin"), py::arg("end"));
}

} // namespace stepgrad
