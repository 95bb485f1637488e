// What the bindings need to know about the GPU, without CUDA's own headers.
#pragma once
#include <cstdint>
#include <string>

namespace stepgrad {

int device_count();            // 0 where there is no driver, or no GPU: never an error
std::string describe_device(); // its name, or CUDA's reason why there is none
void set_stream(uintptr_t stream);

} // namespace stepgrad
