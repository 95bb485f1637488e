#include "emulator/tensor_core.h"
#include "emulator/touch.h"
#include "emulator/warp.h"
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace stepgrad::emulator {

static float as_float(unsigned bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

struct MultiplyArgument {
  float* d;
  const unsigned *a, *b;
};

// Number i of a register that holds two bfloat16.
static float bfloat16_of(unsigned pair, int i) { return as_float(i ? pair & 0xffff0000u : pair << 16); }

// Adds A B to the fragments d of all lanes. The order of a tensor core's sum is not documented; this is one.
template <int K>
static void multiply(void* const (&lanes)[32], const float (&A)[16][K], const float (&B)[K][8]) {
  for (int lane = 0; lane < 32; lane++) {
    float* d = static_cast<MultiplyArgument*>(lanes[lane])->d;
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < K; k++) d[i] += A[g + i / 2 * 8][k] * B[k][2 * t + i % 2];
  }
}

static void multiply_bf16(void* const (&lanes)[32]) {
  float A[16][16], B[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto& x = *static_cast<const MultiplyArgument*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 2; i++) {
      for (int r = 0; r < 4; r++) A[g + r % 2 * 8][2 * t + i + r / 2 * 8] = bfloat16_of(x.a[r], i);
      for (int r = 0; r < 2; r++) B[2 * t + i + r * 8][g] = bfloat16_of(x.b[r], i);
    }
  }
  multiply(lanes, A, B);
}

static constexpr unsigned TF32 = 0xffffe000u; // sign, 8 bits of exponent, 10 of the fraction

static void multiply_tf32(void* const (&lanes)[32]) {
  float A[16][8], B[8][8];
  for (int lane = 0; lane < 32; lane++) {
    const auto& x = *static_cast<const MultiplyArgument*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int r = 0; r < 4; r++) A[g + r % 2 * 8][t + r / 2 * 4] = as_float(x.a[r] & TF32);
    for (int r = 0; r < 2; r++) B[t + r * 4][g] = as_float(x.b[r] & TF32);
  }
  multiply(lanes, A, B);
}

void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Site site) {
  MultiplyArgument mine{d, a, b};
  this_block().warp_operation(~0u, multiply_bf16, &mine, site);
}

void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Site site) {
  MultiplyArgument mine{d, a, b};
  this_block().warp_operation(~0u, multiply_tf32, &mine, site);
}

unsigned to_tf32(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7f800000u) == 0x7f800000u) return bits; // infinite, or no number
  return (bits + 0x1000u) & TF32;
}

struct LoadArgument {
  unsigned* r;
  int matrices;
  bool transposed;
  uint16_t row[8];
};

static void load(void* const (&lanes)[32]) {
  const auto argument = [&](int lane) -> LoadArgument& { return *static_cast<LoadArgument*>(lanes[lane]); };
  const int matrices = argument(0).matrices;
  for (int lane = 0; lane < 32; lane++)
    for (int m = 0; m < matrices; m++) {
      const auto number = [&](int row, int column) -> unsigned { return argument(8 * m + row).row[column]; };
      const int g = lane / 4, t = 2 * (lane % 4);
      argument(lane).r[m] = argument(0).transposed ? number(t, g) | number(t + 1, g) << 16
                                                   : number(g, t) | number(g, t + 1) << 16;
    }
}

void load_matrices(unsigned* r, int matrices, bool transposed, const void* row, Site site) {
  LoadArgument mine{r, matrices, transposed, {}};
  if (lane() < 8 * matrices) { // the others' addresses do not count
    if (reinterpret_cast<uintptr_t>(row) % 16)
      throw std::runtime_error(std::string(site.function) + ": ldmatrix at " + site.file + ":" +
                               std::to_string(site.line) + ": expected rows at multiples of 16 bytes");
    touch(row, sizeof mine.row, false, site);
    std::memcpy(mine.row, row, sizeof mine.row); // an access of this thread, to the sanitizers, too
  }
  this_block().warp_operation(~0u, load, &mine, site);
}

} // namespace stepgrad::emulator
