// The thread pool on its own, for ThreadSanitizer; csrc/README.md has the command. Prints "ok" or what went wrong.
#include "common/thread_pool.h"
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace stepgrad;

// Loops that each touch every element once, with a nested loop inside; counts the elements that are wrong.
static long wrong_elements(long n, int loops) {
  long wrong = 0;
  for (int loop = 0; loop < loops; loop++) {
    std::vector<long> v(size_t(n), 0);
    parallel_for(n, 1000.0, [&](long begin, long end) {
      for (long i = begin; i < end; i++)
        parallel_for(100, 1e4, [&](long from, long to) { v[size_t(i)] += to - from; });
    });
    for (long x : v) wrong += x != 100;
  }
  return wrong;
}

static int caught_errors(int loops) {
  int caught = 0;
  for (int loop = 0; loop < loops; loop++) try {
      parallel_for(1000, 1e3, [](long begin, long) {
        if (begin > 300) throw std::runtime_error("stop");
      });
    } catch (const std::runtime_error&) {
      caught++;
    }
  return caught;
}

// A long loop is shared, a short one and one within another loop are not; counts the answers that are wrong.
static long wrong_shares(int threads) {
  long wrong = (threads_for(1e9) != threads) + (threads_for(1e3) != 1);
  parallel_for(1, 1e9, [&](long, long) { wrong += threads_for(1e9) != 1; });
  return wrong;
}

int main() {
  set_num_threads(4);
  long wrong = wrong_elements(1000, 300) + wrong_shares(4);
  std::vector<long> each(4);
  std::vector<std::thread> callers;
  for (long i = 0; i < 4; i++)
    callers.emplace_back([&, i] { each[size_t(i)] = wrong_elements(500 + i, 200); });
  for (std::thread& caller : callers) caller.join();
  for (long w : each) wrong += w;
  const int caught = caught_errors(100);
  set_num_threads(2);
  wrong += wrong_elements(1000, 50);
  if (wrong == 0 && caught == 100)
    std::puts("ok");
  else
    std::printf("%ld wrong elements or shares, %d of 100 errors caught\n", wrong, caught);
  return wrong != 0 || caught != 100;
}
