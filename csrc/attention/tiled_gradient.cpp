// Top rung of attention's gradient: blocks of queries and keys on matmul's register tiles; heads threaded.
//
// What changes against the naive rung: the weights P of a block are computed again from the saved maximum and sum of their
// row, which costs one more product and saves tq * tk elements of memory; all five products run on register tiles while
// the block is in cache. The formulas are those of naive.cpp.
//
// q, y, dy, dq: [batch, tq, heads, d or dv], k, v, dk, dv: [batch, tk, kv_heads, d or dv], max, sum: [batch, heads, tq].
// 2 * tq * tk * (3 d + 2 dv) FLOPs a head. The heads that share keys and values stay on one thread, one after the other:
// the same bits for any number of threads.
#include "attention/blocks.h"
#include "common/dot.h"
#include "common/registry.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// s -> weights P of the n seen keys; g, the gradient with respect to P, -> that with respect to s; zeros up to `end`.
template <class Factor, class T>
void gradient_row(T* s, T* g, const T* mask, long n, long end, T scale, T max, T sum, T mean) {
  const T inverse = T(1) / sum, base = max == -std::numeric_limits<T>::infinity() ? T(0) : max;
  for (long j = 0; j < n; j += VL<T>) {
    const vec<T> p = vexp_down(masked(s, mask, j, n, scale) - base) * inverse;
    store(s + j, Factor::of(p));
    store(g + j, Factor::of(p * (load(g + j) - mean) * scale));
  }
  for (long j = n; j < end; j++) s[j] = g[j] = 0; // also where 0 met rubbish: 0 * NaN
}

// Everything that one head of keys and values needs, for all heads that share it.
template <class Factor, class T> struct GradientOfHead {
  const AttentionGradientArgs<T>& g;
  long b, kv;
  // Working memory: k and v transposed, k, q and dy by columns, a block of weights and of their gradients, q and dy.
  T *k_panels, *v_panels, *k_columns, *q_columns, *dy_columns, *P, *dS, *q_copy, *dy_copy;
  Rows<T> dk, dv;

  static long working_size(const AttentionGradientArgs<T>& g) {
    return panels_size<T>(g.tk, g.d) + panels_size<T>(g.tk, g.dv) + columns_size<T>(g.tk, g.d) +
           columns_size<T>(g.tq, g.d) + columns_size<T>(g.tq, g.dv) + 2 * BQ * BK +
           copy_size<Factor>(g.tq, g.d + g.dv);
  }

  GradientOfHead(const AttentionGradientArgs<T>& args, long batch, long kv_head)
      : g(args), b(batch), kv(kv_head), dk(head_of(g.dk, b, kv, g.tk, g.kv_heads, g.d)),
        dv(head_of(g.dv_, b, kv, g.tk, g.kv_heads, g.dv)) {
    k_panels = scratch<T>(Scratch::PACKED_B, working_size(g));
    v_panels = k_panels + panels_size<T>(g.tk, g.d);
    k_columns = v_panels + panels_size<T>(g.tk, g.dv);
    q_columns = k_columns + columns_size<T>(g.tk, g.d);
    dy_columns = q_columns + columns_size<T>(g.tq, g.d);
    P = dy_columns + columns_size<T>(g.tq, g.dv);
    dS = P + BQ * BK;
    q_copy = dS + BQ * BK;
    dy_copy = q_copy + copy_size<Factor>(g.tq, g.d);
    const Rows<const T> k = head_of(g.k, b, kv, g.tk, g.kv_heads, g.d);
    pack_transposed<Factor>(k, g.tk, g.d, k_panels);
    pack_transposed<Factor>(Rows<const T>(head_of(g.v, b, kv, g.tk, g.kv_heads, g.dv)), g.tk, g.dv, v_panels);
    pack_columns<Factor>(k, g.tk, g.d, k_columns);
    for (long j = 0; j < g.tk; j++) std::fill_n(dk[j], g.d, T(0)), std::fill_n(dv[j], g.dv, T(0));
  }

  void add_query_head(long h) {
    const auto rounded = [&](const T* x, long width, T* copy) {
      return rows_of<Factor>(Rows<const T>(head_of(x, b, h, g.tq, g.heads, width)), g.tq, width, copy);
    };
    const Rows<const T> q = rounded(g.q, g.d, q_copy), dy = rounded(g.dy, g.dv, dy_copy);
    pack_columns<Exact>(q, g.tq, g.d, q_columns);
    pack_columns<Exact>(dy, g.tq, g.dv, dy_columns);
    const Rows<T> dq = head_of(g.dq, b, h, g.tq, g.heads, g.d);
    if (g.tk == 0)
      for (long i = 0; i < g.tq; i++) std::fill_n(dq[i], g.d, T(0));
    for (long q0 = 0; q0 < g.tq; q0 += BQ) {
      const long rows = std::min(BQ, g.tq - q0), last_key = g.visible(q0 + rows - 1);
      T mean[BQ]; // rowsum(P * dP) = dy . y
      const Rows<const T> y = head_of(g.y, b, h, g.tq, g.heads, g.dv);
      for (long r = 0; r < rows; r++) mean[r] = dot(dy[q0 + r], y[q0 + r], g.dv);
      for (long k0 = 0; k0 < last_key; k0 += BK) {
        const long keys = std::min(BK, last_key - k0);
        each_tile(rows, [&](long r, long mr) { score_tile(h, q, dy, dq, mean, q0, r, mr, k0, keys); });
        // dk += dS^T q, dv += P^T dy; a causal key is seen by the queries from its own on
        each_tile(keys, [&](long j, long mr) {
          const long first = g.causal ? std::max(0L, k0 + j - q0) : 0, at = first * BK + j,
                     depth = rows - first;
          tile_row(mr, g.d, depth, dS + at, 1, BK, q_columns, g.tq, q0 + first, Rows<T>{dk[k0 + j], dk.ld},
                   true);
          tile_row(mr, g.dv, depth, P + at, 1, BK, dy_columns, g.tq, q0 + first, Rows<T>{dv[k0 + j], dv.ld},
                   true);
        });
      }
    }
  }

  // P and dS of the rows r .. r + mr of a block, and their part of dq = dS k.
  void score_tile(long h, Rows<const T> q, Rows<const T> dy, Rows<T> dq, const T* mean, long q0, long r,
                  long mr, long k0, long keys) {
    const long i0 = q0 + r, n = std::max(0L, std::min(keys, g.visible(i0 + mr - 1) - k0));
    const Rows<T> p{P + r * BK, BK}, ds{dS + r * BK, BK};
    scores_tile(mr, n, g.d, q[i0], q.ld, k_panels, k0, p);
    scores_tile(mr, n, g.dv, dy[i0], dy.ld, v_panels, k0, ds);
    for (long i = i0; i < i0 + mr; i++) {
      const T* mask = g.mask_of(b, h, i);
      const long seen = std::max(0L, std::min(keys, g.visible(i) - k0)), at = (b * g.heads + h) * g.tq + i;
      gradient_row<Factor>(p[i - i0], ds[i - i0], mask ? mask + k0 : mask, seen, keys, g.scale, g.max[at],
                           g.sum[at], mean[i - q0]);
    }
    if (n > 0) tile_row(mr, g.d, n, ds.data, BK, 1, k_columns, g.tk, k0, Rows<T>{dq[i0], dq.ld}, k0 > 0);
  }
};

template <class Factor, class T> void gradient_of_all_heads(const AttentionGradientArgs<T>& g) {
  const double ns =
      double(g.group() * g.tq) * g.tk * (double(3 * g.d + 2 * g.dv) * NS_PER_MULTIPLY_ADD + 0.5);
  parallel_for(g.batch * g.kv_heads, ns, [&](long begin, long end) {
    for (long item = begin; item < end; item++) {
      GradientOfHead<Factor, T> head(g, item / g.kv_heads, item % g.kv_heads);
      for (long h = 0; h < g.group(); h++) head.add_query_head(head.kv * g.group() + h);
    }
  });
}

STEPGRAD_RUNG(AttentionGradientArgs, "attention_gradient", "tiled", 20,
              "weights computed again block by block, on register tiles; heads threaded",
              attention_gradient_tiled)
template <class T> void attention_gradient_tiled(const AttentionGradientArgs<T>& g) {
  gradient_of_all_heads<Exact>(g);
}

// Rounded are q, k, v and dy, and P and dS where they are factors; dS is computed from the P that is not.
STEPGRAD_RUNG(AttentionGradientArgs, "attention_bf16_gradient", "tiled", 20,
              "weights computed again block by block, on register tiles; heads threaded",
              attention_bf16_gradient_tiled)
template <class T> void attention_bf16_gradient_tiled(const AttentionGradientArgs<T>& g) {
  gradient_of_all_heads<Rounded>(g);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
