#include "attention/attention.h"
#include "bindings/bind.h"

namespace stepgrad {

// The sizes, and the mask: an empty array stands for none.
template <class Check, class Q, class V, class T>
static void fill_sizes(const Check& check, const Q& q, const Q& k, const V& v, py::handle mask, double scale,
                       bool causal, AttentionSizes<T>& g) {
  g.batch = q[0], g.tq = q[1], g.heads = q[2], g.d = q[3], g.tk = k[1], g.kv_heads = k[2], g.dv = v[3];
  check.shape(k, {q[0], k[1], k[2], q[3]});
  check.shape(v, {q[0], k[1], k[2], v[3]});
  check.that(g.kv_heads > 0 && g.heads % g.kv_heads == 0, "k",
             "heads that divide the " + std::to_string(g.heads) + " of q", std::to_string(g.kv_heads));
  auto M = check.in("mask", mask, 4);
  if (M.size) {
    const auto or_one = [&](int axis, long n) { return M[axis] == 1 ? 1 : n; };
    check.shape(M, {or_one(0, g.batch), or_one(1, g.heads), or_one(2, g.tq), g.tk});
    g.mask = M.data;
    g.mask_row = M[2] == 1 ? 0 : g.tk;
    g.mask_head = M[1] == 1 ? 0 : M[2] * g.tk;
    g.mask_batch = M[0] == 1 ? 0 : M[1] * M[2] * g.tk;
  }
  g.scale = T(scale), g.causal = causal;
}

static py::object bind_attention(const Rung& rung) {
  return py::cpp_function([rung](py::handle q, py::handle k, py::handle v, py::handle mask, py::handle y,
                                 py::handle max, py::handle sum, double scale, bool causal) {
    call<AttentionArgs>(rung, q, [&](const auto& check, auto& g) {
      auto Q = check.in("q", q, 4), K = check.in("k", k, 4), V = check.in("v", v, 4);
      fill_sizes(check, Q, K, V, mask, scale, causal, g);
      auto Y = check.out("y", y, 4), MAX = check.out("max", max, 3), SUM = check.out("sum", sum, 3);
      check.shape(Y, {g.batch, g.tq, g.heads, g.dv});
      check.shape(MAX, {g.batch, g.heads, g.tq});
      check.shape(SUM, {g.batch, g.heads, g.tq});
      g.q = Q.data, g.k = K.data, g.v = V.data, g.y = Y.data, g.max = MAX.data, g.sum = SUM.data;
    });
  });
}

static py::object bind_attention_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle q, py::handle k, py::handle v, py::handle mask, py::handle y,
                                 py::handle max, py::handle sum, py::handle dy, py::handle dq, py::handle dk,
                                 py::handle dv, double scale, bool causal) {
    call<AttentionGradientArgs>(rung, q, [&](const auto& check, auto& g) {
      auto Q = check.in("q", q, 4), K = check.in("k", k, 4), V = check.in("v", v, 4);
      fill_sizes(check, Q, K, V, mask, scale, causal, g);
      auto Y = check.in("y", y, 4), MAX = check.in("max", max, 3), SUM = check.in("sum", sum, 3),
           DY = check.in("dy", dy, 4);
      check.shape(Y, {g.batch, g.tq, g.heads, g.dv});
      check.same_shape(DY, Y);
      check.shape(MAX, {g.batch, g.heads, g.tq});
      check.shape(SUM, {g.batch, g.heads, g.tq});
      auto DQ = check.out("dq", dq, 4), DK = check.out("dk", dk, 4), DV = check.out("dv", dv, 4);
      check.same_shape(DQ, Q);
      check.same_shape(DK, K);
      check.same_shape(DV, V);
      g.q = Q.data, g.k = K.data, g.v = V.data, g.y = Y.data, g.max = MAX.data, g.sum = SUM.data;
      g.dy = DY.data, g.dq = DQ.data, g.dk = DK.data, g.dv_ = DV.data;
    });
  });
}

void add_attention(Binders& binders) {
  binders["AttentionArgs"] = bind_attention;
  binders["AttentionGradientArgs"] = bind_attention_gradient;
}

} // namespace stepgrad
