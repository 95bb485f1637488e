// What Python sees of a recording, in the module stepgrad._emu_recorder alone.
#include "emulator/recording/recorder.h"
#include "emulator/touch.h"
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <memory>

namespace stepgrad {
namespace py = pybind11;
using namespace emulator;

using GlobalArray = std::tuple<std::string, uintptr_t, size_t>; // name, address, bytes

static std::unique_ptr<Recorder> open_recorder;

static void start(const std::vector<GlobalArray>& arrays, int left_out, size_t limit) {
  std::vector<RecordedArray> global;
  for (const auto& [name, address, bytes] : arrays)
    global.push_back({name, reinterpret_cast<const char*>(address), bytes, 0, 0, -1});
  open_recorder = std::make_unique<Recorder>(std::move(global), left_out, limit);
  observer = recorder = open_recorder.get();
  on_touch = [](const void* address, size_t bytes, bool writes, Site site) {
    recorder->touch(address, bytes, writes ? Access::WRITE : Access::READ, site);
  };
}

static py::dict stop() {
  observer = recorder = nullptr, on_touch = nullptr;
  const std::unique_ptr<Recorder> done = std::move(open_recorder);
  py::dict result;
  if (!done) return result;
  py::list launches, barriers, arrays;
  for (const auto& l : done->launches)
    launches.append(py::make_tuple(py::make_tuple(l.grid.x, l.grid.y, l.grid.z),
                                   py::make_tuple(l.block.x, l.block.y, l.block.z)));
  for (const auto& b : done->barriers)
    barriers.append(py::make_tuple(b.launch, b.block, b.epoch, b.site.file, b.site.line, b.left_out));
  for (const auto& a : done->arrays) arrays.append(py::make_tuple(a.name, a.bytes, a.row, a.item, a.launch));
  result["accesses"] =
      py::bytes(reinterpret_cast<const char*>(done->accesses.data()), done->accesses.size() * sizeof(Access));
  py::list sites;
  for (const Site& s : done->sites) sites.append(py::make_tuple(s.file, s.line, s.function));
  result["sites"] = sites;
  result["launches"] = launches, result["barriers"] = barriers, result["arrays"] = arrays;
  result["full"] = done->full;
  return result;
}

void add_access_recorder(py::module_& m) {
  m.def("start", &start, py::arg("arrays"), py::arg("left_out"), py::arg("limit"),
        "Records the launches that follow. `arrays`: (name, address, bytes) of every array that they get.");
  m.def("stop", &stop, "Ends the recording and returns it.");
}

} // namespace stepgrad
