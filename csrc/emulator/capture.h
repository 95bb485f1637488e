// Stream capture: while one is open, the launches of this thread of the host are written down instead of run.
#pragma once
#include <functional>
#include <vector>

namespace stepgrad::emulator {

struct Capture {
  std::vector<std::function<void()>> launches;
  std::vector<std::vector<char>> memory; // temporary, of launchers: it lives as long as the graph
};

inline thread_local Capture* capture = nullptr;

class Capturing {
public:
  explicit Capturing(Capture& to) : before_(capture) { capture = &to; }
  ~Capturing() { capture = before_; }
  Capturing(const Capturing&) = delete;

private:
  Capture* before_;
};

} // namespace stepgrad::emulator
