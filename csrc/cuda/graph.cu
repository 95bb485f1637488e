// A CUDA graph, by stream capture; and the emulator's, which keeps the launches in a list.
#include "cuda/graph.h"
#include "cuda/cuda.h"

namespace stepgrad {

#ifdef __CUDACC__

struct Graph::Recorded {
  cudaGraphExec_t graph = nullptr;
  ~Recorded() { cudaGraphExecDestroy(graph); }
};

namespace {

// A stream for the time of a capture: the default stream, CuPy's current one where nobody chose another, cannot be captured.
class Capturing {
public:
  Capturing() : before_(current_stream()) {
    check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream to capture");
    current_stream() = stream_;
  }
  ~Capturing() {
    current_stream() = before_;
    if (graph_) cudaGraphDestroy(graph_);
    cudaStreamDestroy(stream_);
  }
  Capturing(const Capturing&) = delete;

  cudaGraph_t capture(const std::function<void()>& launches) {
    // Thread local: other threads of the host may allocate and wait as they like.
    check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "begin of a capture");
    try {
      launches();
    } catch (...) {
      cudaStreamEndCapture(stream_, &graph_);
      cudaGetLastError(); // the capture's own complaint, after the one that is on its way
      throw;
    }
    check_cuda(cudaStreamEndCapture(stream_, &graph_), "end of a capture");
    return graph_;
  }

private:
  cudaStream_t before_, stream_ = nullptr;
  cudaGraph_t graph_ = nullptr;
};

} // namespace

// Temporary memory of a launcher (class Temporary) becomes a part of the graph: allocated and freed within it.
Graph::Graph(const std::function<void()>& launches) : recorded_(new Recorded) {
  Capturing capturing;
  check_cuda(cudaGraphInstantiateWithFlags(&recorded_->graph, capturing.capture(launches), 0), "a graph");
}

void Graph::launch() const {
  check_cuda(cudaGraphLaunch(recorded_->graph, current_stream()), "launch of a graph");
}

#else

struct Graph::Recorded : emulator::Capture {};

Graph::Graph(const std::function<void()>& launches) : recorded_(new Recorded) {
  const emulator::Capturing capturing(*recorded_);
  launches();
}

void Graph::launch() const {
  for (const auto& launch : recorded_->launches) launch();
}

#endif

Graph::~Graph() = default;

} // namespace stepgrad
