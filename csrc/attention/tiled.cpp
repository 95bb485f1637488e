// Top rung of attention: the online rung on blocks of queries and keys, with matmul's register tiles; heads threaded.
//
// What changes: the running maximum moves once for a block of 128 keys instead of once a key. A block of scores (48 or 112
// queries x 128 keys) is a matrix product that stays in L1; its exponentials are vectors; and it is multiplied with the
// block of values, packed beside each other, right away. Keys that lie behind every query of a tile are not computed
// (causal: half the work). (Dao et al., FlashAttention, 2022: there for GPU memory, here for the cache.)
//
// q, y: [batch, tq, heads, d or dv], k, v: [batch, tk, kv_heads, d or dv], max, sum: [batch, heads, tq].
// 2 * tq * tk * (d + dv) FLOPs and tq * tk exponentials a head; tk * (d + dv) elements of working memory. A head is
// never split among threads: the same bits for any number of them.
#include "attention/blocks.h"
#include "common/registry.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

template <class T> struct OnlineRow {
  T *max, *sum; // of the row so far
  T base;       // what is subtracted from every score

  // Takes the largest score of one more block; returns the factor for what was summed before.
  T move_to(T largest) {
    const T now = vmax(*max, largest);
    base =
        now == -std::numeric_limits<T>::infinity() ? T(0) : now; // nothing so far: -inf - -inf would be NaN
    const T shrink = *max == -std::numeric_limits<T>::infinity() ? T(0) : std::exp(*max - base);
    *max = now;
    *sum *= shrink;
    return shrink;
  }
  // s[j] = the weight of the score score(j), for n seen scores in whole vectors.
  template <class Factor, class Score> void weigh(T* s, long n, Score score) {
    vec<T> total{};
    for (long j = 0; j < n; j += VL<T>) {
      const vec<T> weight = vexp_down(score(j) - base);
      store(s + j, Factor::of(weight));
      total += weight;
    }
    *sum += fold_lanes<T>(total, [](auto a, auto b) { return a + b; });
  }
};

template <class T> STEPGRAD_INLINE T largest_lane(vec<T> x) {
  return fold_lanes<T>(x, [](auto a, auto b) { return vmax(a, b); });
}

// Turns n seen scores of a block into weights exp(s - max), zeros up to `end`; moves max and sum of the row along, and
// returns the factor for what was summed before.
template <class Factor, class T>
T online_row(T* s, const T* mask, long n, long end, T scale, T* max, T* sum) {
  constexpr T INF = std::numeric_limits<T>::infinity();
  OnlineRow<T> row{max, sum, 0};
  T shrink;
  if (!mask && scale > 0) { // the largest score can be scaled last: it is read once, and written as a weight
    const long whole = round_up(n, VL<T>);
    for (long j = n; j < whole; j++) s[j] = -INF;
    vec<T> a = splat(-INF), b = a; // two, so that one comparison need not wait for the other
    long j = 0;
    for (; j + 2 * VL<T> <= whole; j += 2 * VL<T>) a = vmax(a, load(s + j)), b = vmax(b, load(s + j + VL<T>));
    if (j < whole) a = vmax(a, load(s + j));
    shrink = row.move_to(largest_lane<T>(vmax(a, b)) * scale);
    row.template weigh<Factor>(s, n, [=](long j) { return load(s + j) * scale; });
  } else {
    vec<T> largest = splat(-INF);
    for (long j = 0; j < n; j += VL<T>) {
      const vec<T> x = masked(s, mask, j, n, scale);
      store(s + j, x);
      largest = vmax(largest, x);
    }
    shrink = row.move_to(largest_lane<T>(largest));
    row.template weigh<Factor>(s, n, [=](long j) { return load(s + j); });
  }
  for (long j = round_up(n, VL<T>); j < end; j++) s[j] = 0;
  return shrink;
}

template <class Factor, class T> void attention_head(const AttentionArgs<T>& g, long b, long h) {
  const long kv = h / g.group();
  const Rows<const T> k = head_of(g.k, b, kv, g.tk, g.kv_heads, g.d);
  const Rows<T> y = head_of(g.y, b, h, g.tq, g.heads, g.dv);
  T* packed = scratch<T>(Scratch::PACKED_B, panels_size<T>(g.tk, g.d) + BQ * BK +
                                                columns_size<T>(g.tk, g.dv) + copy_size<Factor>(g.tq, g.d));
  T *block = packed + panels_size<T>(g.tk, g.d), *values = block + BQ * BK;
  pack_transposed<Factor>(k, g.tk, g.d, packed);
  pack_columns<Factor>(Rows<const T>(head_of(g.v, b, kv, g.tk, g.kv_heads, g.dv)), g.tk, g.dv, values);
  const Rows<const T> q = rows_of<Factor>(Rows<const T>(head_of(g.q, b, h, g.tq, g.heads, g.d)), g.tq, g.d,
                                          values + columns_size<T>(g.tk, g.dv));
  T *max = g.max + (b * g.heads + h) * g.tq, *sum = g.sum + (b * g.heads + h) * g.tq;
  std::fill_n(max, g.tq, -std::numeric_limits<T>::infinity());
  std::fill_n(sum, g.tq, T(0));
  for (long q0 = 0; q0 < g.tq; q0 += BQ) {
    const long rows = std::min(BQ, g.tq - q0), last_key = g.visible(q0 + rows - 1);
    for (long k0 = 0; k0 < last_key; k0 += BK)
      each_tile(rows, [&](long r, long mr) {
        const long i0 = q0 + r,
                   n = std::min(BK, g.visible(i0 + mr - 1) - k0); // keys of the block that the tile sees
        if (n <= 0) return;
        const Rows<T> S{block + r * BK, BK};
        scores_tile(mr, n, g.d, q[i0], q.ld, packed, k0, S);
        for (long i = i0; i < i0 + mr; i++) {
          const T* mask = g.mask_of(b, h, i);
          const long seen = std::max(0L, std::min(BK, g.visible(i) - k0));
          const T shrink =
              online_row<Factor>(S[i - i0], mask ? mask + k0 : mask, seen, n, g.scale, max + i, sum + i);
          if (k0 > 0 && shrink != 1) map(y[i], y[i], g.dv, [=](auto e) { return e * shrink; });
        }
        tile_row(mr, g.dv, n, S.data, BK, 1, values, g.tk, k0, Rows<T>{y[i0], y.ld}, k0 > 0);
      });
    for (long i = q0; i < q0 + rows; i++) {
      const T total = sum[i];
      if (g.tk == 0) std::fill_n(y[i], g.dv, T(0)); // and 0 / 0 below: the mean of nothing
      map(y[i], y[i], g.dv, [=](auto e) { return e / total; });
    }
  }
}

template <class Factor, class T> void all_heads(const AttentionArgs<T>& g) {
  const double ns = double(g.tq) * g.tk * (double(g.d + g.dv) * NS_PER_MULTIPLY_ADD + 0.5);
  parallel_for(g.batch * g.heads, ns, [&](long begin, long end) {
    for (long item = begin; item < end; item++) attention_head<Factor>(g, item / g.heads, item % g.heads);
  });
}

STEPGRAD_RUNG(AttentionArgs, "attention", "tiled", 20,
              "blocks of queries and keys on register tiles; heads threaded", attention_tiled)
template <class T> void attention_tiled(const AttentionArgs<T>& g) { all_heads<Exact>(g); }

// Factors are rounded while they are packed, weights before they are divided by their sum, which is not rounded.
STEPGRAD_RUNG(AttentionArgs, "attention_bf16", "tiled", 20,
              "blocks of queries and keys on register tiles; heads threaded", attention_bf16_tiled)
template <class T> void attention_bf16_tiled(const AttentionArgs<T>& g) { all_heads<Rounded>(g); }

} // namespace STEPGRAD_ISA
} // namespace stepgrad
