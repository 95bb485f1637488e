#include "bindings/bind.h"
#include "elementwise/elementwise.h"

namespace stepgrad {

static py::object bind_unary(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle y) {
    call<UnaryArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x);
      auto Y = check.out("y", y);
      check.size(Y, X.size);
      g.x = X.data, g.y = Y.data, g.n = X.size;
    });
  });
}

static py::object bind_unary_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle saved, py::handle dy, py::handle dx) {
    call<UnaryGradientArgs>(rung, saved, [&](const auto& check, auto& g) {
      const std::string op = rung.op;
      auto S = check.in(op == "sigmoid_gradient" || op == "tanh_gradient" ? "y" : "x", saved);
      auto DY = check.in("dy", dy);
      auto DX = check.out("dx", dx);
      check.size(DY, S.size);
      check.size(DX, S.size);
      g.saved = S.data, g.dy = DY.data, g.dx = DX.data, g.n = S.size;
    });
  });
}

static py::object bind_binary(const Rung& rung) {
  return py::cpp_function([rung](py::handle a, py::handle b, py::handle out) {
    call<BinaryArgs>(rung, a, [&](const auto& check, auto& g) {
      auto A = check.in("a", a, 2);
      auto B = check.in("b", b, 2);
      auto OUT = check.out("out", out, 2);
      check.same_shape(OUT, A);
      g.rows = A[0], g.n = A[1];
      check.shape(B, {B[0] == 1 ? 1 : g.rows, B[0] == 1 && B[1] == 1 ? 1 : g.n});
      g.a = A.data, g.b = B.data, g.out = OUT.data;
      g.b_row = B[0] == 1 ? 0 : g.n, g.b_col = B[1] == 1 ? 0 : 1;
    });
  });
}

static py::object bind_bias_activation(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle b, py::handle y, long activation) {
    call<BiasActivationArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto B = check.in("b", b, 1);
      auto Y = check.out("y", y, 2);
      check.shape(B, {X[1]});
      check.same_shape(Y, X);
      g = {X.data, B.data, Y.data, X[0], X[1], Activation(check.code("activation", activation, ACTIVATIONS))};
    });
  });
}

static py::object bind_bias_activation_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle y, py::handle dy, py::handle dx, py::handle db, long activation) {
    call<BiasActivationGradientArgs>(rung, y, [&](const auto& check, auto& g) {
      auto Y = check.in("y", y, 2);
      auto DY = check.in("dy", dy, 2);
      auto DX = check.out("dx", dx, 2);
      auto DB = check.out("db", db, 1);
      check.same_shape(DY, Y);
      check.same_shape(DX, Y);
      check.shape(DB, {Y[1]});
      g = {Y.data,
           DY.data,
           DX.data,
           DB.data,
           Y[0],
           Y[1],
           Activation(check.code("activation", activation, ACTIVATIONS))};
    });
  });
}

void add_elementwise(Binders& binders) {
  binders["BiasActivationArgs"] = bind_bias_activation;
  binders["BiasActivationGradientArgs"] = bind_bias_activation_gradient;
  binders["UnaryArgs"] = bind_unary;
  binders["UnaryGradientArgs"] = bind_unary_gradient;
  binders["BinaryArgs"] = bind_binary;
}

} // namespace stepgrad
