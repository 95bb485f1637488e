// Vectors as the compiler's own types: `a * b + c` on a vec<T> is one instruction on every lane, on any CPU.
// No intrinsics: the same source becomes SSE2, AVX2, AVX-512 or NEON code by the flags it is compiled with
// (CMakeLists.txt), each copy in the namespace STEPGRAD_ISA.
#pragma once
#include <cstdint>
#include <cstring>

#if STEPGRAD_ISA_LEVEL >= 2
#define STEPGRAD_VEC_BYTES 64
#elif STEPGRAD_ISA_LEVEL == 1
#define STEPGRAD_VEC_BYTES 32
#else
#define STEPGRAD_VEC_BYTES 16
#endif
#define STEPGRAD_INLINE inline __attribute__((always_inline))
#define STEPGRAD_UNROLL _Pragma("GCC unroll 64")

namespace stepgrad {
namespace STEPGRAD_ISA {

typedef float vec_f32 __attribute__((vector_size(STEPGRAD_VEC_BYTES)));
typedef double vec_f64 __attribute__((vector_size(STEPGRAD_VEC_BYTES)));
typedef int32_t vec_i32 __attribute__((vector_size(STEPGRAD_VEC_BYTES)));
typedef uint32_t vec_u32 __attribute__((vector_size(STEPGRAD_VEC_BYTES)));
typedef int64_t vec_i64 __attribute__((vector_size(STEPGRAD_VEC_BYTES)));

template <class T> struct VecOf;
template <> struct VecOf<float> {
  using type = vec_f32;
  using mask = vec_i32;
  using integer = int32_t;
};
template <> struct VecOf<double> {
  using type = vec_f64;
  using mask = vec_i64;
  using integer = int64_t;
};
template <class T> using vec = typename VecOf<T>::type;
template <class T>
using vec_mask = typename VecOf<T>::mask; // integers as wide as T: comparisons give 0 or -1
template <class T> constexpr long VL = STEPGRAD_VEC_BYTES / long(sizeof(T)); // lanes

// memcpy is the portable way to say "unaligned": it compiles to one load or store.
template <class T> STEPGRAD_INLINE vec<T> load(const T* p) {
  vec<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T> STEPGRAD_INLINE void store(T* p, vec<T> v) { std::memcpy(p, &v, sizeof v); }
template <class T> STEPGRAD_INLINE vec<T> splat(T x) {
  return x - vec<T>{};
} // x - 0 keeps -0 and NaN as they are

// The first n < VL elements; the other lanes hold `rest`. Used for the tail of an array, so that the tail goes through
// the same formula as everything before it.
template <class T> STEPGRAD_INLINE vec<T> load_part(const T* p, long n, T rest) {
  vec<T> v = splat(rest);
  std::memcpy(&v, p, size_t(n) * sizeof(T));
  return v;
}
template <class T> STEPGRAD_INLINE void store_part(T* p, vec<T> v, long n) {
  std::memcpy(p, &v, size_t(n) * sizeof(T));
}

// n <= VL elements: a whole vector wherever there is one.
template <class T> STEPGRAD_INLINE vec<T> load_n(const T* p, long n) {
  return n == VL<T> ? load(p) : load_part(p, n, T(0));
}
template <class T> STEPGRAD_INLINE void store_n(T* p, vec<T> v, long n) {
  if (n == VL<T>)
    store(p, v);
  else
    store_part(p, v, n);
}
// strip(i, n) for [0, size): n elements from i on, whole vectors first, then the rest. Two calls, so that the compiler knows n
// in the first one: where it does not, what load_n returns goes through memory.
template <class T, class Strip> STEPGRAD_INLINE void for_each_strip(long size, Strip strip) {
  long i = 0;
  for (; i + VL<T> <= size; i += VL<T>) strip(i, VL<T>);
  if (i < size) strip(i, size - i);
}

// Lane by lane; a NaN on either side wins, as in NumPy.
template <class V> STEPGRAD_INLINE V vmax(V a, V b) {
  return ((a > b) | (a != a)) ? a : b;
} // also for one number
template <class V> STEPGRAD_INLINE V vmin(V a, V b) { return ((a < b) | (a != a)) ? a : b; }

// Folds n lanes by halves, always in the same order: lane i with lane i + n / 2, on vectors half as long each time.
template <class T, long n = VL<T>, class V, class Op> STEPGRAD_INLINE T fold_lanes(V v, Op op) {
  if constexpr (n == 2) {
    return op(v[0], v[1]);
  } else {
    typedef T half __attribute__((vector_size(n / 2 * sizeof(T))));
    half parts[2];
    std::memcpy(parts, &v, sizeof v);
    return fold_lanes<T, n / 2>(op(parts[0], parts[1]), op);
  }
}

// y[i] = f(x[i]) for whole vectors and then for the tail.
template <class T, class F> STEPGRAD_INLINE void map(const T* x, T* y, long n, F f) {
  long i = 0;
  for (; i + VL<T> <= n; i += VL<T>) store(y + i, f(load(x + i)));
  if (i < n) store_part(y + i, f(load_part(x + i, n - i, T(0))), n - i);
}
template <class T, class F> STEPGRAD_INLINE void map(const T* a, const T* b, T* y, long n, F f) {
  long i = 0;
  for (; i + VL<T> <= n; i += VL<T>) store(y + i, f(load(a + i), load(b + i)));
  if (i < n) store_part(y + i, f(load_part(a + i, n - i, T(0)), load_part(b + i, n - i, T(1))), n - i);
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
