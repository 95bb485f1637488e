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
// Before a loop over the lanes of one vector: make one instruction of it. Unrolled first, it would be 16 branches.
#ifdef __clang__
#define STEPGRAD_LANES _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#else
#define STEPGRAD_LANES _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#endif

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

// -1 in the first n lanes, 0 in the others.
template <class T> STEPGRAD_INLINE vec_mask<T> tail_mask(long n) {
  vec_mask<T> lane;
  STEPGRAD_UNROLL for (int i = 0; i < int(VL<T>); i++) lane[i] = i;
  return lane < typename VecOf<T>::integer(n);
}

// The first n < VL elements; the other lanes hold `rest`. Used for the tail of an array, so that the tail goes through
// the same formula as everything before it. The loops become one masked load or store where the CPU has any: a memcpy of
// n elements would be a call, and take its bytes through memory, which makes the next instruction wait.
template <class T> STEPGRAD_INLINE vec<T> load_part(const T* p, long n, T rest) {
  const vec_mask<T> wanted = tail_mask<T>(n);
  T lane[VL<T>];
  STEPGRAD_LANES for (long i = 0; i < VL<T>; i++) lane[i] = wanted[i] ? p[i] : rest;
  return load(lane);
}
template <class T> STEPGRAD_INLINE void store_part(T* p, vec<T> v, long n) {
  const vec_mask<T> wanted = tail_mask<T>(n);
  STEPGRAD_LANES for (long i = 0; i < VL<T>; i++) if (wanted[i]) p[i] = v[i];
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

// y[i] = at(x, i) for K inputs x. The tail becomes a vector and goes through the loop a second time: of two copies of a formula a
// compiler may round one another way, where it has a choice of what to fuse into a multiply-add. What it is told by asm
// keeps it from making two.
template <int K, class T, class At>
STEPGRAD_INLINE void map_vectors(const T* const (&x)[K], T* y, long n, At at) {
  alignas(64) T in[K][VL<T>], out[VL<T>];
  const T* from[K];
  STEPGRAD_UNROLL for (int k = 0; k < K; k++) from[k] = x[k];
  T* to = y;
  long left = n % VL<T>, count = n - left;
  for (;;) {
    STEPGRAD_UNROLL for (int k = 0; k < K; k++) asm("" : "+r"(from[k]));
    asm("" : "+r"(to), "+r"(count), "+r"(left));
    for (long i = 0; i < count; i += VL<T>) store(to + i, at(from, i));
    if (left <= 0) break;
    STEPGRAD_UNROLL for (int k = 0; k < K; k++) {
      store(in[k], load_part(x[k] + count, left, T(k))); // 1 for a divisor
      from[k] = in[k];
    }
    to = out, count = VL<T>, left = -left;
  }
  if (left < 0) store_part(y + (n + left), load(out), -left);
}
template <class T, class F> STEPGRAD_INLINE void map(const T* x, T* y, long n, F f) {
  map_vectors<1>({x}, y, n, [&](const T* const* from, long i) { return f(load(from[0] + i)); });
}
template <class T, class F> STEPGRAD_INLINE void map(const T* a, const T* b, T* y, long n, F f) {
  map_vectors<2>({a, b}, y, n,
                 [&](const T* const* from, long i) { return f(load(from[0] + i), load(from[1] + i)); });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
