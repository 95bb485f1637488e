#include "bindings/bind.h"
#include "pool2d/pool2d.h"
#include <limits>

namespace stepgrad {

struct Geometry {
  long kh, kw, sh, sw, ph, pw;
};

template <class Check, class X, class Y, class Args>
static void fill_shape(const Check& check, const X& x, const Y& y, const Geometry& s, Args& g) {
  check.at_least("kh", s.kh, 1), check.at_least("kw", s.kw, 1);
  check.at_least("sh", s.sh, 1), check.at_least("sw", s.sw, 1);
  check.at_least("ph", s.ph, 0), check.at_least("pw", s.pw, 0);
  g.N = x[0], g.H = x[1], g.W = x[2], g.C = x[3], g.OH = y[1], g.OW = y[2];
  g.KH = s.kh, g.KW = s.kw, g.stride_h = s.sh, g.stride_w = s.sw, g.pad_h = s.ph, g.pad_w = s.pw;
  check.shape(y, {g.N, g.OH, g.OW, g.C});
}

static py::object bind_max(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle out, py::handle argmax, long kh, long kw, long sh,
                                 long sw, long ph, long pw) {
    call<MaxPool2dArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 4);
      auto Y = check.out("out", out, 4);
      auto I = check.places_out("argmax", argmax, 4);
      fill_shape(check, X, Y, Geometry{kh, kw, sh, sw, ph, pw}, g);
      check.that(g.H * g.W <= std::numeric_limits<int32_t>::max(), "x", "fewer than 2^31 pixels",
                 std::to_string(g.H * g.W));
      check.same_shape(I, Y);
      g.x = X.data, g.out = Y.data, g.argmax = I.data;
    });
  });
}

static py::object bind_max_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle dy, py::handle argmax, py::handle dx, long kh, long kw, long sh,
                                 long sw, long ph, long pw) {
    call<MaxPool2dGradientArgs>(rung, dy, [&](const auto& check, auto& g) {
      auto DY = check.in("dy", dy, 4);
      auto I = check.places("argmax", argmax, 4);
      auto DX = check.out("dx", dx, 4);
      check.same_shape(I, DY);
      if (kh == 0) // windows not known
        kw = 0, sh = sw = 1, ph = pw = 0;
      check.at_least("kh", kh, 0), check.at_least("kw", kw, kh > 0);
      check.at_least("sh", sh, 1), check.at_least("sw", sw, 1);
      check.at_least("ph", ph, 0), check.at_least("pw", pw, 0);
      check.shape(DX, {DY[0], DX[1], DX[2], DY[3]});
      g.N = DY[0], g.H = DX[1], g.W = DX[2], g.C = DY[3], g.OH = DY[1], g.OW = DY[2];
      g.KH = kh, g.KW = kw, g.stride_h = sh, g.stride_w = sw, g.pad_h = ph, g.pad_w = pw;
      g.dy = DY.data, g.argmax = I.data, g.dx = DX.data;
    });
  });
}

static py::object bind_average(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle x, py::handle out, long kh, long kw, long sh, long sw, long ph, long pw) {
        call<AveragePool2dArgs>(rung, x, [&](const auto& check, auto& g) {
          auto X = check.in("x", x, 4);
          auto Y = check.out("out", out, 4);
          fill_shape(check, X, Y, Geometry{kh, kw, sh, sw, ph, pw}, g);
          g.x = X.data, g.out = Y.data;
        });
      });
}

static py::object bind_average_gradient(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle dy, py::handle dx, long kh, long kw, long sh, long sw, long ph, long pw) {
        call<AveragePool2dGradientArgs>(rung, dy, [&](const auto& check, auto& g) {
          auto DY = check.in("dy", dy, 4);
          auto DX = check.out("dx", dx, 4);
          fill_shape(check, DX, DY, Geometry{kh, kw, sh, sw, ph, pw}, g);
          g.dy = DY.data, g.dx = DX.data;
        });
      });
}

void add_pool2d(Binders& binders) {
  binders["MaxPool2dArgs"] = bind_max;
  binders["MaxPool2dGradientArgs"] = bind_max_gradient;
  binders["AveragePool2dArgs"] = bind_average;
  binders["AveragePool2dGradientArgs"] = bind_average_gradient;
}

} // namespace stepgrad
