// Philox4x64-10, the counter-based generator of NumPy (Salmon et al., 2011): ten rounds of multiplying and mixing turn a counter
// into four 64-bit words. Nothing is carried from one number to the next, so any thread can make any of them, and CPU, emulator
// and GPU make the same bits.
#pragma once
#include <cstdint>

#ifdef __CUDACC__
#define STEPGRAD_EVERYWHERE __host__ __device__
#else
#define STEPGRAD_EVERYWHERE
#endif

namespace stepgrad {

// y[i] = 1 / keep with probability keep, else 0: as (Generator(Philox(key)).random(n, float32) < keep) / keep in NumPy.
template <class T> struct DropoutMaskArgs {
  T* y; // [n]
  long n;
  uint64_t key[2];
  double keep;
};

struct Words {
  uint64_t w[4];
};

// The upper half of a 128-bit product, from four 32-bit ones.
STEPGRAD_EVERYWHERE inline uint64_t high_product(uint64_t a, uint64_t b) {
  const uint64_t a0 = uint32_t(a), a1 = a >> 32, b0 = uint32_t(b), b1 = b >> 32;
  const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + uint32_t(middle);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

// Block number `counter` of the stream of a key; NumPy's first one is number 1.
STEPGRAD_EVERYWHERE inline Words philox(uint64_t counter, uint64_t key0, uint64_t key1) {
  constexpr uint64_t M0 = 0xD2E7470EE14C6C93, M1 = 0xCA5A826395121157;
  Words c{{counter, 0, 0, 0}};
  for (int round = 0; round < 10; round++) {
    const uint64_t a = c.w[0], b = c.w[2];
    c = {{high_product(M1, b) ^ c.w[1] ^ key0, M1 * b, high_product(M0, a) ^ c.w[3] ^ key1, M0 * a}};
    key0 += 0x9E3779B97F4A7C15, key1 += 0xBB67AE8584CAA73B;
  }
  return c;
}

constexpr long NUMBERS = 8; // floats of a block

// Block `block` (from 0) of a mask. NumPy makes a float in [0, 1) of 24 bits of each half of a word, the lower half first.
template <class T> STEPGRAD_EVERYWHERE void mask_block(const DropoutMaskArgs<T>& g, long block) {
  const Words words = philox(uint64_t(block) + 1, g.key[0], g.key[1]);
  for (long i = 0; i < NUMBERS && block * NUMBERS + i < g.n; i++) {
    const uint32_t half = uint32_t(words.w[i / 2] >> (i % 2 * 32));
    const bool kept = float(half >> 8) * (1.0f / 16777216) < float(g.keep);
    g.y[block * NUMBERS + i] = kept ? T(1) / T(g.keep) : T(0);
  }
}

#undef STEPGRAD_EVERYWHERE

} // namespace stepgrad
