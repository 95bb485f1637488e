// Recording: while a Recorder is at work in a thread, every kernel call of that thread is written down.
#pragma once
#include "plan/plan.h"
#include <pybind11/pybind11.h>
#include <cstring>
#include <vector>

namespace stepgrad {
namespace py = pybind11;

class Recorder {
public:
  struct Touched { // an array that a call reads or writes
    py::object array;
    bool written;
  };
  Plan plan;
  std::vector<std::vector<Touched>> touched; // of each call

  void begin_call() { now_.clear(); }
  void touch(py::handle array, bool written) {
    now_.push_back({py::reinterpret_borrow<py::object>(array), written});
  }
  template <template <class> class Args, class T>
  void end_call(const Rung& rung, AnyKernel kernel, const Args<T>& args) {
    static_assert(std::is_trivially_copyable_v<Args<T>>, "arguments are written down as bytes");
    Call call{rung.op, rung.name, run_call<Args, T>, kernel, nullptr, 0, int(sizeof(T)), {}};
    if constexpr (is_elementwise<Args<T>>::value) {
      call.slice = slice_call<Args<T>>;
      call.items = args.items();
    }
    call.words.resize((sizeof args + 7) / 8);
    std::memcpy(call.words.data(), &args, sizeof args);
    plan.calls.push_back(std::move(call));
    touched.push_back(std::move(now_));
  }
  void truncate(size_t n) {
    plan.calls.erase(plan.calls.begin() + n, plan.calls.end());
    touched.erase(touched.begin() + n, touched.end());
  }

private:
  std::vector<Touched> now_;
};

Recorder*& recorder(); // of this thread; null where nothing is recorded
void add_recorder(py::module_& m);

} // namespace stepgrad
