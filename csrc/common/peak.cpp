#include "common/peak.h"
#include "common/cpu_features.h"
#include <algorithm>
#include <ctime>

namespace stepgrad {

static MultiplyAddsFn runs[ISA_LEVELS]; // zero before any constructor runs

bool register_multiply_adds(int isa, MultiplyAddsFn run) {
  runs[isa] = run;
  return true;
}

static double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

double peak_gflops(int isa) {
  while (isa > 0 && runs[isa] == nullptr) isa--;
  constexpr int RUNS = 40;
  constexpr long ROUNDS = 100000; // about half a millisecond
  double best = 0, flops = 0;
  volatile float sink = 0;
  for (int i = 0; i < RUNS; i++) {
    const double start = thread_seconds();
    sink = sink + runs[isa](ROUNDS, &flops);
    best = std::max(best, flops / (thread_seconds() - start));
  }
  return best / 1e9;
}

} // namespace stepgrad
