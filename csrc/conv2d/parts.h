// Sums that every thread adds to, with the same bits for any number of threads: the items are divided into a number of
// parts that depends on the sizes alone, each part has an array of its own, and the arrays are added in order.
#pragma once
#include "common/scratch.h"
#include "common/thread_pool.h"
#include <algorithm>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr long MAX_PARTS = 16, MAX_PARTS_BYTES = 64 << 20;

// sum: [size], the total of what body(begin, end, part_sum) adds for the items [begin, end).
template <class T, class Body>
void sum_of_parts(long items, double ns_per_item, T* sum, long size, Body body) {
  const long parts = std::max(1L, std::min({items, MAX_PARTS, MAX_PARTS_BYTES / (size * long(sizeof(T)))}));
  T* partial = scratch<T>(Scratch::PARTIAL, parts * size); // [parts, size]
  parallel_for(parts, ns_per_item * double(items) / double(parts), [&](long begin, long end) {
    for (long part = begin; part < end; part++) {
      std::fill(partial + part * size, partial + (part + 1) * size, T(0));
      body(items * part / parts, items * (part + 1) / parts, partial + part * size);
    }
  });
  parallel_for(size, 0.3 * double(parts), [&](long begin, long end) {
    std::copy(partial + begin, partial + end, sum + begin);
    for (long part = 1; part < parts; part++)
      for (long i = begin; i < end; i++) sum[i] += partial[part * size + i];
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
