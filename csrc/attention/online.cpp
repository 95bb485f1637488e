// Second rung of attention: softmax while the scores appear, so that the matrix of scores is never stored.
//
// What changes: a query walks over its keys once, with the largest score so far, the sum of exponentials below it and the
// weighted sum of values. When a larger score comes, what was summed is multiplied by exp(old max - new max). One row of
// numbers is all the working memory, for any number of keys. (Milakov and Gimelshein, Online normalizer calculation for
// softmax, 2018.) It is no faster yet: one exponential and one dot product after the other.
//
// Shapes and FLOPs as in naive.cpp; no working memory.
#include "attention/attention.h"
#include "common/registry.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(AttentionArgs, "attention", "online", 10, "one walk over the keys with a running maximum",
              attention_online)
template <class T> void attention_online(const AttentionArgs<T>& g) {
  for (long b = 0; b < g.batch; b++)
    for (long h = 0; h < g.heads; h++) {
      const auto q = head_of(g.q, b, h, g.tq, g.heads, g.d);
      const auto k = head_of(g.k, b, h / g.group(), g.tk, g.kv_heads, g.d);
      const auto v = head_of(g.v, b, h / g.group(), g.tk, g.kv_heads, g.dv);
      const auto y = head_of(g.y, b, h, g.tq, g.heads, g.dv);
      for (long i = 0; i < g.tq; i++) {
        const T* mask = g.mask_of(b, h, i);
        T max = -std::numeric_limits<T>::infinity(), sum = 0;
        std::fill_n(y[i], g.dv, T(0));
        for (long j = 0; j < g.visible(i); j++) {
          T score = 0;
          for (long c = 0; c < g.d; c++) score += q[i][c] * k[j][c];
          score = g.scale * score + (mask ? mask[j] : 0);
          if (score == -std::numeric_limits<T>::infinity())
            continue; // adds nothing, and may stand before any maximum
          if (score > max || score != score) {
            const T shrink = std::exp(max - score);
            sum *= shrink;
            for (long c = 0; c < g.dv; c++) y[i][c] *= shrink;
            max = score;
          }
          const T weight = std::exp(score - max);
          sum += weight;
          for (long c = 0; c < g.dv; c++) y[i][c] += weight * v[j][c];
        }
        for (long c = 0; c < g.dv; c++) y[i][c] /= sum;
        g.max[(b * g.heads + h) * g.tq + i] = max, g.sum[(b * g.heads + h) * g.tq + i] = sum;
      }
    }
}

} // namespace
} // namespace stepgrad
