// A CUDA graph: launches that are written down together, once, and from then on start together, by one call.
//
// A training step is hundreds of small kernels; to start each costs the host some microseconds, a whole graph about as much
// as a few of them. What a launch was told stays as it is: the same addresses, the same numbers. So whatever differs from
// step to step, the numbers of an optimizer or the key of a dropout, is launched beside the graph (stepgrad/replay/plan.py).
#pragma once
#include <functional>
#include <memory>

namespace stepgrad {

class Graph {
public:
  // Calls `launches` and writes down what it launches; nothing runs yet. It must do nothing else with the GPU: a copy to the
  // host, say, would happen now, before the kernels, and not again.
  explicit Graph(const std::function<void()>& launches);
  ~Graph();
  Graph(const Graph&) = delete;
  // Starts all of it on the current stream; does not wait.
  void launch() const;

private:
  struct Recorded;
  std::unique_ptr<Recorded> recorded_;
};

} // namespace stepgrad
