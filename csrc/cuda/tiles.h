// The instructions of tensor cores and of asynchronous copies, one function each. Under nvcc a function is one line of
// PTX; in the emulator it does what the PTX manual says, lane by lane (csrc/emulator/tensor_core.cpp, async_copy.cpp).
//
// All 32 lanes of a warp must call mma_* and load_matrices together. Fragments, with g = lane / 4 and t = lane % 4:
//
//   mma_bf16: D[16, 8] += A[16, 16] B[16, 8], bfloat16 in, float sums
//     a[0] = A(g, 2t), A(g, 2t+1)         a[2] = A(g, 2t+8), A(g, 2t+9)       two numbers a register, the first one low
//     a[1] = A(g+8, 2t), A(g+8, 2t+1)     a[3] = A(g+8, 2t+8), A(g+8, 2t+9)
//     b[0] = B(2t, g), B(2t+1, g)         b[1] = B(2t+8, g), B(2t+9, g)
//     d[0] = D(g, 2t), d[1] = D(g, 2t+1), d[2] = D(g+8, 2t), d[3] = D(g+8, 2t+1)
//   mma_tf32: D[16, 8] += A[16, 8] B[8, 8], floats of which the upper 19 bits count
//     a[0] = A(g, t), a[1] = A(g+8, t), a[2] = A(g, t+4), a[3] = A(g+8, t+4);  b[0] = B(t, g), b[1] = B(t+4, g);  d as above
//   load_matrices<N>: N matrices of 8 rows of 8 numbers of 16 bits. Lane 8 m + i brings the address of row i of matrix m;
//     r[m] = M(g, 2t), M(g, 2t+1), or with TRANSPOSED = M(2t, g), M(2t+1, g).
#pragma once
#include "cuda/cuda.h"
#include <cstdint>

#ifdef __CUDACC__

namespace stepgrad {

__device__ __forceinline__ unsigned shared_address(const void* p) {
  return unsigned(__cvta_generic_to_shared(p));
}

__device__ __forceinline__ void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// The bits of x rounded to tf32: to nearest, ties away from zero.
__device__ __forceinline__ unsigned to_tf32(float x) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

template <bool TRANSPOSED = false>
__device__ __forceinline__ void load_matrices(unsigned (&r)[4], const void* row) {
  if (TRANSPOSED)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}

template <bool TRANSPOSED = false>
__device__ __forceinline__ void load_matrices(unsigned (&r)[2], const void* row) {
  if (TRANSPOSED)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
}

// Starts a copy of BYTES (4, 8 or 16) from global to shared memory; what is above `filled` bytes becomes 0.
template <int BYTES>
__device__ __forceinline__ void copy_async(void* to, const void* from, int filled = BYTES) {
  if (BYTES == 16) // past L1: the numbers go to shared memory and nowhere else
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(filled)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(filled), "n"(BYTES)
                 : "memory");
}

// The copies since the last commit become one group; wait until at most GROUPS of them are still on their way. Other
// threads see what was copied only after a barrier that follows the wait.
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int GROUPS> __device__ __forceinline__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}

} // namespace stepgrad

#else
#include "emulator/async_copy.h"
#include "emulator/tensor_core.h"

namespace stepgrad {

using emulator::mma_bf16;
using emulator::mma_tf32;
using emulator::to_tf32;

template <bool TRANSPOSED = false, int N>
void load_matrices(unsigned (&r)[N], const void* row, emulator::Site site = STEPGRAD_HERE) {
  emulator::load_matrices(r, N, TRANSPOSED, row, site);
}
template <int BYTES>
void copy_async(void* to, const void* from, int filled = BYTES, emulator::Site site = STEPGRAD_HERE) {
  static_assert(BYTES == 4 || BYTES == 8 || BYTES == 16, "cp.async copies 4, 8 or 16 bytes");
  emulator::start_copy(to, from, BYTES, size_t(filled), site);
}
using emulator::commit_copies;
template <int GROUPS> void wait_copies() { emulator::wait_copies(GROUPS); }

} // namespace stepgrad
#endif
