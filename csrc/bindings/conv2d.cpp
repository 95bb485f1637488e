#include "bindings/bind.h"
#include "conv2d/conv2d.h"

namespace stepgrad {

// Image [N, H, W, C], filter [KH, KW, CG, O] and result [N, OH, OW, O] must fit together; the sizes of the image and of
// the result need not: whatever a filter tap does not find in the image is zero.
struct Geometry {
  long sh, sw, ph, pw, dh, dw, groups;
};

template <class Check, class X, class W, class Y, class Args>
static void fill_shape(const Check& check, const X& x, const W& w, const Y& y, const Geometry& s, Args& g) {
  check.at_least("sh", s.sh, 1), check.at_least("sw", s.sw, 1);
  check.at_least("ph", s.ph, 0), check.at_least("pw", s.pw, 0);
  check.at_least("dh", s.dh, 1), check.at_least("dw", s.dw, 1);
  check.at_least("groups", s.groups, 1);
  g.N = x[0], g.H = x[1], g.W = x[2], g.C = x[3];
  g.KH = w[0], g.KW = w[1], g.CG = w[2], g.O = w[3];
  g.OH = y[1], g.OW = y[2];
  g.stride_h = s.sh, g.stride_w = s.sw, g.pad_h = s.ph, g.pad_w = s.pw, g.dilation_h = s.dh,
  g.dilation_w = s.dw;
  g.groups = s.groups;
  check.that(g.C == g.CG * s.groups && g.O % s.groups == 0, "groups",
             "channels of x = channels of the filter * groups and filters divisible by groups",
             std::to_string(g.C) + " channels, filter " + shape_text(w.shape, 4) + ", groups " +
                 std::to_string(s.groups));
  check.shape(y, {g.N, g.OH, g.OW, g.O});
}

static py::object bind_forward(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle w, py::handle out, long sh, long sw, long ph,
                                 long pw, long dh, long dw, long groups) {
    call<Conv2dArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 4);
      auto W = check.in("w", w, 4);
      auto Y = check.out("out", out, 4);
      fill_shape(check, X, W, Y, Geometry{sh, sw, ph, pw, dh, dw, groups}, g);
      g.x = X.data, g.w = W.data, g.y = Y.data;
    });
  });
}

static py::object bind_bias(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle w, py::handle bias, py::handle out, bool relu,
                                 long sh, long sw, long ph, long pw, long dh, long dw, long groups) {
    call<Conv2dBiasArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 4);
      auto W = check.in("w", w, 4);
      auto B = check.in("bias", bias, 1);
      auto Y = check.out("out", out, 4);
      fill_shape(check, X, W, Y, Geometry{sh, sw, ph, pw, dh, dw, groups}, g);
      check.shape(B, {g.O});
      g.x = X.data, g.w = W.data, g.y = Y.data, g.bias = B.data, g.relu = relu;
    });
  });
}

static py::object bind_input_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle dy, py::handle w, py::handle dx, long sh, long sw, long ph,
                                 long pw, long dh, long dw, long groups) {
    call<Conv2dInputGradientArgs>(rung, dy, [&](const auto& check, auto& g) {
      auto DY = check.in("dy", dy, 4);
      auto W = check.in("w", w, 4);
      auto DX = check.out("dx", dx, 4);
      fill_shape(check, DX, W, DY, Geometry{sh, sw, ph, pw, dh, dw, groups}, g);
      g.dy = DY.data, g.w = W.data, g.dx = DX.data;
    });
  });
}

static py::object bind_weight_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle dy, py::handle dw_out, long sh, long sw, long ph,
                                 long pw, long dh, long dw, long groups) {
    call<Conv2dWeightGradientArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 4);
      auto DY = check.in("dy", dy, 4);
      auto DW = check.out("dw_out", dw_out, 4);
      fill_shape(check, X, DW, DY, Geometry{sh, sw, ph, pw, dh, dw, groups}, g);
      g.x = X.data, g.dy = DY.data, g.dw = DW.data;
    });
  });
}

void add_conv2d(Binders& binders) {
  binders["Conv2dArgs"] = bind_forward;
  binders["Conv2dBiasArgs"] = bind_bias;
  binders["Conv2dInputGradientArgs"] = bind_input_gradient;
  binders["Conv2dWeightGradientArgs"] = bind_weight_gradient;
}

} // namespace stepgrad
