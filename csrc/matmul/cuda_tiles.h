// What the CUDA rungs of matmul share: which part of C a block computes, and how tiles of A and B reach shared memory.
#pragma once
#include "cuda/cuda.h"
#include "matmul/matmul.h"
#include <cstdint>

namespace stepgrad {

constexpr long MAX_GRID_Y = 65535;

// Tiles of C along x, row of tiles after row of tiles: x may hold 2^31 blocks. Batch entries along y; where there are more than y
// may hold, along z, too. The last blocks may then find no entry left. (A loop over entries in the kernel would keep what all of
// them share in registers, which the sums need.)
template <class T> dim3 matmul_grid(const MatmulArgs<T>& g, long rows, long columns) {
  const unsigned z = blocks_for(g.batch, MAX_GRID_Y);
  return dim3(blocks_for(g.M, rows) * blocks_for(g.N, columns), blocks_for(g.batch, z), z);
}
__device__ inline long matmul_entry() { return long(blockIdx.z) * gridDim.y + blockIdx.y; }

// The first row and column of this block's tile.
struct Corner {
  long row, col;
};
__device__ inline Corner matmul_corner(long N, long rows, long columns) {
  const long tiles = (N + columns - 1) / columns;
  return {blockIdx.x / tiles * rows, blockIdx.x % tiles * columns};
}

// A factor of the product, A's rows and B's columns seen alike: `count` vectors of `depth` elements, over which the sum runs.
template <class T> struct Factor {
  const T* data; // element k of vector i is data[i * i_stride + k * k_stride]
  long count, depth, i_stride, k_stride;
};
template <class T> __device__ Factor<T> rows_of_a(const MatmulArgs<T>& g, long batch) {
  return {g.A + batch * g.a_batch, g.M, g.K, g.a_row, g.a_col};
}
template <class T> __device__ Factor<T> columns_of_b(const MatmulArgs<T>& g, long batch) {
  return {g.B + batch * g.b_batch, g.N, g.K, g.b_col, g.b_row};
}

// Brings I vectors of K elements to shared memory as tile[K][LD], in two halves with registers between: fetch, then store.
// Neighbouring threads take neighbouring addresses, whichever axis of the matrix is contiguous; beyond the edges are zeros.
// VEC elements travel at a time: 4 needs what `quads_fit` asks for.
template <class T, int I, int K, int THREADS, int VEC> struct TileLoader {
  static constexpr int TURNS = I * K / VEC / THREADS;
  static_assert(TURNS * VEC * THREADS == I * K, "every thread has the same work");
  static_assert(THREADS * VEC % I == 0 && THREADS * VEC % K == 0, "a turn moves along one axis");
  bool along_k;     // whether k is the contiguous axis
  int i, k, di, dk; // this thread's first vector and element of the tile; from one turn to the next
  int count;        // vectors of the tile that exist
  long depth, step; // the Factor's; from one tile to the next
  const T* from;    // element (i, k) of the tile that is fetched next
  long turn_stride;
  T held[TURNS][VEC];

  __device__ TileLoader(const Factor<T>& x, long i0)
      : along_k(x.k_stride == 1), depth(x.depth), step(K * x.k_stride) {
    const int e = int(threadIdx.x) * VEC;
    i = along_k ? e / K : e % I, di = along_k ? THREADS * VEC / K : 0;
    k = along_k ? e % K : e / I, dk = along_k ? 0 : THREADS * VEC / I;
    count = int(x.count - i0 < I ? x.count - i0 : I);
    from = x.data + (i0 + i) * x.i_stride + k * x.k_stride;
    turn_stride = di * x.i_stride + dk * x.k_stride;
  }

  // k0: 0, K, 2 K and so on, in turn.
  __device__ void fetch(long k0) {
    const int left = int(depth - k0 < K ? depth - k0 : K);
#pragma unroll
    for (int turn = 0; turn < TURNS; turn++) {
      const bool inside = i + turn * di < count && k + turn * dk < left;
      const T* p = from + turn * turn_stride;
      if constexpr (VEC == 4) {
        const float4 quad = inside ? *reinterpret_cast<const float4*>(p) : make_float4(0, 0, 0, 0);
        held[turn][0] = quad.x, held[turn][1] = quad.y, held[turn][2] = quad.z, held[turn][3] = quad.w;
      } else {
        held[turn][0] = inside ? *p : T(0);
      }
    }
    from += step;
  }

  template <int LD> __device__ void store(T (*tile)[LD]) const {
#pragma unroll
    for (int turn = 0; turn < TURNS; turn++)
#pragma unroll
      for (int v = 0; v < VEC; v++) {
        if (along_k)
          tile[k + v][i + turn * di] = held[turn][v]; // turned around on the way
        else
          tile[k + turn * dk][i + v] = held[turn][v];
      }
  }
};

__device__ inline void read_quad(const float* from, float* to) {
  const float4 quad = *reinterpret_cast<const float4*>(from);
  to[0] = quad.x, to[1] = quad.y, to[2] = quad.z, to[3] = quad.w;
}

// Writes what lies inside C of from[4], the elements (row, col) to (row, col + 3).
template <int VEC>
__device__ void write_quad(const float* from, const MatmulArgs<float>& g, long b, long row, long col) {
  if (row >= g.M) return;
  float* to = g.C + b * g.c_batch + row * g.ldc + col;
  if constexpr (VEC == 4) {
    if (col < g.N) *reinterpret_cast<float4*>(to) = make_float4(from[0], from[1], from[2], from[3]);
  } else {
    for (int n = 0; n < 4; n++)
      if (col + n < g.N) to[n] = from[n];
  }
}

// Whether a matrix may be read in float4: 16-byte rows, and no quad that is half inside.
inline bool quads_fit(const void* data, long batch_stride, long row, long col, long rows, long columns) {
  const long contiguous = col == 1 ? columns : rows, stride = col == 1 ? row : col;
  return (row == 1 || col == 1) && contiguous % 4 == 0 && stride % 4 == 0 && batch_stride % 4 == 0 &&
         reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
}
template <class T> bool quads_fit(const MatmulArgs<T>& g) {
  return quads_fit(g.A, g.a_batch, g.a_row, g.a_col, g.M, g.K) &&
         quads_fit(g.B, g.b_batch, g.b_row, g.b_col, g.K, g.N) && //
         quads_fit(g.C, g.c_batch, g.ldc, 1, g.M, g.N);
}

} // namespace stepgrad
