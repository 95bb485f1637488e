// Bottom rung of attention: the formulas as they are written, with the whole matrix of scores in memory.
//
// Backward, with G = dY V^T:  dS = P * (G - rowsum(P * G)),  dQ = scale dS K,  dK = scale dS^T Q,  dV = P^T dY.
// Why it is slow: tq * tk scores go to memory and come back three times, and every dot product waits for its additions.
//
// q, y, dy, dq: [batch, tq, heads, d or dv], k, v, dk, dv: [batch, tk, kv_heads, d or dv], max, sum: [batch, heads, tq].
// 2 * tq * tk * (d + dv) FLOPs a head forward, 2.5 times as many backward; tq * tk elements of working memory.
#include "attention/attention.h"
#include "common/registry.h"
#include "matmul/bf16.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace stepgrad {
namespace {

using STEPGRAD_ISA::Exact;
using STEPGRAD_ISA::Rounded;

// Factor: Exact or, for attention_bf16, Rounded (bf16.h). It is asked for every factor whenever it is used.
template <class Factor, class T> T dot(const T* a, const T* b, long n) {
  T sum = 0;
  for (long i = 0; i < n; i++) sum += Factor::of(a[i]) * Factor::of(b[i]);
  return sum;
}

// y += factor * x
template <class Factor, class T> void add_multiple(T factor, const T* x, long n, T* y) {
  for (long i = 0; i < n; i++) y[i] += Factor::of(factor) * Factor::of(x[i]);
}

// One row of S, as far as the query sees.
template <class Factor, class T>
void scores(const AttentionSizes<T>& g, const T* q, Rows<const T> k, const T* mask, long seen, T* s) {
  for (long j = 0; j < seen; j++) s[j] = g.scale * dot<Factor>(q, k[j], g.d) + (mask ? mask[j] : 0);
}

template <class Factor, class T> void forward(const AttentionArgs<T>& g) {
  std::vector<T> S(size_t(g.tq * g.tk));
  for (long b = 0; b < g.batch; b++)
    for (long h = 0; h < g.heads; h++) {
      const auto q = head_of(g.q, b, h, g.tq, g.heads, g.d);
      const auto k = head_of(g.k, b, h / g.group(), g.tk, g.kv_heads, g.d);
      const auto v = head_of(g.v, b, h / g.group(), g.tk, g.kv_heads, g.dv);
      const auto y = head_of(g.y, b, h, g.tq, g.heads, g.dv);
      T *max = g.max + (b * g.heads + h) * g.tq, *sum = g.sum + (b * g.heads + h) * g.tq;
      for (long i = 0; i < g.tq; i++)
        scores<Factor>(g, q[i], k, g.mask_of(b, h, i), g.visible(i), S.data() + i * g.tk);
      for (long i = 0; i < g.tq; i++) {
        T* s = S.data() + i * g.tk;
        max[i] = -std::numeric_limits<T>::infinity(), sum[i] = 0;
        for (long j = 0; j < g.visible(i); j++)
          if (s[j] > max[i] || s[j] != s[j]) max[i] = s[j];
        for (long j = 0; j < g.visible(i); j++) sum[i] += s[j] = std::exp(s[j] - max[i]);
      }
      for (long i = 0; i < g.tq; i++) {
        std::fill_n(y[i], g.dv, T(0));
        for (long j = 0; j < g.visible(i); j++)
          add_multiple<Factor>(S[size_t(i * g.tk + j)], v[j], g.dv, y[i]);
        for (long c = 0; c < g.dv; c++) y[i][c] /= sum[i];
      }
    }
}

template <class Factor, class T> void backward(const AttentionGradientArgs<T>& g) {
  std::vector<T> P(size_t(g.tq * g.tk));
  std::fill_n(g.dq, g.batch * g.tq * g.heads * g.d, T(0));
  std::fill_n(g.dk, g.batch * g.tk * g.kv_heads * g.d, T(0));
  std::fill_n(g.dv_, g.batch * g.tk * g.kv_heads * g.dv, T(0));
  for (long b = 0; b < g.batch; b++)
    for (long h = 0; h < g.heads; h++) {
      const long kv = h / g.group();
      const auto q = head_of(g.q, b, h, g.tq, g.heads, g.d);
      const auto y = head_of(g.y, b, h, g.tq, g.heads, g.dv), dy = head_of(g.dy, b, h, g.tq, g.heads, g.dv);
      const auto k = head_of(g.k, b, kv, g.tk, g.kv_heads, g.d),
                 v = head_of(g.v, b, kv, g.tk, g.kv_heads, g.dv);
      const auto dq = head_of(g.dq, b, h, g.tq, g.heads, g.d),
                 dk = head_of(g.dk, b, kv, g.tk, g.kv_heads, g.d);
      const auto dv = head_of(g.dv_, b, kv, g.tk, g.kv_heads, g.dv);
      const T *max = g.max + (b * g.heads + h) * g.tq, *sum = g.sum + (b * g.heads + h) * g.tq;
      for (long i = 0; i < g.tq; i++) {
        T* p = P.data() + i * g.tk;
        scores<Factor>(g, q[i], k, g.mask_of(b, h, i), g.visible(i), p);
        for (long j = 0; j < g.visible(i); j++) p[j] = std::exp(p[j] - max[i]) / sum[i];
      }
      for (long i = 0; i < g.tq; i++) {
        T mean = 0; // rowsum(P * G) = dy . sum_j P_j v_j
        for (long c = 0; c < g.dv; c++) mean += Factor::of(dy[i][c]) * y[i][c];
        for (long j = 0; j < g.visible(i); j++) {
          const T p = P[size_t(i * g.tk + j)], ds = g.scale * p * (dot<Factor>(dy[i], v[j], g.dv) - mean);
          add_multiple<Factor>(p, dy[i], g.dv, dv[j]);
          add_multiple<Factor>(ds, k[j], g.d, dq[i]);
          add_multiple<Factor>(ds, q[i], g.d, dk[j]);
        }
      }
    }
}

STEPGRAD_RUNG(AttentionArgs, "attention", "naive", 0, "the matrix of all scores in memory", attention_naive)
template <class T> void attention_naive(const AttentionArgs<T>& g) { forward<Exact>(g); }

STEPGRAD_RUNG(AttentionGradientArgs, "attention_gradient", "naive", 0, "the matrix of all weights in memory",
              attention_gradient_naive)
template <class T> void attention_gradient_naive(const AttentionGradientArgs<T>& g) { backward<Exact>(g); }

STEPGRAD_RUNG(AttentionArgs, "attention_bf16", "naive", 0, "the matrix of all scores in memory",
              attention_bf16_naive)
template <class T> void attention_bf16_naive(const AttentionArgs<T>& g) { forward<Rounded>(g); }

STEPGRAD_RUNG(AttentionGradientArgs, "attention_bf16_gradient", "naive", 0,
              "the matrix of all weights in memory", attention_bf16_gradient_naive)
template <class T> void attention_bf16_gradient_naive(const AttentionGradientArgs<T>& g) {
  backward<Rounded>(g);
}

} // namespace
} // namespace stepgrad
