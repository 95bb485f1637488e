// Atomic operations: relaxed, as on a GPU; blocks on other cores may be at work on the same number.
#pragma once
#include <algorithm>
#include <type_traits>

namespace stepgrad::emulator {

template <class T> struct Same { // keeps a parameter out of the deduction of T: atomicAdd(double*, 1)
  using type = T;
};

template <class T, class Change> T atomic_change(T* p, const Change& change) {
  T old, now;
  __atomic_load(p, &old, __ATOMIC_RELAXED);
  do now = change(old);
  while (!__atomic_compare_exchange(p, &old, &now, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return old;
}

} // namespace stepgrad::emulator

template <class T> T atomicAdd(T* p, typename stepgrad::emulator::Same<T>::type v) {
  return stepgrad::emulator::atomic_change(p, [v](T old) { return T(old + v); });
}
template <class T> T atomicMax(T* p, typename stepgrad::emulator::Same<T>::type v) {
  return stepgrad::emulator::atomic_change(p, [v](T old) { return std::max(old, v); });
}
template <class T> T atomicMin(T* p, typename stepgrad::emulator::Same<T>::type v) {
  return stepgrad::emulator::atomic_change(p, [v](T old) { return std::min(old, v); });
}
template <class T> T atomicExch(T* p, typename stepgrad::emulator::Same<T>::type v) {
  return stepgrad::emulator::atomic_change(p, [v](T) { return v; });
}
template <class T>
T atomicCAS(T* p, typename stepgrad::emulator::Same<T>::type expected,
            typename stepgrad::emulator::Same<T>::type v) {
  __atomic_compare_exchange(p, &expected, &v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return expected; // what was there
}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
