// Stream capture: while one is open, the launches of this thread of the host are written down instead of run.
#pragma once
#include <functional>
#include <stdexcept>
#include <vector>

namespace stepgrad::emulator {

struct Capture {
  std::vector<std::function<void()>> launches;
  std::vector<std::vector<char>> memory; // temporary, of launchers: it lives as long as the graph
};

inline thread_local Capture* capture = nullptr;

class Capturing {
public:
  explicit Capturing(Capture& to) {
    if (capture) throw std::runtime_error("a stream that is being captured cannot be captured");
    capture = &to;
  }
  ~Capturing() { capture = nullptr; }
  Capturing(const Capturing&) = delete;
};

} // namespace stepgrad::emulator
