#include "bindings/bind.h"
#include "embedding/embedding.h"

namespace stepgrad {

static py::object bind_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle indices, py::handle dy, py::handle dw) {
    call<EmbeddingGradientArgs>(rung, dy, [&](const auto& check, auto& g) {
      auto I = check.ints("indices", indices, 1);
      auto DY = check.in("dy", dy, 2);
      auto DW = check.out("dw", dw, 2);
      check.shape(DY, {I[0], DW[1]});
      g.indices = I.data, g.dy = DY.data, g.dw = DW.data, g.n = I[0], g.v = DW[0], g.d = DW[1];
      if (place() == Place::GPU) return; // where the kernel leaves out what is out of range
      for (long i = 0; i < g.n; i++) {
        bool inside = g.indices[i] >= 0 && g.indices[i] < g.v;
        if (!inside)
          check.that(false, "indices", "values in [0, " + std::to_string(g.v) + ")",
                     std::to_string(g.indices[i]));
      }
    });
  });
}

void add_embedding(Binders& binders) { binders["EmbeddingGradientArgs"] = bind_gradient; }

} // namespace stepgrad
