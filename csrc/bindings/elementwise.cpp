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

void add_elementwise(Binders& binders) {
  binders["UnaryArgs"] = bind_unary;
  binders["UnaryGradientArgs"] = bind_unary_gradient;
  binders["BinaryArgs"] = bind_binary;
}

} // namespace stepgrad
