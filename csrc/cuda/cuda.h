// What every .cu file includes. The same file is compiled by nvcc for a GPU, and by a C++ compiler for the emulator;
// the words below are the only ones that differ from plain CUDA:
//
//   launch(kernel, grid, block, dynamic_bytes, arguments...)   instead of kernel<<<grid, block, dynamic_bytes, stream>>>
//   SHARED(float, tile, [16][17]);                             instead of __shared__ float tile[16][17];
//   DYNAMIC_SHARED(float, buffer);                             instead of extern __shared__ float buffer[];
//
// A launch goes to the current stream and does not wait. It throws where CUDA refuses it.
#pragma once
#include "common/registry.h"
#include <cstddef>

#ifdef __CUDACC__
#include <cuda_runtime.h>
#define SHARED(T, name, extents) __shared__ T name extents
#define DYNAMIC_SHARED(T, name)                                                                              \
  extern __shared__ __align__(16) unsigned char stepgrad_dynamic_shared[];                                   \
  T* const name = reinterpret_cast<T*>(stepgrad_dynamic_shared)
#else
#include "emulator/atomics.h"
#include "emulator/capture.h"
#include "emulator/grid.h"
#include "emulator/intrinsics.h"
#include "emulator/observer.h"
#include "emulator/warp.h"
#include <type_traits>
#include <utility>
#include <vector>
#endif

namespace stepgrad {

#ifdef __CUDACC__

cudaStream_t& current_stream(); // of this thread of the host; the bindings set it before each call
void check_cuda(cudaError_t error, const char* what); // throws std::runtime_error

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t dynamic_bytes,
            Arguments... arguments) {
  if (dynamic_bytes > 48 * 1024) // more must be asked for
    check_cuda(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                    cudaFuncAttributeMaxDynamicSharedMemorySize, int(dynamic_bytes)),
               "dynamic shared memory");
  kernel<<<grid, block, dynamic_bytes, current_stream()>>>(static_cast<Parameters>(arguments)...);
  check_cuda(cudaGetLastError(), "launch");
}

// Device memory for the time of one launcher, in the order of the stream.
template <class T> class Temporary {
public:
  explicit Temporary(long n) {
    check_cuda(cudaMallocAsync(&data_, size_t(n) * sizeof(T), current_stream()), "temporary memory");
  }
  Temporary(const Temporary&) = delete;
  ~Temporary() { cudaFreeAsync(data_, current_stream()); }
  T* data() const { return static_cast<T*>(data_); }

private:
  void* data_ = nullptr;
};

#else

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t dynamic_bytes,
            Arguments... arguments) {
  auto body = [=] { kernel(static_cast<Parameters>(arguments)...); };
  using Body = decltype(body);
  static_assert(std::is_trivially_copyable_v<Body>, "the arguments of a kernel are copied as bytes");
  emulator::run_grid(
      grid, block, dynamic_bytes, [](void* p) { (*static_cast<const Body*>(p))(); }, &body, sizeof body);
}

template <class T> class Temporary {
public:
  explicit Temporary(long n) : bytes_(size_t(n) * sizeof(T)) {
    if (emulator::observer) emulator::observer->temporary(bytes_.data(), bytes_.size());
  }
  Temporary(const Temporary&) = delete;
  ~Temporary() {
    if (emulator::capture)
      emulator::capture->memory.push_back(std::move(bytes_)); // the graph's launches use it
  }
  T* data() const { return reinterpret_cast<T*>(const_cast<char*>(bytes_.data())); }

private:
  std::vector<char> bytes_;
};

#endif

// How many blocks of `size` cover n elements.
constexpr unsigned blocks_for(long n, long size) { return unsigned((n + size - 1) / size); }

} // namespace stepgrad
