#include "bindings/bind.h"
#include "embedding/embedding.h"

namespace stepgrad {

template <class Check, class G> static void check_indices(const Check& check, const G& g) {
  if (place() == Place::GPU) return; // where the kernels see to it
  for (long i = 0; i < g.n; i++)
    if (!(g.indices[i] >= 0 && g.indices[i] < g.v))
      check.that(false, "indices", "values in [0, " + std::to_string(g.v) + ")",
                 std::to_string(g.indices[i]));
}

static py::object bind_take(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle indices, py::handle y) {
    call<EmbeddingArgs>(rung, w, [&](const auto& check, auto& g) {
      auto W = check.in("w", w, 2);
      auto I = check.ints("indices", indices, 1);
      auto Y = check.out("y", y, 2);
      check.shape(Y, {I[0], W[1]});
      g.indices = I.data, g.w = W.data, g.y = Y.data, g.n = I[0], g.v = W[0], g.d = W[1];
      check_indices(check, g);
    });
  });
}

static py::object bind_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle indices, py::handle dy, py::handle dw) {
    call<EmbeddingGradientArgs>(rung, dy, [&](const auto& check, auto& g) {
      auto I = check.ints("indices", indices, 1);
      auto DY = check.in("dy", dy, 2);
      auto DW = check.out("dw", dw, 2);
      check.shape(DY, {I[0], DW[1]});
      g.indices = I.data, g.dy = DY.data, g.dw = DW.data, g.n = I[0], g.v = DW[0], g.d = DW[1];
      check_indices(check, g);
    });
  });
}

void add_embedding(Binders& binders) {
  binders["EmbeddingArgs"] = bind_take;
  binders["EmbeddingGradientArgs"] = bind_gradient;
}

} // namespace stepgrad
