// What the CUDA rungs of the softmax family share: the six ways to finish a row, and the two ways to find its peak.
//
// The rungs differ in who the group of a row is (cuda/rows.h), and in how it finds the largest logit and the sum of
// exponentials; what is then written is the same, and stands here once.
#pragma once
#include "cuda/rows.h"
#include "softmax/softmax.h"
#include <cmath>

namespace stepgrad {

template <class T> struct Peak { // of a row: its largest logit, and the sum of exp(x - max)
  T max, sum;
};

// max and sum in two passes over x, n logits of a row.
struct TwoPasses {
  template <class T, class Group> __device__ static Peak<T> find(const T* x, long n, Group group) {
    T max = T(-INFINITY), sum = 0;
    for (long j = group.rank; j < n; j += group.size()) max = Larger()(max, x[j]);
    max = group.reduce(max, Larger());
    for (long j = group.rank; j < n; j += group.size()) sum += std::exp(x[j] - max);
    return {max, group.reduce(sum, Add())};
  }
};

template <class T> __device__ Peak<T> shuffle_xor(Peak<T> p, int distance) {
  return {shuffle_xor(p.max, distance), shuffle_xor(p.sum, distance)};
}

// Two parts of a row become one: each sum is rescaled to the larger of the two maxima.
struct Join {
  template <class T> __device__ Peak<T> operator()(Peak<T> a, Peak<T> b) const {
    const T max = Larger()(a.max, b.max);
    return {max, rescaled(a, max) + rescaled(b, max)};
  }
  // Where nothing but -infinity was seen, sum is 0 (or NaN), and exp(-inf - -inf) must not be asked for.
  template <class T> __device__ static T rescaled(Peak<T> p, T max) {
    return p.max == max ? p.sum : p.sum * std::exp(p.max - max);
  }
};

// Both in one pass: when a larger logit comes, the sum so far is rescaled to it.
struct OnePass {
  template <class T, class Group> __device__ static Peak<T> find(const T* x, long n, Group group) {
    Peak<T> peak{T(-INFINITY), T(0)};
    for (long j = group.rank; j < n; j += group.size()) {
      const T logit = x[j];
      // +infinity - +infinity is NaN, as in two passes; a -infinity adds nothing.
      const Peak<T> one{Larger()(T(-INFINITY), logit), logit == T(-INFINITY) ? T(0)
                                                       : logit < T(INFINITY) ? T(1)
                                                                             : logit - logit};
      peak = Join()(peak, one);
    }
    return group.reduce(peak, Join());
  }
};

// ---- what is done with a row: apply<Find>(args, row, group) ---------------------------------------------------------

template <bool log> struct Softmax {
  template <class Find, class T, class Group>
  __device__ static void apply(const SoftmaxArgs<T>& g, long row, Group group) {
    const T* x = g.x + row * g.n;
    T* y = g.y + row * g.n;
    const Peak<T> peak = Find::find(x, g.n, group);
    const T log_sum = std::log(peak.sum);
    for (long j = group.rank; j < g.n; j += group.size())
      y[j] = log ? x[j] - peak.max - log_sum : std::exp(x[j] - peak.max) / peak.sum;
  }
};

// softmax: dx = y * (dy - sum(y * dy)); log_softmax: dx = dy - exp(y) * sum(dy)
template <bool log> struct SoftmaxGradient {
  template <class Find, class T, class Group>
  __device__ static void apply(const SoftmaxGradientArgs<T>& g, long row, Group group) {
    const T *y = g.y + row * g.n, *dy = g.dy + row * g.n;
    T sum = 0;
    for (long j = group.rank; j < g.n; j += group.size()) sum += log ? dy[j] : y[j] * dy[j];
    sum = group.reduce(sum, Add());
    for (long j = group.rank; j < g.n; j += group.size())
      g.dx[row * g.n + j] = log ? dy[j] - std::exp(y[j]) * sum : y[j] * (dy[j] - sum);
  }
};

// -sum(labels * log_softmax); an impossible class that never happens costs 0
struct CrossEntropy {
  template <class Find, class T, class Group>
  __device__ static void apply(const CrossEntropyArgs<T>& g, long row, Group group) {
    const T *x = g.logits + row * g.n, *label = g.labels + row * g.n;
    const Peak<T> peak = Find::find(x, g.n, group);
    const T log_sum = std::log(peak.sum);
    T loss = 0;
    for (long j = group.rank; j < g.n; j += group.size())
      if (label[j] != 0) loss -= label[j] * (x[j] - peak.max - log_sum);
    loss = group.reduce(loss, Add());
    if (group.rank == 0) g.loss[row] = loss;
  }
};

// dloss * (softmax * sum(labels) - labels)
struct CrossEntropyGradient {
  template <class Find, class T, class Group>
  __device__ static void apply(const CrossEntropyGradientArgs<T>& g, long row, Group group) {
    const T *x = g.logits + row * g.n, *label = g.labels + row * g.n;
    const Peak<T> peak = Find::find(x, g.n, group);
    T labels = 0;
    for (long j = group.rank; j < g.n; j += group.size()) labels += label[j];
    labels = group.reduce(labels, Add());
    for (long j = group.rank; j < g.n; j += group.size())
      g.dlogits[row * g.n + j] = g.dloss[row] * (std::exp(x[j] - peak.max) / peak.sum * labels - label[j]);
  }
};

// log(sum) - (x[label] - max); NaN for a label outside [0, n)
struct SparseCrossEntropy {
  template <class Find, class T, class Group>
  __device__ static void apply(const SparseCrossEntropyArgs<T>& g, long row, Group group) {
    const T* x = g.logits + row * g.n;
    const Peak<T> peak = Find::find(x, g.n, group);
    const long label = g.labels[row];
    if (group.rank == 0)
      g.loss[row] = label >= 0 && label < g.n ? std::log(peak.sum) - (x[label] - peak.max) : T(NAN);
  }
};

// dloss * (softmax - 1 at the label)
struct SparseCrossEntropyGradient {
  template <class Find, class T, class Group>
  __device__ static void apply(const SparseCrossEntropyGradientArgs<T>& g, long row, Group group) {
    const T* x = g.logits + row * g.n;
    const Peak<T> peak = Find::find(x, g.n, group);
    const long label = g.labels[row];
    const T dloss = label >= 0 && label < g.n ? g.dloss[row] : T(NAN);
    for (long j = group.rank; j < g.n; j += group.size())
      g.dlogits[row * g.n + j] = dloss * (std::exp(x[j] - peak.max) / peak.sum - (j == label ? T(1) : T(0)));
  }
};

template <class Row, class Find> struct With {
  template <class Args, class Group> __device__ static void apply(const Args& g, long row, Group group) {
    Row::template apply<Find>(g, row, group);
  }
};

template <class Row, class Find, class Group, class Args> void run(const Args& g) {
  run_rows<With<Row, Find>, Group>(g);
}

} // namespace stepgrad
