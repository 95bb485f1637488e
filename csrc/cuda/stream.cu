// The stream that launches go to, and what CUDA says about the GPU. Nothing of it exists in the emulator.
#ifdef __CUDACC__
#include "cuda/cuda.h"
#include "cuda/device.h"
#include <stdexcept>

namespace stepgrad {

cudaStream_t& current_stream() {
  static thread_local cudaStream_t stream = nullptr;
  return stream;
}

void check_cuda(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string("CUDA: ") + what + ": " + cudaGetErrorString(error));
}

int device_count() {
  int count = 0; // a machine without a driver answers with an error and leaves it alone
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string describe_device() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) return cudaGetErrorString(error);
  if (count == 0) return "no CUDA device";
  int device = 0;
  cudaDeviceProp properties;
  if (cudaGetDevice(&device) != cudaSuccess || cudaGetDeviceProperties(&properties, device) != cudaSuccess)
    return "a CUDA device that does not answer";
  return std::string(properties.name) + " (compute capability " + std::to_string(properties.major) + "." +
         std::to_string(properties.minor) + ")";
}

void set_stream(uintptr_t stream) { current_stream() = reinterpret_cast<cudaStream_t>(stream); }

} // namespace stepgrad
#endif
