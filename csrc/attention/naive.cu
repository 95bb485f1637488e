// Bottom rung of attention on CUDA: the formulas as they are written, a kernel for each, with all scores in global memory.
//
// Forward: S = scale Q K^T + mask; a softmax of each row, in place; Y = P V. Backward: P again, then
// dS = P * (dY V^T - rowsum(dY * Y)) beside it, and three products. A thread computes one element of a result.
//
// q, y, dy, dq [batch, tq, heads, d or dv], k, v, dk, dv_ [batch, tk, kv_heads, d or dv], max, sum [batch, heads, tq],
// S, P, dS [batch, heads, tq, tk] in scratch memory. 2 * tq * tk * (d + dv) FLOPs a head forward.
// Limit: memory. The tq * tk scores are written and read again twice, and every dot product reads both of its rows itself.
#include "attention/cuda_tiles.h"

namespace stepgrad {
namespace cuda {
namespace {

template <class T> __device__ T dot(const T* a, const T* b, long n) {
  T sum = 0;
  for (long c = 0; c < n; c++) sum += a[c] * b[c];
  return sum;
}

// Entry e of an array [batch, n1, n2, n3], a thread each.
struct Index {
  long b, x, y, z;
};
__device__ Index index_of(long n1, long n2, long n3) {
  const long e = long(blockIdx.x) * THREADS + threadIdx.x;
  return {e / n3 / n2 / n1, e / n3 / n2 % n1, e / n3 % n2, e % n3};
}
dim3 blocks_of_all(long n) { return dim3(blocks_for(n, THREADS)); }

template <class T> __global__ void scores_kernel(AttentionSizes<T> g, const T* q, const T* k, T* S) {
  const auto [b, h, i, j] = index_of(g.heads, g.tq, g.tk);
  if (b >= g.batch) return;
  const T* key = row_of(k, b, j, h / (g.heads / g.kv_heads), g.tk, g.kv_heads, g.d);
  S[((b * g.heads + h) * g.tq + i) * g.tk + j] =
      masked_score(g, dot(row_of(q, b, i, h, g.tq, g.heads, g.d), key, g.d), b, h, i, j);
}

// A thread a row: the largest score, the sum of exp(score - largest); the row becomes these terms.
template <class T> __global__ void softmax_kernel(AttentionArgs<T> g, T* S) {
  const Index at = index_of(g.heads, g.tq, 1);
  const long b = at.b, h = at.x, i = at.y;
  if (b >= g.batch) return;
  const long row = (b * g.heads + h) * g.tq + i, seen = g.causal && i + 1 < g.tk ? i + 1 : g.tk;
  T *s = S + row * g.tk, max = -INF<T>, sum = 0;
  for (long j = 0; j < seen; j++) max = larger_or_nan(max, s[j]);
  for (long j = 0; j < seen; j++) sum += s[j] = std::exp(s[j] - max);
  g.max[row] = max, g.sum[row] = sum;
}

template <class T> __global__ void values_kernel(AttentionArgs<T> g, const T* P) {
  const auto [b, i, h, c] = index_of(g.tq, g.heads, g.dv);
  if (b >= g.batch) return;
  const long row = (b * g.heads + h) * g.tq + i, seen = g.causal && i + 1 < g.tk ? i + 1 : g.tk;
  T sum = 0;
  for (long j = 0; j < seen; j++)
    sum += P[row * g.tk + j] * *row_of(g.v + c, b, j, h / (g.heads / g.kv_heads), g.tk, g.kv_heads, g.dv);
  *row_of(g.y + c, b, i, h, g.tq, g.heads, g.dv) = sum / g.sum[row];
}

// P in place of S, and dS beside it; 0 where a key is not seen.
template <class T> __global__ void weights_gradient_kernel(AttentionGradientArgs<T> g, T* P, T* dS) {
  const auto [b, h, i, j] = index_of(g.heads, g.tq, g.tk);
  if (b >= g.batch) return;
  const long row = (b * g.heads + h) * g.tq + i, e = row * g.tk + j;
  const bool seen = !g.causal || j <= i;
  const T *dy = row_of(g.dy, b, i, h, g.tq, g.heads, g.dv), *y = row_of(g.y, b, i, h, g.tq, g.heads, g.dv);
  const T* v = row_of(g.v, b, j, h / (g.heads / g.kv_heads), g.tk, g.kv_heads, g.dv);
  const T p = seen ? std::exp(P[e] - g.max[row]) / g.sum[row] : T(0);
  P[e] = p;
  dS[e] = seen ? g.scale * p * (dot(dy, v, g.dv) - dot(dy, y, g.dv)) : T(0);
}

template <class T> __global__ void query_gradient_kernel(AttentionGradientArgs<T> g, const T* dS) {
  const auto [b, i, h, c] = index_of(g.tq, g.heads, g.d);
  if (b >= g.batch) return;
  const T* ds = dS + ((b * g.heads + h) * g.tq + i) * g.tk;
  const long seen = g.causal && i + 1 < g.tk ? i + 1 : g.tk;
  T sum = 0;
  for (long j = 0; j < seen; j++)
    sum += ds[j] * *row_of(g.k + c, b, j, h / (g.heads / g.kv_heads), g.tk, g.kv_heads, g.d);
  *row_of(g.dq + c, b, i, h, g.tq, g.heads, g.d) = sum;
}

// dk from dS and q, dv from P and dy: to[b, j, kv] = sum over the heads that share kv, and their queries, of W[i, j] x[b, i, h].
template <class T>
__global__ void keys_gradient_kernel(AttentionSizes<T> g, const T* W, const T* x, T* to, long width) {
  const auto [b, j, kv, c] = index_of(g.tk, g.kv_heads, width);
  if (b >= g.batch) return;
  const long group = g.heads / g.kv_heads;
  T sum = 0;
  for (long h = kv * group; h < (kv + 1) * group; h++)
    for (long i = g.causal ? j : 0; i < g.tq; i++)
      sum += W[((b * g.heads + h) * g.tq + i) * g.tk + j] * *row_of(x + c, b, i, h, g.tq, g.heads, width);
  *row_of(to + c, b, j, kv, g.tk, g.kv_heads, width) = sum;
}

} // namespace

STEPGRAD_RUNG(AttentionArgs, "attention", "naive", 0, "the matrix of all scores in global memory",
              attention_naive)
template <class T> void attention_naive(const AttentionArgs<T>& g) {
  const long rows = g.batch * g.heads * g.tq;
  if (rows == 0) return;
  auto S = working_memory<T>(rows * g.tk);
  if (g.tk > 0) launch(scores_kernel<T>, blocks_of_all(rows * g.tk), dim3(THREADS), 0, g, g.q, g.k, S.data());
  launch(softmax_kernel<T>, blocks_of_all(rows), dim3(THREADS), 0, g, S.data());
  if (g.dv > 0) launch(values_kernel<T>, blocks_of_all(rows * g.dv), dim3(THREADS), 0, g, S.data());
}

STEPGRAD_RUNG(AttentionGradientArgs, "attention_gradient", "naive", 0,
              "the matrix of all weights in global memory", attention_gradient_naive)
template <class T> void attention_gradient_naive(const AttentionGradientArgs<T>& g) {
  const long rows = g.batch * g.heads * g.tq, keys = g.batch * g.kv_heads * g.tk;
  auto P = working_memory<T>(rows * g.tk), dS = working_memory<T>(rows * g.tk);
  if (rows * g.tk > 0) {
    launch(scores_kernel<T>, blocks_of_all(rows * g.tk), dim3(THREADS), 0, g, g.q, g.k, P.data());
    launch(weights_gradient_kernel<T>, blocks_of_all(rows * g.tk), dim3(THREADS), 0, g, P.data(), dS.data());
  }
  if (rows * g.d > 0)
    launch(query_gradient_kernel<T>, blocks_of_all(rows * g.d), dim3(THREADS), 0, g, dS.data());
  if (keys * g.d > 0)
    launch(keys_gradient_kernel<T>, blocks_of_all(keys * g.d), dim3(THREADS), 0, g, dS.data(), g.q, g.dk,
           g.d);
  if (keys * g.dv > 0)
    launch(keys_gradient_kernel<T>, blocks_of_all(keys * g.dv), dim3(THREADS), 0, g, P.data(), g.dy, g.dv_,
           g.dv);
}

} // namespace cuda
} // namespace stepgrad
