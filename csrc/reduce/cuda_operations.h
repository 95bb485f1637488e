// The reductions as three steps, for CUDA threads: begin, take an element, combine two partial results, finish.
//
// Sums are carried in double, as on the CPU: a kernel that reads 4 bytes an addition waits for memory either way.
// A running result is a plain struct or number, so that it can be shuffled between lanes and lie in shared memory.
#pragma once
#include "cuda/collectives.h"
#include "reduce/reduce.h"
#include <cmath>
#include <type_traits>

namespace stepgrad {

template <class X> struct SumOf {
  using T = X;
  using Running = double;
  using Result = T;
  __device__ static Running begin() { return 0; }
  __device__ static Running take(T x, long) { return x; }
  __device__ Running operator()(Running a, Running b) const { return a + b; }
  __device__ static Result finish(Running r, long) { return T(r); }
};

template <class T> struct MeanOf : SumOf<T> {
  __device__ static T finish(double r, long n) { return T(r / double(n)); }
};

template <class T> struct ProductOf : SumOf<T> {
  __device__ static double begin() { return 1; }
  __device__ double operator()(double a, double b) const { return a * b; }
};

// sign 1: the largest, -1: the smallest. A NaN wins, from either side.
template <class X, int sign> struct ExtremeOf {
  using T = X;
  using Running = T;
  using Result = T;
  __device__ static Running begin() { return T(-sign * INFINITY); }
  __device__ static Running take(T x, long) { return x; }
  __device__ Running operator()(Running a, Running b) const { return sign * a >= sign * b || a != a ? a : b; }
  __device__ static Result finish(Running r, long) { return r; }
};

template <class T> struct Place { // an element and where it stands; -1: none yet
  T x;
  long at;
};

template <class T> __device__ Place<T> shuffle_xor(Place<T> p, int distance) {
  return {shuffle_xor(p.x, distance), shuffle_xor(p.at, distance)};
}

// The place of the first NaN, else of the first extreme. Asking for the lower place among equals makes the answer
// independent of the order in which threads meet.
template <class X, int sign> struct PlaceOf {
  using T = X;
  using Running = Place<T>;
  using Result = int64_t;
  __device__ static Running begin() { return {T(0), -1}; }
  __device__ static Running take(T x, long at) { return {x, at}; }
  __device__ Running operator()(Running a, Running b) const {
    if (a.at < 0 || b.at < 0) return a.at < 0 ? b : a;
    const bool nan_a = a.x != a.x, nan_b = b.x != b.x;
    const bool equal = nan_a ? nan_b : a.x == b.x;
    if (equal) return a.at < b.at ? a : b;
    return nan_a || (!nan_b && sign * a.x > sign * b.x) ? a : b;
  }
  __device__ static Result finish(Running r, long) { return r.at < 0 ? 0 : r.at; }
};

} // namespace stepgrad
