// Softmax and the cross-entropies, each along the last axis of [rows, n].
#pragma once
#include <cstdint>

namespace stepgrad {

template <class T> struct SoftmaxArgs { // softmax, log_softmax
  const T* x;                           // [rows, n]
  T* y;                                 // [rows, n]
  long rows, n;
  long items() const { return rows; }
  SoftmaxArgs slice(long begin, long end) const { return {x + begin * n, y + begin * n, end - begin, n}; }
};

template <class T> struct SoftmaxGradientArgs {
  const T* y;  // [rows, n], what the forward kernel wrote
  const T* dy; // [rows, n]
  T* dx;       // [rows, n]
  long rows, n;
  long items() const { return rows; }
  SoftmaxGradientArgs slice(long begin, long end) const {
    return {y + begin * n, dy + begin * n, dx + begin * n, end - begin, n};
  }
};

template <class T> struct CrossEntropyArgs {
  const T* logits; // [rows, n]
  const T* labels; // [rows, n] probabilities
  T* loss;         // [rows]
  long rows, n;
  long items() const { return rows; }
  CrossEntropyArgs slice(long begin, long end) const {
    return {logits + begin * n, labels + begin * n, loss + begin, end - begin, n};
  }
};

template <class T> struct CrossEntropyGradientArgs {
  const T* logits; // [rows, n]
  const T* labels; // [rows, n] probabilities
  const T* dloss;  // [rows]
  T* dlogits;      // [rows, n]
  long rows, n;
  long items() const { return rows; }
  CrossEntropyGradientArgs slice(long begin, long end) const {
    return {logits + begin * n, labels + begin * n, dloss + begin, dlogits + begin * n, end - begin, n};
  }
};

// A label outside [0, n) gives NaN: it is never used as an index.
template <class T> struct SparseCrossEntropyArgs {
  const T* logits;       // [rows, n]
  const int64_t* labels; // [rows] class numbers
  T* loss;               // [rows]
  long rows, n;
  long items() const { return rows; }
  SparseCrossEntropyArgs slice(long begin, long end) const {
    return {logits + begin * n, labels + begin, loss + begin, end - begin, n};
  }
};

template <class T> struct SparseCrossEntropyGradientArgs {
  const T* logits;       // [rows, n]
  const int64_t* labels; // [rows] class numbers
  const T* dloss;        // [rows]
  T* dlogits;            // [rows, n]
  long rows, n;
  long items() const { return rows; }
  SparseCrossEntropyGradientArgs slice(long begin, long end) const {
    return {logits + begin * n, labels + begin, dloss + begin, dlogits + begin * n, end - begin, n};
  }
};

// Of probabilities: p = y[label] / sum(y), loss = -log(p between low and high); no gradient where p lies outside.
template <class T> struct SparseProbabilityArgs {
  const T* y;            // [rows, n]
  const int64_t* labels; // [rows] class numbers
  T* loss;               // [rows]
  long rows, n;
  T low, high;
  long items() const { return rows; }
  SparseProbabilityArgs slice(long begin, long end) const {
    return {y + begin * n, labels + begin, loss + begin, end - begin, n, low, high};
  }
};

template <class T> struct SparseProbabilityGradientArgs {
  const T* y;            // [rows, n]
  const int64_t* labels; // [rows] class numbers
  const T* dloss;        // [rows]
  T* dy;                 // [rows, n]
  long rows, n;
  T low, high;
  long items() const { return rows; }
  SparseProbabilityGradientArgs slice(long begin, long end) const {
    return {y + begin * n, labels + begin, dloss + begin, dy + begin * n, end - begin, n, low, high};
  }
};

} // namespace stepgrad
