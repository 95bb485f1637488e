// The two cells: which accumulators their weights feed, and the element-wise part of a step, on vectors of units.
//
// Four accumulators a unit. Columns of W and U feed them as x_to and h_to say: an LSTM adds both products in i f g o, a GRU has
// z r, then g from the input alone and q from the state alone.
#pragma once
#include "common/math.h"
#include "common/vec.h"
#include "recurrent/recurrent.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

// The functions of the gates. Not as exact as vsigmoid and vtanh, which hold 2 units in the last place, but half the work: in
// a cell one more does not matter, and the functions are a third of a step's time.
STEPGRAD_INLINE vec_f32 gate_sigmoid(vec_f32 x) { // 1 / (1 + e^-x)
  x = x > 87.0f ? splat(87.0f) : x;               // written so that NaN passes
  x = x < -87.0f ? splat(-87.0f) : x;
  vec_i32 n;
  const vec_f32 p = reduced_expm1(-x, &n), scale = power_of_two(n);
  return 1.0f / (scale * p + (scale + 1.0f));
}
STEPGRAD_INLINE vec_f32 gate_tanh(vec_f32 x) { // E / (E + 2), E = e^(2x) - 1
  x = x > 10.0f ? splat(10.0f) : x;
  x = x < -10.0f ? splat(-10.0f) : x;
  vec_i32 n;
  const vec_f32 p = reduced_expm1(2.0f * x, &n), scale = power_of_two(n), E = scale * p + (scale - 1.0f);
  return E / (E + 2.0f);
}
STEPGRAD_INLINE vec_f64 gate_sigmoid(vec_f64 x) { return vsigmoid(x); }
STEPGRAD_INLINE vec_f64 gate_tanh(vec_f64 x) { return vtanh(x); }

struct Lstm {
  static constexpr int columns = 4, x_to[] = {0, 1, 2, 3}, h_to[] = {0, 1, 2, 3};
  static constexpr bool has_c = true;

  // In two parts, so that a part of several samples is at work at the same time: a function is a long chain of instructions.
  // a: the accumulators, in: gates. Returns the new c; then, from that, the new h.
  template <class V> static V gates(V* a, V c) {
    for (int k : {0, 1, 3}) a[k] = gate_sigmoid(a[k]);
    a[2] = gate_tanh(a[2]);
    return a[1] * c + a[0] * a[2];
  }
  template <class V> static V state(V* a, V /*h*/, V c) { return a[3] * gate_tanh(c); }

  // The columns of the gradient: z holds i f g o, all of them for W and for U.
  static constexpr long x_begin = 0, h_begin = 0;
  // gate: what forward kept. dh, dc: in; out what stays for the step before, besides the product with U.
  template <class V>
  static void backward(const V* gate, V /*h_before*/, V c_before, V c, V& dh, V& dc, V* z) {
    const V i = gate[0], f = gate[1], g = gate[2], o = gate[3], tanh_c = gate_tanh(c);
    const V D = dc + dh * o * (1 - tanh_c * tanh_c);
    z[0] = D * g * i * (1 - i);
    z[1] = D * c_before * f * (1 - f);
    z[2] = D * i * (1 - g * g);
    z[3] = dh * tanh_c * o * (1 - o);
    dc = D * f;
    dh = V{};
  }
};

struct Gru {
  static constexpr int columns = 3, x_to[] = {0, 1, 2}, h_to[] = {0, 1, 3};
  static constexpr bool has_c = false;

  template <class V> static V gates(V* a, V c) {
    a[0] = gate_sigmoid(a[0]), a[1] = gate_sigmoid(a[1]);
    return c;
  }
  template <class V> static V state(V* a, V h, V /*c*/) {
    a[2] = gate_tanh(a[2] + a[1] * a[3]);
    return a[0] * h + (1 - a[0]) * a[2];
  }

  // z holds g z r q: the first three are the columns for W, the last three those for U.
  static constexpr long x_begin = 0, h_begin = 1;
  template <class V>
  static void backward(const V* gate, V h_before, V /*c*/, V /*c*/, V& dh, V& /*dc*/, V* z) {
    const V u = gate[0], r = gate[1], g = gate[2], q = gate[3];
    z[0] = dh * (1 - u) * (1 - g * g);
    z[1] = dh * (h_before - g) * u * (1 - u);
    z[2] = z[0] * q * r * (1 - r);
    z[3] = z[0] * r;
    dh = dh * u;
  }
};

// Column of Keras's weights for column k of z that belongs to W: a GRU's z begins with g, which comes last in W.
template <class Cell> long x_column(long k, long units) {
  if (Cell::columns == 4) return k;
  return k < units ? 2 * units + k : k - units;
}

// Samples that go through the whole sequence together: enough to use each weight from cache several times, few enough to
// give every thread some. A function of the batch alone, because the gradients of the weights are added group by group.
inline long rows_of_group(long batch) {
  const long sixteenth = (batch + 15) / 16;
  return batch < 64 ? 8 : sixteenth < 16 ? 16 : sixteenth;
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
