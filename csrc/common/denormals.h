// Flush denormals to zero on this thread while the object lives, then restore what was set before.
//
// Gradients that shrink from step to step end in denormals, numbers below 1e-38, and arithmetic on those is up to a hundred
// times slower. The flag belongs to a thread: every worker sets its own, inside the loop body.
#pragma once
#include <cstdint>

namespace stepgrad {

class FlushDenormals {
public:
#if defined(__x86_64__) || defined(__i386__)
  FlushDenormals() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(before_ | 0x8040); }
  ~FlushDenormals() { __builtin_ia32_ldmxcsr(before_); }

private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (uint64_t(1) << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

private:
  uint64_t before_;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif
};

} // namespace stepgrad
