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

void add_norm(Binders& binders) { binders["BatchNormStatisticsArgs"] = bind_statistics; }

} // namespace stepgrad
