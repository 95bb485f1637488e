// Probes: each runs one instruction of a tensor core or of an asynchronous copy in one warp (wgmma: in four) and writes out what
// every thread then holds. The tests compare a GPU with the emulator, word by word; no network uses them.
#include "cuda/fragments.h"
#include "cuda/hopper.h"
#include "cuda/tiles.h"
#include <cstring>
#include <stdexcept>
#include <string>

namespace stepgrad {
namespace {

constexpr int LANES = 32;
#if !defined(__CUDACC__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define STEPGRAD_HOPPER
#endif

__device__ inline float as_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
__device__ inline uint32_t as_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// in: a [lane][4], b [lane][2], d [lane][4]; out: d.
template <bool BF16> __global__ void multiply_probe(const uint32_t* in, uint32_t* out) {
  const int lane = int(threadIdx.x);
  unsigned a[4], b[2];
  float d[4];
  for (int i = 0; i < 4; i++) a[i] = in[lane * 4 + i], d[i] = as_float(in[LANES * 6 + lane * 4 + i]);
  for (int i = 0; i < 2; i++) b[i] = in[LANES * 4 + lane * 2 + i];
  if (BF16)
    mma_bf16(d, a, b);
  else
    mma_tf32(d, a, b);
  for (int i = 0; i < 4; i++) out[lane * 4 + i] = as_bits(d[i]);
}

// in, out: a float of each lane.
__global__ void rounding_probe(const uint32_t* in, uint32_t* out) {
  out[threadIdx.x] = to_tf32(as_float(in[threadIdx.x]));
}

// in: 8 N rows of 8 numbers of 16 bits; out: r [lane][N].
template <int N, bool TRANSPOSED> __global__ void load_probe(const uint32_t* in, uint32_t* out) {
  SHARED(uint4, rows, [LANES]);
  const int lane = int(threadIdx.x);
  if (lane < 8 * N)
    rows[lane] = make_uint4(in[lane * 4], in[lane * 4 + 1], in[lane * 4 + 2], in[lane * 4 + 3]);
  __syncthreads();
  unsigned r[N];
  load_matrices<TRANSPOSED>(r, &rows[lane % (8 * N)]);
  for (int i = 0; i < N; i++) out[lane * N + i] = r[i];
}

// in: 16 bytes of each lane, of which it copies the first BYTES, and of these lane % (BYTES + 1) are filled; out: shared memory.
template <int BYTES> __global__ void copy_probe(const uint32_t* in, uint32_t* out) {
  SHARED(uint4, there, [LANES]);
  const int lane = int(threadIdx.x);
  there[lane] = make_uint4(~0u, ~0u, ~0u, ~0u);
  copy_async<BYTES>(&there[lane], in + lane * 4, lane % (BYTES + 1));
  commit_copies();
  wait_copies<0>();
  const uint4 got = there[lane];
  out[lane * 4] = got.x, out[lane * 4 + 1] = got.y, out[lane * 4 + 2] = got.z, out[lane * 4 + 3] = got.w;
}

constexpr int A_ROWS = 64, B_ROWS = 128, GROUP = 128;       // of wgmma
constexpr int A_WORDS = A_ROWS * 32, B_WORDS = B_ROWS * 32; // rows of 128 bytes

// A, B: boxes at (8, 0) of matrices of as many rows as the box, so that its last 8 rows lie outside of them. d: [thread][64], what
// is added to. out: the tile of A as TMA laid it out, then D += A B^T over all columns, [thread][64].
template <class Number>
__global__ void __launch_bounds__(GROUP)
    wgmma_probe(const uint32_t* d_in, uint32_t* out, const __grid_constant__ TensorMap A,
                const __grid_constant__ TensorMap B) {
#ifdef STEPGRAD_HOPPER
  constexpr int COLUMNS = TILE_COLUMNS<Number>;
  DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* base = memory + (1024 - reinterpret_cast<uintptr_t>(memory) % 1024) % 1024;
  auto* a = reinterpret_cast<Number*>(base);
  Number* b = a + A_ROWS * COLUMNS;
  auto* full = reinterpret_cast<ArrivalBarrier*>(b + B_ROWS * COLUMNS);
  const int thread = int(threadIdx.x);
  if (thread == 0) {
    init_barrier(full, 1);
    publish_barriers();
    arrive_expecting(full, (A_WORDS + B_WORDS) * 4);
    copy_box(a, A, 8, 0, A_ROWS, full);
    copy_box(b, B, 8, 0, B_ROWS, full);
  }
  __syncthreads();
  wait_for_phase(full, 0);
  for (int i = thread; i < A_WORDS; i += GROUP) memcpy(out + i, base + i * 4, 4);
  float d[64];
#pragma unroll
  for (int i = 0; i < 64; i++) d[i] = as_float(d_in[thread * 64 + i]);
  begin_wgmma();
#pragma unroll
  for (int k = 0; k < COLUMNS; k += COLUMNS / 4) wgmma(d, a, b, k);
  finish_wgmma();
#pragma unroll
  for (int i = 0; i < 64; i++) out[A_WORDS + thread * 64 + i] = as_bits(d[i]);
#endif
}

template <class Number> void run_wgmma(const uint32_t* in, uint32_t* out) {
  const auto* a = reinterpret_cast<const Number*>(in);
  const auto* b = reinterpret_cast<const Number*>(in + A_WORDS);
  launch(wgmma_probe<Number>, dim3(1), dim3(GROUP), (A_WORDS + B_WORDS) * 4 + sizeof(ArrivalBarrier) + 1024,
         in + A_WORDS + B_WORDS, out, describe_matrix(a, A_ROWS, TILE_COLUMNS<Number>, A_ROWS),
         describe_matrix(b, B_ROWS, TILE_COLUMNS<Number>, B_ROWS));
}

template <void (*KERNEL)(const uint32_t*, uint32_t*)> void run_warp(const uint32_t* in, uint32_t* out) {
  launch(KERNEL, dim3(1), dim3(LANES), 0, in, out);
}

struct Primitive {
  const char* name;
  PrimitiveWords words;
  void (*run)(const uint32_t* in, uint32_t* out);
};
const Primitive PRIMITIVES[] = {
    {"mma_bf16", {LANES * 10, LANES * 4}, run_warp<multiply_probe<true>>},
    {"mma_tf32", {LANES * 10, LANES * 4}, run_warp<multiply_probe<false>>},
    {"to_tf32", {LANES, LANES}, run_warp<rounding_probe>},
    {"ldmatrix_x2", {LANES * 2, LANES * 2}, run_warp<load_probe<2, false>>},
    {"ldmatrix_x2_trans", {LANES * 2, LANES * 2}, run_warp<load_probe<2, true>>},
    {"ldmatrix_x4", {LANES * 4, LANES * 4}, run_warp<load_probe<4, false>>},
    {"ldmatrix_x4_trans", {LANES * 4, LANES * 4}, run_warp<load_probe<4, true>>},
    {"cp_async_4", {LANES * 4, LANES * 4}, run_warp<copy_probe<4>>},
    {"cp_async_8", {LANES * 4, LANES * 4}, run_warp<copy_probe<8>>},
    {"cp_async_16", {LANES * 4, LANES * 4}, run_warp<copy_probe<16>>},
    {"wgmma_bf16", {A_WORDS + B_WORDS + GROUP * 64, A_WORDS + GROUP * 64}, run_wgmma<bfloat16>},
    {"wgmma_tf32", {A_WORDS + B_WORDS + GROUP * 64, A_WORDS + GROUP * 64}, run_wgmma<float>},
};

const Primitive& find(const char* name) {
  for (const Primitive& p : PRIMITIVES)
    if (std::strcmp(p.name, name) == 0) return p;
  throw std::invalid_argument(std::string("there is no primitive '") + name + "'");
}

} // namespace

PrimitiveWords primitive_words(const char* name) { return find(name).words; }
void run_primitive(const char* name, const uint32_t* in, uint32_t* out) { find(name).run(in, out); }

} // namespace stepgrad
