// Bottom rung of the LSTM: one sample after the other, one step after the other, every product a loop.
//
// Why it is slow: the weights are read from cache again for every sample and every step, and exp and tanh run one by one.
//
// Shapes: recurrent.h. Per sample and step 8 * (n + units) * units FLOPs forward, twice that backward.
#include "common/registry.h"
#include "recurrent/naive.h"
#include "recurrent/recurrent.h"
#include <algorithm>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(LstmSequenceArgs, "lstm_sequence", "naive", 0, "plain loops, one sample and one step at a time",
              lstm_naive)
template <class T> void lstm_naive(const LstmSequenceArgs<T>& g) {
  const long H = g.units;
  std::vector<T> z(4 * H), h(H), c(H);
  for (long b = 0; b < g.batch; b++) {
    std::copy_n(g.h0 + b * H, H, h.data());
    std::copy_n(g.c0 + b * H, H, c.data());
    for (long t = 0; t < g.time; t++) {
      const bool counts = !g.mask || g.mask[b * g.time + t] != 0;
      std::copy_n(g.bias, 4 * H, z.data());
      add_row_product(g.x + (b * g.time + t) * g.n, g.kernel, g.n, 4 * H, z.data());
      add_row_product(h.data(), g.recurrent_kernel, H, 4 * H, z.data());
      for (long j = 0; j < H; j++) {
        const T i = sigmoid(z[j]), f = sigmoid(z[H + j]), u = std::tanh(z[2 * H + j]),
                o = sigmoid(z[3 * H + j]);
        if (counts) {
          c[j] = f * c[j] + i * u;
          h[j] = o * std::tanh(c[j]);
        }
        if (g.hs) g.hs[(b * g.time + t) * H + j] = h[j];
        if (g.gates) {
          T* gate = g.gates + (t * g.batch + b) * 4 * H + j;
          gate[0] = i, gate[H] = f, gate[2 * H] = u, gate[3 * H] = o;
          g.cells[(t * g.batch + b) * H + j] = c[j];
        }
      }
    }
    std::copy_n(h.data(), H, g.h + b * H);
    std::copy_n(c.data(), H, g.c + b * H);
  }
}

// With D = dc + dh o (1 - tanh(c)^2), the gradient of the gates before their functions is
//   [D g i (1 - i),  D c_before f (1 - f),  D i (1 - g^2),  dh tanh(c) o (1 - o)]
STEPGRAD_RUNG(LstmSequenceGradientArgs, "lstm_sequence_gradient", "naive", 0,
              "plain loops, one sample and one step at a time", lstm_gradient_naive)
template <class T> void lstm_gradient_naive(const LstmSequenceGradientArgs<T>& g) {
  const long H = g.units;
  std::fill_n(g.gkernel, g.n * 4 * H, T(0));
  std::fill_n(g.grecurrent_kernel, H * 4 * H, T(0));
  std::fill_n(g.gbias, 4 * H, T(0));
  std::vector<T> z(4 * H), dh(H), dc(H);
  for (long b = 0; b < g.batch; b++) {
    std::copy_n(g.gh + b * H, H, dh.data());
    std::copy_n(g.gc + b * H, H, dc.data());
    for (long t = g.time - 1; t >= 0; t--) {
      const long step = b * g.time + t;
      if (g.ghs)
        for (long j = 0; j < H; j++) dh[j] += g.ghs[step * H + j];
      if (g.gx) std::fill_n(g.gx + step * g.n, g.n, T(0));
      if (g.mask && g.mask[step] == 0) continue;
      const T* c_before = t ? g.cells + ((t - 1) * g.batch + b) * H : g.c0 + b * H;
      const T* h_before = t ? g.hs + (step - 1) * H : g.h0 + b * H;
      for (long j = 0; j < H; j++) {
        const T* gate = g.gates + (t * g.batch + b) * 4 * H + j;
        const T i = gate[0], f = gate[H], u = gate[2 * H], o = gate[3 * H];
        const T tanh_c = std::tanh(g.cells[(t * g.batch + b) * H + j]),
                D = dc[j] + dh[j] * o * (1 - tanh_c * tanh_c);
        z[j] = D * u * i * (1 - i);
        z[H + j] = D * c_before[j] * f * (1 - f);
        z[2 * H + j] = D * i * (1 - u * u);
        z[3 * H + j] = dh[j] * tanh_c * o * (1 - o);
        dc[j] = D * f;
      }
      std::fill(dh.begin(), dh.end(), T(0));
      add_back(z.data(), g.recurrent_kernel, H, 4 * H, dh.data());
      if (g.gx) add_back(z.data(), g.kernel, g.n, 4 * H, g.gx + step * g.n);
      add_outer_product(g.x + step * g.n, z.data(), g.n, 4 * H, g.gkernel);
      add_outer_product(h_before, z.data(), H, 4 * H, g.grecurrent_kernel);
      for (long j = 0; j < 4 * H; j++) g.gbias[j] += z[j];
    }
    std::copy_n(dh.data(), H, g.gh0 + b * H);
    std::copy_n(dc.data(), H, g.gc0 + b * H);
  }
}

} // namespace
} // namespace stepgrad
