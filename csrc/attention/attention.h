// Attention: every query takes the mean of the values, weighted by how well their keys fit it.
//
//   S = scale * Q K^T + mask,  P = softmax(S) along the keys,  Y = P V         for every batch entry and head
//
// The layout is Keras's: heads lie beside each other in a row, so that the projections before and after need no transpose.
// Several heads may share one head of keys and values (grouped queries): head h uses kv head h / (heads / kv_heads).
// Causal: query i sees the keys 0 .. i only.
//
// Forward leaves the largest score of a row and the sum of exp(score - largest) behind, from which backward gets P again.
// (Their combination, log-sum-exp, loses the sum where a whole row is masked by a number like -1e38.)
#pragma once
#include <algorithm>

namespace stepgrad {

template <class T> struct AttentionSizes {
  long batch, tq, tk, heads, kv_heads, d, dv;
  const T* mask; // [batch or 1, heads or 1, tq or 1, tk], added to the scores; may be null
  long mask_batch, mask_head, mask_row; // its strides: 0 where one entry serves all
  T scale;
  bool causal;
  long group() const { return heads / kv_heads; }
  long visible(long i) const { return causal ? std::min(tk, i + 1) : tk; } // keys that query i sees
  const T* mask_of(long b, long h, long i) const {
    return mask ? mask + b * mask_batch + h * mask_head + i * mask_row : nullptr;
  }
};

template <class T> struct AttentionArgs : AttentionSizes<T> {
  const T* q; // [batch, tq, heads, d]
  const T* k; // [batch, tk, kv_heads, d]
  const T* v; // [batch, tk, kv_heads, dv]
  T* y;       // [batch, tq, heads, dv]
  T* max;     // [batch, heads, tq]
  T* sum;     // [batch, heads, tq]
};

template <class T> struct AttentionGradientArgs : AttentionSizes<T> {
  const T *q, *k, *v;     // as above
  const T *y, *max, *sum; // what the forward kernel wrote
  const T* dy;            // [batch, tq, heads, dv]
  T *dq, *dk, *dv_;       // the shapes of q, k, v; written only
};

// The matrix of one head: `rows` rows, `ld` elements from one to the next.
template <class T> struct Rows {
  T* data;
  long ld;
  T* operator[](long i) const { return data + i * ld; }
};

// Head h of batch entry b in an array [batch, t, heads, width].
template <class T> Rows<T> head_of(T* x, long b, long h, long t, long heads, long width) {
  return {x + (b * t * heads + h) * width, heads * width};
}

} // namespace stepgrad
