#include "bindings/bind.h"
#include "copy/copy.h"

namespace stepgrad {

// x may have any strides, so it is not checked like the arrays of other kernels; y says how many entries there are.
static py::object bind_copy(const Rung& rung) {
  return py::cpp_function([rung](py::handle source, py::handle y) {
    call<CopyArgs>(rung, source, [&](const auto& check, auto& g) {
      const auto x = py::reinterpret_borrow<py::array>(source); // a float array: call has looked
      using T = std::remove_pointer_t<decltype(g.y)>;
      auto Y = check.out("y", y, int(x.ndim()));
      for (int axis = 0; axis < Y.rank; axis++)
        check.that(Y[axis] == x.shape(axis), "x", "shape " + shape_text(Y.shape, Y.rank),
                   "shape " + shape_text(x.shape(), Y.rank));
      check.that(Y.rank <= MAX_AXES, "x", "at most " + std::to_string(MAX_AXES) + " axes",
                 std::to_string(Y.rank));
      if (Recorder* r = recorder()) r->touch(x, false);
      g.x = static_cast<const T*>(x.data()), g.y = Y.data, g.axes = 0;
      for (int axis = 0; axis < Y.rank; axis++) {
        check.that(x.strides(axis) % py::ssize_t(sizeof(T)) == 0, "x", "strides of whole entries",
                   std::to_string(x.strides(axis)) + " bytes");
        const long size = x.shape(axis), stride = x.strides(axis) / py::ssize_t(sizeof(T));
        if (g.axes &&
            g.stride[g.axes - 1] == size * stride) { // this axis goes on where the one before it ends
          g.shape[g.axes - 1] *= size, g.stride[g.axes - 1] = stride;
        } else {
          g.shape[g.axes] = size, g.stride[g.axes++] = stride;
        }
      }
      if (!g.axes) g.shape[0] = 1, g.stride[0] = 1, g.axes = 1;
    });
  });
}

void add_copy(Binders& binders) { binders["CopyArgs"] = bind_copy; }

} // namespace stepgrad
