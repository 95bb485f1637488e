// What kernels of many families share: how many blocks to launch, and how the threads of a warp or a block combine
// their values. All of it adds in an order that depends on sizes alone: the same bits on every run.
#pragma once
#include "cuda/cuda.h"
#include <cstdint>

namespace stepgrad {

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffff;
constexpr int THREADS = 256; // of a block, where nothing speaks for another number

// Blocks for n items, `per_block` at a time. Kernels stride over the grid, so a bound on it costs nothing.
inline unsigned grid_for(long n, long per_block) {
  const long blocks = (n + per_block - 1) / per_block, most = 1 << 16;
  return unsigned(blocks < most ? blocks : most);
}

__device__ inline long global_thread() { return long(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline long grid_threads() { return long(gridDim.x) * blockDim.x; }

template <class V> __device__ V shuffle_xor(V v, int distance) {
  return __shfl_xor_sync(ALL_LANES, v, distance);
}

// A butterfly: after five exchanges every lane holds all 32 values combined. No memory, no barrier.
// combine(a, b) must be symmetric: lanes d apart compute the same pair from both sides.
template <class V, class Combine> __device__ V warp_reduce(V v, Combine combine) {
#pragma unroll
  for (int d = WARP / 2; d > 0; d /= 2) v = combine(v, shuffle_xor(v, d));
  return v;
}

// Every thread of the block gets the combined value. The block must be whole warps, all threads must come here.
template <class V, class Combine> __device__ V block_reduce(V v, Combine combine) {
  SHARED(V, of_warp, [WARP]);
  v = warp_reduce(v, combine);
  if (threadIdx.x % WARP == 0) of_warp[threadIdx.x / WARP] = v;
  __syncthreads();
  v = of_warp[0];
  for (unsigned w = 1; w < blockDim.x / WARP; w++) v = combine(v, of_warp[w]);
  __syncthreads(); // of_warp is free for the next call
  return v;
}

struct Add {
  template <class V> __device__ V operator()(V a, V b) const { return a + b; }
};
struct Larger { // a NaN loses, as in the CPU's softmax: it comes back through the exponentials
  template <class V> __device__ V operator()(V a, V b) const { return b > a ? b : a; }
};

// 16 bytes, the widest single load of a thread: 4 floats or 2 doubles.
template <class T> struct alignas(16) Pack {
  static constexpr int N = 16 / sizeof(T);
  T v[N];
};
template <class T> bool can_pack(const T* p) { return reinterpret_cast<uintptr_t>(p) % sizeof(Pack<T>) == 0; }

} // namespace stepgrad
