// One instruction of cuda/tiles.h or cuda/hopper.h, run alone: what each thread gets is what the emulator says it gets, or not.
#pragma once
#include <cstdint>

namespace stepgrad {

// in, out: arrays of 32-bit words, on the device; how many a primitive reads and writes is in primitive_words.
struct PrimitiveWords {
  long in, out;
};
PrimitiveWords primitive_words(const char* name); // throws std::invalid_argument for an unknown name
void run_primitive(const char* name, const uint32_t* in, uint32_t* out);

} // namespace stepgrad
