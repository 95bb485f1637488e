// Bottom rung of the GRU: one sample after the other, one step after the other, every product a loop.
//
// Why it is slow: the weights are read from cache again for every sample and every step, and exp and tanh run one by one.
//
// Shapes: recurrent.h. Per sample and step 6 * (n + units) * units FLOPs forward, twice that backward.
#include "common/registry.h"
#include "recurrent/naive.h"
#include "recurrent/recurrent.h"
#include <algorithm>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(GruSequenceArgs, "gru_sequence", "naive", 0, "plain loops, one sample and one step at a time",
              gru_naive)
template <class T> void gru_naive(const GruSequenceArgs<T>& g) {
  const long H = g.units;
  std::vector<T> a(3 * H), s(3 * H), h(H);
  for (long b = 0; b < g.batch; b++) {
    std::copy_n(g.h0 + b * H, H, h.data());
    for (long t = 0; t < g.time; t++) {
      const bool counts = !g.mask || g.mask[b * g.time + t] != 0;
      std::copy_n(g.bias, 3 * H, a.data());
      std::copy_n(g.bias + 3 * H, 3 * H, s.data());
      add_row_product(g.x + (b * g.time + t) * g.n, g.kernel, g.n, 3 * H, a.data());
      add_row_product(h.data(), g.recurrent_kernel, H, 3 * H, s.data());
      for (long j = 0; j < H; j++) {
        const T z = sigmoid(a[j] + s[j]), r = sigmoid(a[H + j] + s[H + j]), q = s[2 * H + j];
        const T u = std::tanh(a[2 * H + j] + r * q);
        if (counts) h[j] = z * h[j] + (1 - z) * u;
        if (g.hs) g.hs[(b * g.time + t) * H + j] = h[j];
        if (g.gates) {
          T* gate = g.gates + (t * g.batch + b) * 4 * H + j;
          gate[0] = z, gate[H] = r, gate[2 * H] = u, gate[3 * H] = q;
        }
      }
    }
    std::copy_n(h.data(), H, g.h + b * H);
  }
}

// Before their functions the gates get
//   z: dh (h_before - g) z (1 - z),  g: dh (1 - z) (1 - g^2) = G,  r: G q r (1 - r),  and q: G r
STEPGRAD_RUNG(GruSequenceGradientArgs, "gru_sequence_gradient", "naive", 0,
              "plain loops, one sample and one step at a time", gru_gradient_naive)
template <class T> void gru_gradient_naive(const GruSequenceGradientArgs<T>& g) {
  const long H = g.units;
  std::fill_n(g.gkernel, g.n * 3 * H, T(0));
  std::fill_n(g.grecurrent_kernel, H * 3 * H, T(0));
  std::fill_n(g.gbias, 6 * H, T(0));
  std::vector<T> a(3 * H), s(3 * H), dh(H);
  for (long b = 0; b < g.batch; b++) {
    std::copy_n(g.gh + b * H, H, dh.data());
    for (long t = g.time - 1; t >= 0; t--) {
      const long step = b * g.time + t;
      if (g.ghs)
        for (long j = 0; j < H; j++) dh[j] += g.ghs[step * H + j];
      if (g.gx) std::fill_n(g.gx + step * g.n, g.n, T(0));
      if (g.mask && g.mask[step] == 0) continue;
      const T* h_before = t ? g.hs + (step - 1) * H : g.h0 + b * H;
      for (long j = 0; j < H; j++) {
        const T* gate = g.gates + (t * g.batch + b) * 4 * H + j;
        const T z = gate[0], r = gate[H], u = gate[2 * H], q = gate[3 * H];
        a[j] = s[j] = dh[j] * (h_before[j] - u) * z * (1 - z);
        a[2 * H + j] = dh[j] * (1 - z) * (1 - u * u);
        a[H + j] = s[H + j] = a[2 * H + j] * q * r * (1 - r);
        s[2 * H + j] = a[2 * H + j] * r;
        dh[j] *= z;
      }
      add_back(s.data(), g.recurrent_kernel, H, 3 * H, dh.data());
      if (g.gx) add_back(a.data(), g.kernel, g.n, 3 * H, g.gx + step * g.n);
      add_outer_product(g.x + step * g.n, a.data(), g.n, 3 * H, g.gkernel);
      add_outer_product(h_before, s.data(), H, 3 * H, g.grecurrent_kernel);
      for (long j = 0; j < 3 * H; j++) g.gbias[j] += a[j], g.gbias[3 * H + j] += s[j];
    }
    std::copy_n(dh.data(), H, g.gh0 + b * H);
  }
}

} // namespace
} // namespace stepgrad
