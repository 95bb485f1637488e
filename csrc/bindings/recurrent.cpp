#include "bindings/bind.h"
#include "recurrent/recurrent.h"

namespace stepgrad {

// What is not given comes as an array without elements, and reaches the kernel as null.
template <class A> static auto or_null(const A& a) { return a.size ? a.data : nullptr; }

// columns: of the gates in the weights. A GRU comes without c0, c and cells.
template <class Check, class G>
static void fill_sequence(const Check& check, G& g, long columns, py::handle x, py::handle kernel,
                          py::handle recurrent, py::handle bias, py::handle h0, py::handle mask,
                          py::handle hs, py::handle h, py::handle gates) {
  auto X = check.in("x", x, 3);
  auto W = check.in("kernel", kernel, 2);
  auto U = check.in("recurrent_kernel", recurrent, 2);
  auto B = check.in("bias", bias);
  auto H0 = check.in("h0", h0, 2);
  auto M = check.in("mask", mask, 2);
  auto HS = check.out("hs", hs, 3);
  auto H = check.out("h", h, 2);
  auto Q = check.out("gates", gates, 3);
  g.batch = X[0], g.time = X[1], g.n = X[2], g.units = U[0];
  check.shape(W, {g.n, columns * g.units});
  check.shape(U, {g.units, columns * g.units});
  check.size(B, (columns == 4 ? 4 : 6) * g.units);
  check.shape(H0, {g.batch, g.units});
  check.shape(H, {g.batch, g.units});
  if (M.size) check.shape(M, {g.batch, g.time});
  if (HS.size) check.shape(HS, {g.batch, g.time, g.units});
  if (Q.size) check.shape(Q, {g.time, g.batch, 4 * g.units});
  g.x = X.data, g.kernel = W.data, g.recurrent_kernel = U.data, g.bias = B.data, g.h0 = H0.data;
  g.mask = or_null(M), g.hs = or_null(HS), g.h = H.data, g.gates = or_null(Q);
}

static py::object bind_lstm(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle kernel, py::handle recurrent, py::handle bias,
                                 py::handle h0, py::handle c0, py::handle mask, py::handle hs, py::handle h,
                                 py::handle c, py::handle cells, py::handle gates) {
    call<LstmSequenceArgs>(rung, x, [&](const auto& check, auto& g) {
      fill_sequence(check, g, 4, x, kernel, recurrent, bias, h0, mask, hs, h, gates);
      auto C0 = check.in("c0", c0, 2);
      auto C = check.out("c", c, 2);
      auto CS = check.out("cells", cells, 3);
      check.shape(C0, {g.batch, g.units});
      check.shape(C, {g.batch, g.units});
      if (CS.size || g.gates) check.shape(CS, {g.time, g.batch, g.units});
      g.c0 = C0.data, g.c = C.data, g.cells = or_null(CS);
      check.that(!g.cells == !g.gates, "gates", "both cells and gates, or none", "one of them");
    });
  });
}

static py::object bind_gru(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle kernel, py::handle recurrent, py::handle bias,
                                 py::handle h0, py::handle mask, py::handle hs, py::handle h,
                                 py::handle gates) {
    call<GruSequenceArgs>(rung, x, [&](const auto& check, auto& g) {
      fill_sequence(check, g, 3, x, kernel, recurrent, bias, h0, mask, hs, h, gates);
    });
  });
}

template <class Check, class G>
static void fill_gradient(const Check& check, G& g, long columns, py::handle x, py::handle kernel,
                          py::handle recurrent, py::handle h0, py::handle hs, py::handle gates,
                          py::handle ghs, py::handle gh, py::handle mask, py::handle gx, py::handle gkernel,
                          py::handle grecurrent, py::handle gbias, py::handle gh0, bool wants_x) {
  auto X = check.in("x", x, 3);
  auto W = check.in("kernel", kernel, 2);
  auto U = check.in("recurrent_kernel", recurrent, 2);
  auto H0 = check.in("h0", h0, 2);
  auto HS = check.in("hs", hs, 3);
  auto Q = check.in("gates", gates, 3);
  auto GHS = check.in("ghs", ghs, 3);
  auto GH = check.in("gh", gh, 2);
  auto M = check.in("mask", mask, 2);
  auto GX = check.out("gx", gx, 3);
  auto GW = check.out("gkernel", gkernel, 2);
  auto GU = check.out("grecurrent_kernel", grecurrent, 2);
  auto GB = check.out("gbias", gbias);
  auto GH0 = check.out("gh0", gh0, 2);
  g.batch = X[0], g.time = X[1], g.n = X[2], g.units = U[0];
  check.shape(W, {g.n, columns * g.units});
  check.shape(U, {g.units, columns * g.units});
  check.shape(H0, {g.batch, g.units});
  check.shape(HS, {g.batch, g.time, g.units});
  check.shape(Q, {g.time, g.batch, 4 * g.units});
  if (GHS.size) check.shape(GHS, {g.batch, g.time, g.units});
  check.shape(GH, {g.batch, g.units});
  if (M.size) check.shape(M, {g.batch, g.time});
  if (wants_x) check.same_shape(GX, X);
  check.same_shape(GW, W);
  check.same_shape(GU, U);
  check.size(GB, (columns == 4 ? 4 : 6) * g.units);
  check.same_shape(GH0, H0);
  g.x = X.data, g.kernel = W.data, g.recurrent_kernel = U.data, g.h0 = H0.data, g.hs = HS.data,
  g.gates = Q.data;
  g.ghs = or_null(GHS), g.gh = GH.data, g.mask = or_null(M), g.gx = wants_x ? GX.data : nullptr;
  g.gkernel = GW.data, g.grecurrent_kernel = GU.data, g.gbias = GB.data, g.gh0 = GH0.data;
}

static py::object bind_lstm_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle kernel, py::handle recurrent, py::handle h0,
                                 py::handle c0, py::handle hs, py::handle cells, py::handle gates,
                                 py::handle ghs, py::handle gh, py::handle gc, py::handle mask, py::handle gx,
                                 py::handle gkernel, py::handle grecurrent, py::handle gbias, py::handle gh0,
                                 py::handle gc0, bool wants_x) {
    call<LstmSequenceGradientArgs>(rung, x, [&](const auto& check, auto& g) {
      fill_gradient(check, g, 4, x, kernel, recurrent, h0, hs, gates, ghs, gh, mask, gx, gkernel, grecurrent,
                    gbias, gh0, wants_x);
      auto C0 = check.in("c0", c0, 2);
      auto CS = check.in("cells", cells, 3);
      auto GC = check.in("gc", gc, 2);
      auto GC0 = check.out("gc0", gc0, 2);
      check.shape(C0, {g.batch, g.units});
      check.shape(CS, {g.time, g.batch, g.units});
      check.shape(GC, {g.batch, g.units});
      check.shape(GC0, {g.batch, g.units});
      g.c0 = C0.data, g.cells = CS.data, g.gc = GC.data, g.gc0 = GC0.data;
    });
  });
}

static py::object bind_gru_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle kernel, py::handle recurrent, py::handle h0,
                                 py::handle hs, py::handle gates, py::handle ghs, py::handle gh,
                                 py::handle mask, py::handle gx, py::handle gkernel, py::handle grecurrent,
                                 py::handle gbias, py::handle gh0, bool wants_x) {
    call<GruSequenceGradientArgs>(rung, x, [&](const auto& check, auto& g) {
      fill_gradient(check, g, 3, x, kernel, recurrent, h0, hs, gates, ghs, gh, mask, gx, gkernel, grecurrent,
                    gbias, gh0, wants_x);
    });
  });
}

void add_recurrent(Binders& binders) {
  binders["LstmSequenceArgs"] = bind_lstm;
  binders["GruSequenceArgs"] = bind_gru;
  binders["LstmSequenceGradientArgs"] = bind_lstm_gradient;
  binders["GruSequenceGradientArgs"] = bind_gru_gradient;
}

} // namespace stepgrad
