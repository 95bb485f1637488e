// stepgrad._cuda and stepgrad._emu: every CUDA kernel as a Python function, for a GPU and for the emulator.
//
// The functions are made by the same binders as those of stepgrad._cpu. An array on the GPU comes as a NumPy array that
// describes it: shape, type, and an address that only the GPU can read (python/stepgrad/device.py makes them).
#include "bindings/bind.h"
#include "cuda/fragments.h"
#include "cuda/graph.h"
#include "common/thread_pool.h"
#include <cstdint>
#include <pybind11/functional.h>
#ifdef STEPGRAD_RECORDER
#define STEPGRAD_MODULE _emu_recorder
#elif defined(STEPGRAD_EMULATED)
#define STEPGRAD_MODULE _emu
#else
#define STEPGRAD_MODULE _cuda
#include "cuda/device.h"
#endif

namespace stepgrad {

#ifdef STEPGRAD_EMULATED
Place place() { return Place::EMULATOR; }
#else
Place place() { return Place::GPU; }
#endif

// (op, rung, summary, source, function, dtypes, is_reduced) of each rung, each op from the bottom rung to the top.
static py::list rungs() {
  Binders binders;
  for (auto add : {add_attention, add_conv2d, add_copy, add_elementwise, add_embedding, add_matmul, add_norm,
                   add_optimizer, add_pool2d, add_random, add_recurrent, add_reduce, add_softmax})
    add(binders);
  py::list list;
  for (const Rung& rung : rungs_for(0))
    list.append(py::make_tuple(
        rung.op, rung.name, rung.summary, std::string(rung.file) + ":" + std::to_string(rung.line),
        binders.at(rung.args)(rung), rung.f64 ? "fd" : "f", rung.height >= REDUCED_PRECISION));
  return list;
}

// Runs a probe of csrc/cuda/fragments.cu on arrays of 32-bit words.
static void primitive(const std::string& name, py::handle in, py::handle out) {
  const PrimitiveWords words = primitive_words(name.c_str());
  const Checks<float> check(name.c_str());
  const auto from = check.places("in", in, 1);
  const auto to = check.places_out("out", out, 1);
  check.size(from, words.in);
  check.size(to, words.out);
  run_primitive(name.c_str(), reinterpret_cast<const uint32_t*>(from.data),
                reinterpret_cast<uint32_t*>(to.data));
}

#ifdef STEPGRAD_RECORDER
void add_access_recorder(py::module_&); // csrc/emulator/recording/binding.cpp
#endif

} // namespace stepgrad

PYBIND11_MODULE(STEPGRAD_MODULE, m) {
  using namespace stepgrad;
  m.doc() = "stepgrad's CUDA kernels: flat, contiguous, checked arrays in; results written to arrays of the "
            "caller.";
  add_update(m);
  py::list table;
  try {
    table = rungs();
  } catch (const std::exception& e) {
    throw py::import_error(e.what());
  }
  m.def(
      "rungs", [table] { return py::list(table.attr("copy")()); },
      "All rungs as (op, rung, summary, source, function, dtypes, is_reduced), each op from the bottom rung "
      "up.");
  m.def("primitive", &primitive, py::arg("name"), py::arg("in"), py::arg("out"),
        "Runs one instruction alone, in one warp, and writes what each thread then holds; see "
        "csrc/cuda/fragments.cu.");
  add_recorder(m);
  py::class_<Graph>(m, "Graph", py::module_local(), "What a function launches, to be launched again as one.")
      .def(py::init<const std::function<void()>&>(), py::arg("launches"))
      .def("launch", &Graph::launch, py::call_guard<py::gil_scoped_release>());
#ifdef STEPGRAD_RECORDER
  add_access_recorder(m);
#endif
#ifdef STEPGRAD_EMULATED
  m.def("device_count", [] { return 1; }, "Devices that can run the kernels: the emulator is one.");
  m.def("set_stream", [](uintptr_t) {}, py::arg("stream"), "Does nothing: emulated launches finish at once.");
#else
  m.def("device_count", &device_count, "GPUs that can run the kernels; 0 also where there is no driver.");
  m.def("describe", &describe_device, "The GPU in use, or why there is none.");
  m.def("set_stream", &set_stream, py::arg("stream"),
        "Sets the CUDA stream of the calls that follow, as a number.");
#endif
}
