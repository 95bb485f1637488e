// What only Hopper (sm_90a) has: barriers in shared memory that count bytes, copies of whole tiles (TMA), and wgmma, which 128
// threads do together on tiles in shared memory. One function an instruction, as in cuda/tiles.h.
//
// The reference bodies hold OUR reading of the manual (swizzle, fragments, phases); no hardware has confirmed it yet.
// They do everything at once, so they find a wait for the wrong phase, but not a fence that is missing.
//
// Tiles hold bfloat16, or floats of which the upper 19 bits count (tf32): Number, below. A tile has rows of 128 bytes, at
// multiples of 1024 bytes; 16-byte piece p of row r lies at piece p ^ (r % 8): swizzle 128B.
#pragma once
#include "cuda/bfloat16.h"
#include "cuda/cuda.h"
#include <cstdint>
#include <stdexcept>
#include <type_traits>

namespace stepgrad {

template <class Number> constexpr int TILE_COLUMNS = 128 / int(sizeof(Number)); // 64 of bfloat16, 32 of tf32

struct alignas(8)
    ArrivalBarrier { // threads and bytes that must arrive before its phase, 0 or 1 by turns, ends
  uint64_t state;
};

#ifdef __CUDACC__
} // namespace stepgrad
#include <cuda.h>
namespace stepgrad {

using TensorMap = CUtensorMap;

// Describes a matrix [rows, columns], from which boxes of box_rows x TILE_COLUMNS are copied. Throws where there is no Hopper.
template <class Number>
TensorMap describe_matrix(const Number* data, long rows, long columns, unsigned box_rows) {
  int device = 0, major = 0;
  check_cuda(cudaGetDevice(&device), "the current GPU");
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "compute capability");
  if (major != 9) throw std::runtime_error("wgmma needs a Hopper GPU (compute capability 9.0)");
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found;
  check_cuda(
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000, cudaEnableDefault, &found),
      "cuTensorMapEncodeTiled");
  if (!entry) throw std::runtime_error("the driver has no cuTensorMapEncodeTiled: it is older than CUDA 12");
  TensorMap map;
  const cuuint64_t sizes[] = {cuuint64_t(columns), cuuint64_t(rows)},
                   strides[] = {cuuint64_t(columns) * sizeof(Number)};
  const cuuint32_t box[] = {TILE_COLUMNS<Number>, box_rows}, steps[] = {1, 1};
  const CUresult result = reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(entry)(
      &map,
      std::is_same<Number, float>::value ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32 : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
      2, const_cast<Number*>(data), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
      CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) throw std::runtime_error("cuTensorMapEncodeTiled refused the matrix");
  return map;
}

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
__device__ __forceinline__ unsigned in_shared(const void* p) { return unsigned(__cvta_generic_to_shared(p)); }

__device__ __forceinline__ void init_barrier(ArrivalBarrier* b, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(in_shared(b)), "r"(arrivals) : "memory");
}
__device__ __forceinline__ void publish_barriers() { // to the unit that copies, too
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}
__device__ __forceinline__ void arrive(ArrivalBarrier* b) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(in_shared(b)) : "memory");
}
__device__ __forceinline__ void arrive_expecting(ArrivalBarrier* b, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(in_shared(b)), "r"(bytes)
               : "memory");
}
__device__ __forceinline__ void wait_for_phase(ArrivalBarrier* b, int phase) {
  asm volatile("{\n.reg .pred done;\nagain:\nmbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra again;\n}" ::"r"(in_shared(b)),
               "r"(phase)
               : "memory");
}
// Starts the copy of the box at (row, column); its bytes arrive at the barrier.
template <class Number>
__device__ __forceinline__ void copy_box(Number* tile, const TensorMap& map, int row, int column,
                                         int /*box_rows*/, ArrivalBarrier* b) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, "
               "%3}], [%4];" ::"r"(in_shared(tile)),
               "l"(&map), "r"(column), "r"(row), "r"(in_shared(b))
               : "memory");
}
template <int REGISTERS> __device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(REGISTERS));
}
template <int REGISTERS> __device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(REGISTERS));
}
__device__ __forceinline__ void begin_wgmma() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void finish_wgmma() {
  asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;" ::: "memory");
}

// Address, 1024 bytes from 8 rows to the next 8, swizzle 128B.
__device__ __forceinline__ uint64_t tile_descriptor(const void* tile) {
  return uint64_t((in_shared(tile) & 0x3ffff) >> 4) | uint64_t(1) << 16 | uint64_t(1024 >> 4) << 32 |
         uint64_t(1) << 62;
}

#define STEPGRAD_D4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define STEPGRAD_D16(i) STEPGRAD_D4(i), STEPGRAD_D4(i + 4), STEPGRAD_D4(i + 8), STEPGRAD_D4(i + 12)
#define STEPGRAD_WGMMA(instruction, flags)                                                                   \
  asm volatile(                                                                                              \
      "wgmma.mma_async.sync.aligned." instruction                                                            \
      " {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,"     \
      "%26,%27,%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,"     \
      "%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63}, %64, %65, 1, 1, 1" flags ";"                \
      : STEPGRAD_D16(0), STEPGRAD_D16(16), STEPGRAD_D16(32), STEPGRAD_D16(48)                                \
      : "l"(tile_descriptor(A + k)), "l"(tile_descriptor(B + k)))
__device__ __forceinline__ void wgmma(float (&d)[64], const bfloat16* A, const bfloat16* B, int k) {
  STEPGRAD_WGMMA("m64n128k16.f32.bf16.bf16", ", 0, 0"); // the last two: neither factor is turned around
}
__device__ __forceinline__ void wgmma(float (&d)[64], const float* A, const float* B, int k) {
  STEPGRAD_WGMMA("m64n128k8.f32.tf32.tf32", ""); // which 32-bit numbers do not allow
}
#undef STEPGRAD_WGMMA
#undef STEPGRAD_D16
#undef STEPGRAD_D4
#endif

#else // the emulator
} // namespace stepgrad
#include "emulator/arrival_barrier.h"
namespace stepgrad {
#define __grid_constant__
struct TensorMap {
  const void* data;
  long rows, columns;
};
template <class Number> TensorMap describe_matrix(const Number* data, long rows, long columns, unsigned) {
  return {data, rows, columns};
}

inline emulator::ArrivalBarrier& emulated(ArrivalBarrier* b) {
  static_assert(sizeof(emulator::ArrivalBarrier) == sizeof(ArrivalBarrier), "a barrier has 8 bytes");
  return *reinterpret_cast<emulator::ArrivalBarrier*>(b);
}
inline void init_barrier(ArrivalBarrier* b, int arrivals) { emulator::init_barrier(emulated(b), arrivals); }
inline void publish_barriers() {}
inline void arrive(ArrivalBarrier* b) { emulator::arrive(emulated(b)); }
inline void arrive_expecting(ArrivalBarrier* b, int bytes) {
  emulator::expect_bytes(emulated(b), bytes);
  emulator::arrive(emulated(b));
}
inline void wait_for_phase(ArrivalBarrier* b, int phase, emulator::Site site = STEPGRAD_HERE) {
  emulator::wait_for_phase(emulated(b), phase, site);
}
template <class Number> Number* swizzled(const Number* tile, int row, int column) {
  constexpr int PIECE = 16 / int(sizeof(Number));
  return const_cast<Number*>(tile) + row * TILE_COLUMNS<Number> + ((column / PIECE) ^ (row % 8)) * PIECE +
         column % PIECE;
}
template <class Number>
void copy_box(Number* tile, const TensorMap& map, int row, int column, int box_rows, ArrivalBarrier* b) {
  const Number* data = static_cast<const Number*>(map.data);
  for (int r = 0; r < box_rows; r++)
    for (int c = 0; c < TILE_COLUMNS<Number>; c++)
      *swizzled(tile, r, c) = row + r < map.rows && column + c < map.columns
                                  ? data[(row + r) * map.columns + column + c]
                                  : Number{};
  emulator::bytes_arrived(emulated(b), box_rows * 128);
}
template <int REGISTERS> void give_registers() {}
template <int REGISTERS> void take_registers() {}
inline void begin_wgmma() {}
inline void finish_wgmma() {}
inline float factor(bfloat16 x) { return to_float(x); }
inline float factor(float x) { return __uint_as_float(__float_as_uint(x) & 0xffffe000u); }
// Every thread computes its own part of D.
template <class Number> void wgmma(float (&d)[64], const Number* A, const Number* B, int k) {
  const int lane = int(threadIdx.x) % 32, row = int(threadIdx.x) / 32 % 4 * 16 + lane / 4;
  for (int c = k; c < k + TILE_COLUMNS<Number> / 4; c++) {
    const float a[] = {factor(*swizzled(A, row, c)), factor(*swizzled(A, row + 8, c))};
    for (int column = 0; column < 32; column++) {
      const int first = column / 2 * 4 + column % 2; // of d
      const float b = factor(*swizzled(B, column / 2 * 8 + lane % 4 * 2 + column % 2, c));
      d[first] += a[0] * b, d[first + 2] += a[1] * b;
    }
  }
}
#endif

// wgmma: D[64, 128] += A[64, K] B[128, K]^T, columns k .. k + K - 1 of two tiles, K = 16 of bfloat16, 8 of tf32. With warp w of the four and g = lane / 4,
// t = lane % 4:  d[4 j + i] = D(16 w + g + i / 2 * 8, 8 j + 2 t + i % 2).

} // namespace stepgrad
