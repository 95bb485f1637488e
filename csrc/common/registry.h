// The kernel registry. A rung (one implementation of one op) registers itself:
//
//   STEPGRAD_RUNG(MatmulArgs, "matmul", "naive", 0, "one line: why it is fast or slow", matmul_naive)
//   template <class T> void matmul_naive(const MatmulArgs<T>& g) { ... }
//
// The macro stands right above the kernel, because its line is the one that Python shows as the rung's source.
#pragma once
#include <vector>

#ifndef STEPGRAD_ISA_LEVEL // files outside the kernel lists of CMakeLists.txt
#define STEPGRAD_ISA_LEVEL 0
#endif

namespace stepgrad {

// Every kernel takes one struct: Args<float> or Args<double>.
template <template <class> class Args, class T> using Kernel = void (*)(const Args<T>&);
using AnyKernel = void (*)();

struct Rung {
  const char* op;
  const char* name;
  int height; // place on the ladder: 0 is the bottom
  const char* summary;
  const char* args; // name of the Args template; the bindings choose the Python signature by it
  const char* file;
  int line;
  int isa;            // instruction set this copy was compiled for (IsaLevel)
  AnyKernel f32, f64; // Kernel<Args, float>, Kernel<Args, double>; f64 may be nullptr
};

// Runs before main(), possibly compiled for a CPU that this is not: keep it a pointer and a call.
bool register_rung(const Rung* rung);

// One entry for each (op, rung): the best copy up to `isa`; ops in alphabetical order, each from the bottom rung up. Rungs of
// the instruction set slow_isa stand SLOW lower than their file says. Throws std::logic_error when two rungs share a name or
// a height.
constexpr int SLOW = 10;
std::vector<Rung> rungs_for(int isa, int slow_isa = -1);

#define STEPGRAD_JOIN_(a, b) a##b
#define STEPGRAD_JOIN(a, b) STEPGRAD_JOIN_(a, b)
#define STEPGRAD_RUNG(Args, op, rung, height, summary, kernel)                                               \
  template <class T> void kernel(const Args<T>&);                                                            \
  static const ::stepgrad::Rung STEPGRAD_JOIN(kernel, _rung) = {                                             \
      op,                                                                                                    \
      rung,                                                                                                  \
      height,                                                                                                \
      summary,                                                                                               \
      #Args,                                                                                                 \
      __FILE__,                                                                                              \
      __LINE__,                                                                                              \
      STEPGRAD_ISA_LEVEL,                                                                                    \
      reinterpret_cast<::stepgrad::AnyKernel>(static_cast<::stepgrad::Kernel<Args, float>>(kernel<float>)),  \
      reinterpret_cast<::stepgrad::AnyKernel>(                                                               \
          static_cast<::stepgrad::Kernel<Args, double>>(kernel<double>))};                                   \
  [[maybe_unused]] static const bool STEPGRAD_JOIN(kernel, _registered) =                                    \
      ::stepgrad::register_rung(&STEPGRAD_JOIN(kernel, _rung));

// A rung for float alone, such as one that loads four floats at once or runs on tensor cores. For double the rung below
// serves.
#define STEPGRAD_RUNG_F32(Args, op, rung, height, summary, kernel)                                           \
  void kernel(const Args<float>&);                                                                           \
  static const ::stepgrad::Rung STEPGRAD_JOIN(kernel, _rung) = {                                             \
      op,                                                                                                    \
      rung,                                                                                                  \
      height,                                                                                                \
      summary,                                                                                               \
      #Args,                                                                                                 \
      __FILE__,                                                                                              \
      __LINE__,                                                                                              \
      STEPGRAD_ISA_LEVEL,                                                                                    \
      reinterpret_cast<::stepgrad::AnyKernel>(static_cast<::stepgrad::Kernel<Args, float>>(kernel)),         \
      nullptr};                                                                                              \
  [[maybe_unused]] static const bool STEPGRAD_JOIN(kernel, _registered) =                                    \
      ::stepgrad::register_rung(&STEPGRAD_JOIN(kernel, _rung));

// From this height on a rung computes with fewer digits than its arrays hold: it runs only where it is asked for.
constexpr int REDUCED_PRECISION = 100;

} // namespace stepgrad
