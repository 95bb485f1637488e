// Elementwise ops: one output element from the input elements at the same place.
#pragma once

namespace stepgrad {

constexpr double SQRT_HALF = 0.70710678118654752440;   // sqrt(1/2)
constexpr double NORMAL_PEAK = 0.39894228040143267794; // 1 / sqrt(2 pi)
constexpr double GELU_C = 0.79788456080286535588;      // sqrt(2 / pi)
constexpr double GELU_CUBE = 0.044715;
// Where the slopes of silu and the two gelu have reached 0 and 1, in double too.
constexpr double SILU_BOUND = 800, GELU_BOUND = 40, GELU_TANH_BOUND = 25;

template <class T> struct UnaryArgs { // y = f(x)
  const T* x;                         // [n]
  T* y;                               // [n]
  long n;
  static constexpr bool elementwise = true; // a compiled step may run any piece on its own
  long items() const { return n; }
  UnaryArgs slice(long begin, long end) const { return {x + begin, y + begin, end - begin}; }
};

template <class T>
struct UnaryGradientArgs { // dx = f'(saved) * dy; saved is x, or the output y (sigmoid, tanh)
  const T* saved;          // [n]
  const T* dy;             // [n]
  T* dx;                   // [n]
  long n;
  static constexpr bool elementwise = true;
  long items() const { return n; }
  UnaryGradientArgs slice(long begin, long end) const {
    return {saved + begin, dy + begin, dx + begin, end - begin};
  }
};

template <class T> struct BinaryArgs { // out = f(a, b)
  const T* a;                          // [rows, n]
  const T* b;                          // [rows, n], or [1, n]: a row for every row of a, or [1, 1]
  T* out;                              // [rows, n]
  long rows, n;
  long b_row, b_col; // strides of b: 0 where it is repeated
  static constexpr bool elementwise = true;
  // Where b is one row under many, a piece is more than a range of elements: no items to cut.
  long items() const { return b_row == 0 && b_col != 0 && rows > 1 ? 0 : rows * n; }
  BinaryArgs slice(long begin, long end) const {
    const bool one_number = b_row == 0 && b_col == 0;
    return {a + begin,   one_number ? b : b + begin,   out + begin, 1,
            end - begin, one_number ? 0 : end - begin, b_col};
  }
};

enum class Activation { LINEAR, RELU, TANH, SIGMOID }; // those whose slope can be told from their value
constexpr long ACTIVATIONS = 4;

template <class T> struct BiasActivationArgs { // y = f(x + b)
  const T* x;                                  // [rows, n]
  const T* b;                                  // [n]
  T* y;                                        // [rows, n]
  long rows, n;
  Activation activation;
};

template <class T>
struct BiasActivationGradientArgs { // dx = dy * f'(x + b), told from y; db = the sums of its columns
  const T* y;                       // [rows, n], what the forward kernel wrote
  const T* dy;                      // [rows, n]
  T* dx;                            // [rows, n]
  T* db;                            // [n]
  long rows, n;
  Activation activation;
};

} // namespace stepgrad
