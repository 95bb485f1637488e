// CUDA's keywords and built-in types, as a C++ compiler can read them. Kernels include cuda/cuda.h, never this.
#pragma once
#include <cstdint>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(n) alignas(n)

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define STEPGRAD_VECTOR_TYPES(T, name)                                                                       \
  struct alignas(2 * sizeof(T)) name##2 { T x, y; };                                                         \
  struct name##3 { T x, y, z; };                                                                             \
  struct alignas(sizeof(T) < 8 ? 4 * sizeof(T) : 16) name##4 { T x, y, z, w; };                              \
  inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                                 \
  inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                                         \
  inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
STEPGRAD_VECTOR_TYPES(float, float)
STEPGRAD_VECTOR_TYPES(double, double)
STEPGRAD_VECTOR_TYPES(int, int)
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

using cudaStream_t = void*;
constexpr int warpSize = 32;

// Where a kernel finds itself. The scheduler writes them before it goes on with a thread; each core of the CPU has its
// own. initial-exec: a plain load instead of a call for each access.
#ifdef __linux__
#define STEPGRAD_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) inline thread_local
#else
#define STEPGRAD_THREAD_LOCAL inline thread_local
#endif
STEPGRAD_THREAD_LOCAL uint3 threadIdx{0, 0, 0}, blockIdx{0, 0, 0};
STEPGRAD_THREAD_LOCAL dim3 blockDim, gridDim;
