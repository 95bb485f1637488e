#include "bindings/bind.h"
#include "matmul/dense.h"
#include "matmul/matmul.h"

namespace stepgrad {

static py::object bind_matmul(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle a, py::handle b, py::handle out, bool transpose_a, bool transpose_b) {
        call<MatmulArgs>(rung, a, [&](const auto& check, auto& g) {
          auto A = check.in("a", a, 3);
          auto B = check.in("b", b, 3);
          auto C = check.out("out", out, 3);
          g.batch = C[0], g.M = C[1], g.N = C[2], g.K = transpose_a ? A[1] : A[2];
          auto matrices = [&](long n) { return n == 1 ? 1 : g.batch; };
          check.shape(A, {matrices(A[0]), transpose_a ? g.K : g.M, transpose_a ? g.M : g.K});
          check.shape(B, {matrices(B[0]), transpose_b ? g.N : g.K, transpose_b ? g.K : g.N});
          g.A = A.data, g.a_batch = A[0] == 1 ? 0 : g.M * g.K;
          g.B = B.data, g.b_batch = B[0] == 1 ? 0 : g.K * g.N;
          g.a_row = transpose_a ? 1 : g.K, g.a_col = transpose_a ? g.M : 1;
          g.b_row = transpose_b ? 1 : g.N, g.b_col = transpose_b ? g.K : 1;
          g.C = C.data, g.c_batch = g.M * g.N, g.ldc = g.N;
        });
      });
}

static py::object bind_dense(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle w, py::handle b, py::handle out, long activation) {
    call<DenseArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto W = check.in("w", w, 2);
      auto B = check.in("b", b, 1);
      auto Y = check.out("out", out, 2);
      g.M = X[0], g.K = X[1], g.N = W[1];
      check.shape(W, {g.K, g.N});
      check.shape(B, {g.N});
      check.shape(Y, {g.M, g.N});
      g.X = X.data, g.W = W.data, g.b = B.data, g.Y = Y.data,
      g.activation = Activation(check.code("activation", activation, ACTIVATIONS));
    });
  });
}

static py::object bind_dense_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle w, py::handle y, py::handle dy, py::handle dx,
                                 py::handle dw, py::handle db, long activation) {
    call<DenseGradientArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto W = check.in("w", w, 2);
      auto Y = check.in("y", y, 2);
      auto DY = check.in("dy", dy, 2);
      auto DW = check.out("dw", dw, 2);
      auto DB = check.out("db", db, 1);
      g.M = X[0], g.K = X[1], g.N = W[1];
      check.shape(W, {g.K, g.N});
      check.shape(Y, {g.M, g.N});
      check.same_shape(DY, Y);
      check.same_shape(DW, W);
      check.shape(DB, {g.N});
      g.dX = check.optional("dx", dx, g.M * g.K);
      g.X = X.data, g.W = W.data, g.Y = Y.data, g.dY = DY.data, g.dW = DW.data, g.db = DB.data;
      g.activation = Activation(check.code("activation", activation, ACTIVATIONS));
    });
  });
}

void add_matmul(Binders& binders) {
  binders["DenseArgs"] = bind_dense;
  binders["DenseGradientArgs"] = bind_dense_gradient;
  binders["MatmulArgs"] = bind_matmul;
}

} // namespace stepgrad
