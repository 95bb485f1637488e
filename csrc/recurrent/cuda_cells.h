// The two cells for CUDA threads, on one unit of one sample. See cell.h, which has the same for the CPU's vectors.
//
// Four accumulators a unit, and as many gradients of them. Columns of W and U belong to those that x_to and h_to name: an LSTM adds
// both products in i f g o, a GRU has z r, then g from the input alone and q from the state alone.
#pragma once
#include "elementwise/cuda_formulas.h"
#include "recurrent/recurrent.h"

namespace stepgrad {

struct LstmCell {
  static constexpr int COLUMNS = 4;
  static constexpr bool HAS_C = true;
  __device__ static int h_to(int column) { return column; }
  template <class T> __device__ static T bias(const T* b, long units, int k, long j) {
    return b[k * units + j];
  }

  // a: the accumulators, in: gates. c: in and out. Returns the new h.
  template <class T> __device__ static T forward(T (&a)[4], T /*h*/, T& c) {
    a[0] = sigmoid(a[0]), a[1] = sigmoid(a[1]), a[2] = std::tanh(a[2]), a[3] = sigmoid(a[3]);
    c = a[1] * c + a[0] * a[2];
    return a[3] * std::tanh(c);
  }

  // gate: what forward kept; z: the gradients of the accumulators. dh, dc: in; out what stays for the step before, besides
  // the product with U.
  template <class T>
  __device__ static void backward(const T (&gate)[4], T /*h_before*/, T c_before, T c, T& dh, T& dc,
                                  T (&z)[4]) {
    const T i = gate[0], f = gate[1], g = gate[2], o = gate[3], tanh_c = std::tanh(c);
    const T D = dc + dh * o * (1 - tanh_c * tanh_c);
    z[0] = D * g * i * (1 - i), z[1] = D * c_before * f * (1 - f);
    z[2] = D * i * (1 - g * g), z[3] = dh * tanh_c * o * (1 - o);
    dc = D * f, dh = 0;
  }
};

struct GruCell {
  static constexpr int COLUMNS = 3;
  static constexpr bool HAS_C = false;
  __device__ static int h_to(int column) { return column == 2 ? 3 : column; }
  template <class T> __device__ static T bias(const T* b, long units, int k, long j) { // [2, 3 units]
    if (k < 2) return b[k * units + j] + b[(3 + k) * units + j];
    return b[(k == 2 ? 2 : 5) * units + j];
  }

  template <class T> __device__ static T forward(T (&a)[4], T h, T& /*c*/) {
    a[0] = sigmoid(a[0]), a[1] = sigmoid(a[1]);
    a[2] = std::tanh(a[2] + a[1] * a[3]);
    return a[0] * h + (1 - a[0]) * a[2];
  }

  template <class T>
  __device__ static void backward(const T (&gate)[4], T h_before, T /*c_before*/, T /*c*/, T& dh, T& /*dc*/,
                                  T (&z)[4]) {
    const T u = gate[0], r = gate[1], g = gate[2], q = gate[3];
    z[0] = dh * (h_before - g) * u * (1 - u);
    z[2] = dh * (1 - u) * (1 - g * g);
    z[1] = z[2] * q * r * (1 - r);
    z[3] = z[2] * r;
    dh = dh * u;
  }
};

// The rungs that others fall back on; naive.cu.
template <class T> void lstm_naive(const LstmSequenceArgs<T>& g);
template <class T> void lstm_gradient_naive(const LstmSequenceGradientArgs<T>& g);
template <class T> void gru_naive(const GruSequenceArgs<T>& g);
template <class T> void gru_gradient_naive(const GruSequenceGradientArgs<T>& g);

} // namespace stepgrad
