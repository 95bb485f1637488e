// A small thread pool for kernels.
//
// The calling thread takes chunks like every worker and never waits for a worker that has not started, so on a busy
// machine a parallel loop costs little more than a serial one. Work below about 50 microseconds is not split at all:
// waking a sleeping worker costs about as much.
#pragma once

namespace stepgrad {

int get_num_threads();
void set_num_threads(int n); // n >= 1

// How many threads share a loop of roughly so many nanoseconds: 1 where that is too short, or within another loop.
int threads_for(double ns);

using ChunkFn = void (*)(const void* body, long begin, long end);

// Calls run(body, begin, end) over pieces of [0, n). ns_per_item is a rough cost, used only to choose the pieces.
void parallel_chunks(long n, double ns_per_item, ChunkFn run, const void* body);

// Loops so short that to ask whether they are to be split takes a good part of their time.
constexpr double VERY_SHORT_NS = 1000;

// body(begin, end) for pieces of [0, n), in any order, on any thread. What an item computes must not depend on the
// piece it falls in: that is what makes results the same bits for any number of threads.
template <class Body> void parallel_for(long n, double ns_per_item, const Body& body) {
  ChunkFn run = [](const void* b, long begin, long end) { (*static_cast<const Body*>(b))(begin, end); };
  asm("" : "+r"(run)); // one copy of the body: a compiler may round one of two another way
  if (double(n) * ns_per_item >= VERY_SHORT_NS)
    parallel_chunks(n, ns_per_item, run, &body);
  else if (n > 0)
    run(&body, 0, n);
}

// The two ways to run a loop, for code that a rung on one thread and a rung on many share. Serially runs body(0, n) here.
struct Serially {
  int threads_for(double) const { return 1; }
  template <class Body> void operator()(long n, double, const Body& body) const {
    if (n > 0) body(0, n);
  }
};

struct InParallel {
  int threads_for(double ns) const { return stepgrad::threads_for(ns); }
  template <class Body> void operator()(long n, double ns_per_item, const Body& body) const {
    parallel_for(n, ns_per_item, body);
  }
};

} // namespace stepgrad
