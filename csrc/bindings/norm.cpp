#include "bindings/bind.h"
#include "norm/norm.h"

namespace stepgrad {

static py::object bind_statistics(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle mean, py::handle variance) {
    call<BatchNormStatisticsArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto M = check.out("mean", mean, 1);
      auto V = check.out("variance", variance, 1);
      check.shape(M, {X[1]});
      check.shape(V, {X[1]});
      g.x = X.data, g.mean = M.data, g.variance = V.data, g.n = X[0], g.c = X[1];
    });
  });
}

// axis: of x, along which one mean follows the other.
template <template <class> class Args, int axis> static py::object bind_norm(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle scale, py::handle offset, py::handle y,
                                 py::handle mean, py::handle variance, double epsilon) {
    call<Args>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto S = check.in("scale", scale, 1);
      auto O = check.in("offset", offset, 1);
      auto Y = check.out("y", y, 2);
      auto M = check.out("mean", mean, 1);
      auto V = check.out("variance", variance, 1);
      check.shape(S, {X[1]});
      check.shape(O, {X[1]});
      check.same_shape(Y, X);
      check.shape(M, {X[axis]});
      check.shape(V, {X[axis]});
      g.x = X.data, g.scale = S.data, g.offset = O.data, g.y = Y.data, g.mean = M.data, g.variance = V.data;
      g.epsilon = epsilon, g.rows = X[0], g.n = X[1];
    });
  });
}

template <template <class> class Args, int axis> static py::object bind_norm_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle scale, py::handle mean, py::handle variance,
                                 py::handle dy, py::handle dx, py::handle dscale, py::handle doffset,
                                 double epsilon) {
    call<Args>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto S = check.in("scale", scale, 1);
      auto M = check.in("mean", mean, 1);
      auto V = check.in("variance", variance, 1);
      auto DY = check.in("dy", dy, 2);
      auto DX = check.out("dx", dx, 2);
      auto DS = check.out("dscale", dscale, 1);
      auto DO = check.out("doffset", doffset, 1);
      check.shape(S, {X[1]});
      check.shape(M, {X[axis]});
      check.shape(V, {X[axis]});
      check.same_shape(DY, X);
      check.same_shape(DX, X);
      check.shape(DS, {X[1]});
      check.shape(DO, {X[1]});
      g.x = X.data, g.scale = S.data, g.mean = M.data, g.variance = V.data, g.dy = DY.data;
      g.dx = DX.data, g.dscale = DS.data, g.doffset = DO.data;
      g.epsilon = epsilon, g.rows = X[0], g.n = X[1];
    });
  });
}

static py::object bind_rms_norm(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle x, py::handle scale, py::handle y, py::handle mean_square, double epsilon) {
        call<RmsNormArgs>(rung, x, [&](const auto& check, auto& g) {
          auto X = check.in("x", x, 2);
          auto S = check.in("scale", scale, 1);
          auto Y = check.out("y", y, 2);
          auto M = check.out("mean_square", mean_square, 1);
          check.shape(S, {X[1]});
          check.same_shape(Y, X);
          check.shape(M, {X[0]});
          g.x = X.data, g.scale = S.data, g.y = Y.data, g.mean_square = M.data;
          g.epsilon = epsilon, g.rows = X[0], g.n = X[1];
        });
      });
}

static py::object bind_rms_norm_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle scale, py::handle mean_square, py::handle dy,
                                 py::handle dx, py::handle dscale, double epsilon) {
    call<RmsNormGradientArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto S = check.in("scale", scale, 1);
      auto M = check.in("mean_square", mean_square, 1);
      auto DY = check.in("dy", dy, 2);
      auto DX = check.out("dx", dx, 2);
      auto DS = check.out("dscale", dscale, 1);
      check.shape(S, {X[1]});
      check.shape(M, {X[0]});
      check.same_shape(DY, X);
      check.same_shape(DX, X);
      check.shape(DS, {X[1]});
      g.x = X.data, g.scale = S.data, g.mean_square = M.data, g.dy = DY.data, g.dx = DX.data;
      g.dscale = DS.data, g.epsilon = epsilon, g.rows = X[0], g.n = X[1];
    });
  });
}

void add_norm(Binders& binders) {
  binders["BatchNormStatisticsArgs"] = bind_statistics;
  binders["LayerNormArgs"] = bind_norm<LayerNormArgs, 0>;
  binders["LayerNormGradientArgs"] = bind_norm_gradient<LayerNormGradientArgs, 0>;
  binders["RmsNormArgs"] = bind_rms_norm;
  binders["RmsNormGradientArgs"] = bind_rms_norm_gradient;
  binders["BatchNormArgs"] = bind_norm<BatchNormArgs, 1>;
  binders["BatchNormGradientArgs"] = bind_norm_gradient<BatchNormGradientArgs, 1>;
}

} // namespace stepgrad
