// stepgrad._cpu: every kernel as a Python function.
#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "common/cpu_features.h"
#include "common/peak.h"
#include "common/thread_pool.h"
#include <pybind11/stl.h>

namespace stepgrad {

Place place() { return Place::CPU; }

static py::list rungs(int isa) {
  Binders binders;
  for (auto add : {add_attention, add_conv2d, add_copy, add_elementwise, add_embedding, add_matmul, add_norm,
                   add_optimizer, add_pool2d, add_random, add_recurrent, add_reduce, add_softmax})
    add(binders);
  py::list list;
  for (const Rung& rung : rungs_for(isa, slow_isa()))
    list.append(py::make_tuple(rung.op, rung.name, rung.summary,
                               std::string(rung.file) + ":" + std::to_string(rung.line),
                               binders.at(rung.args)(rung)));
  return list;
}

static py::dict features(int isa) {
  py::dict cpu, result;
  for (int level = BASELINE; level < ISA_LEVELS; level++) cpu[isa_name(level)] = cpu_has(level);
  result["compiled"] = compiled_isas();
  result["in_use"] = isa_name(isa);
  result["cpu"] = cpu;
#ifdef __clang__
  result["compiler"] = "Clang " __clang_version__;
#else
  result["compiler"] = "GCC " __VERSION__;
#endif
  return result;
}

} // namespace stepgrad

PYBIND11_MODULE(_cpu, m) {
  using namespace stepgrad;
  m.doc() =
      "stepgrad's C++ kernels: flat, contiguous, checked arrays in; results written to arrays of the caller.";
  add_update(m);
  py::list table;
  int isa = 0;
  try {
    isa = isa_in_use();
    table = rungs(isa);
  } catch (const std::exception& e) {
    throw py::import_error(e.what());
  }
  m.def(
      "rungs", [table] { return py::list(table.attr("copy")()); },
      "All rungs as (op, rung, summary, source, function), each op from the bottom rung to the top.");
  add_recorder(m);
  add_arrays(m);
  add_direct(m);
  m.def(
      "features", [isa] { return features(isa); },
      "Instruction sets: compiled, in use, and what this CPU has.");
  m.def(
      "peak_gflops", [isa] { return peak_gflops(isa); }, py::call_guard<py::gil_scoped_release>(),
      "GFLOP/s in float32 of one core that multiplies and adds in registers only, measured.");
  m.def("get_num_threads", &get_num_threads, "Threads that a kernel may use.");
  m.def(
      "set_num_threads",
      [](int n) {
        if (n < 1) throw py::value_error("set_num_threads: expected at least 1, got " + std::to_string(n));
        set_num_threads(n);
      },
      py::arg("n"), "Sets how many threads a kernel may use; results do not depend on it.");
}
