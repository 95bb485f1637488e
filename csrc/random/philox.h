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

// The upper half of a 128-bit product: one instruction of a CPU, four of a GPU.
STEPGRAD_EVERYWHERE inline uint64_t high_product(uint64_t a, uint64_t b) {
#ifdef __CUDA_ARCH__
  return __umul64hi(a, b);
#else
  return uint64_t(static_cast<unsigned __int128>(a) * b >> 64);
#endif
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

// Block `block` (from 0) of a mask. NumPy makes a float in [0, 1) of 24 bits of each half of a word, the lower half first. It is
// below keep where those bits are below keep * 2^24, rounded up: the same answer, and no conversion of each number.
template <class T> STEPGRAD_EVERYWHERE void mask_block(const DropoutMaskArgs<T>& g, long block) {
  const Words words = philox(uint64_t(block) + 1, g.key[0], g.key[1]);
  const float scaled = float(g.keep) * 16777216.0f; // exact: a power of two
  const uint32_t whole = uint32_t(scaled), limit = whole + (float(whole) < scaled);
  const T kept = T(1) / T(g.keep);
  T* y = g.y + block * NUMBERS;
  const long n = g.n - block * NUMBERS < NUMBERS ? g.n - block * NUMBERS : NUMBERS;
  for (long i = 0; i < n; i++) y[i] = uint32_t(words.w[i / 2] >> (i % 2 * 32)) >> 8 < limit ? kept : T(0);
}

#undef STEPGRAD_EVERYWHERE

} // namespace stepgrad
