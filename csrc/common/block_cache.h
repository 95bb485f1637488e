// A caching allocator for big arrays.
//
// malloc gives big blocks back to the system when they are freed, so every training step would fetch the same pages anew,
// and the kernel clears each one: a quarter of the time of a convolutional net's step. Here a freed block waits in a list
// for the next array of its size. Blocks start at a cache line (64 bytes), or at a huge page (2 MiB) where they are as
// large as one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace stepgrad {

struct BlockCacheStats {
  size_t in_use, kept;        // bytes of arrays that are alive; bytes that wait for the next one
  size_t limit;               // in_use + kept stay below it as far as `kept` can help
  uint64_t allocated, reused; // blocks fetched from the system; blocks served from the list
};

size_t block_size(size_t bytes); // the size class: at most a quarter more than was asked for
void* take_block(size_t bytes);  // contents are undefined; nullptr when there is no memory. Any thread.
void give_block(void* block, size_t bytes);
size_t empty_block_cache(); // frees what waits; returns how many bytes that were
BlockCacheStats block_cache_stats();

} // namespace stepgrad
