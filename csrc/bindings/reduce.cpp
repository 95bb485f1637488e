#include "bindings/bind.h"
#include "reduce/reduce.h"

namespace stepgrad {

static py::object bind_reduce(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle out) {
    call<ReduceArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 3);
      auto OUT = check.out("out", out, 2);
      check.shape(OUT, {X[0], X[2]});
      g.x = X.data, g.out = OUT.data, g.outer = X[0], g.n = X[1], g.inner = X[2];
    });
  });
}

static py::object bind_arg_reduce(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle out) {
    call<ArgReduceArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 3);
      auto OUT = check.ints_out("out", out, 2);
      check.shape(OUT, {X[0], X[2]});
      g.x = X.data, g.out = OUT.data, g.outer = X[0], g.n = X[1], g.inner = X[2];
    });
  });
}

void add_reduce(Binders& binders) {
  binders["ReduceArgs"] = bind_reduce;
  binders["ArgReduceArgs"] = bind_arg_reduce;
}

} // namespace stepgrad
