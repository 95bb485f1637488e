#include "bindings/bind.h"
#include "random/philox.h"

namespace stepgrad {

static py::object bind_dropout_mask(const Rung& rung) {
  return py::cpp_function([rung](py::handle y, uint64_t key_0, uint64_t key_1, double keep) {
    call<DropoutMaskArgs>(rung, y, [&](const auto& check, auto& g) {
      auto Y = check.out("y", y);
      check.that(keep > 0 && keep <= 1, "keep", "a probability above 0", std::to_string(keep));
      g.y = Y.data, g.n = Y.size, g.key[0] = key_0, g.key[1] = key_1, g.keep = keep;
    });
  });
}

void add_random(Binders& binders) { binders["DropoutMaskArgs"] = bind_dropout_mask; }

} // namespace stepgrad
