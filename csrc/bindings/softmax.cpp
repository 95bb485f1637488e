#include "bindings/bind.h"
#include "softmax/softmax.h"

namespace stepgrad {

static py::object bind_softmax(const Rung& rung) {
  return py::cpp_function([rung](py::handle x, py::handle y) {
    call<SoftmaxArgs>(rung, x, [&](const auto& check, auto& g) {
      auto X = check.in("x", x, 2);
      auto Y = check.out("y", y, 2);
      check.same_shape(Y, X);
      g.x = X.data, g.y = Y.data, g.rows = X[0], g.n = X[1];
    });
  });
}

static py::object bind_softmax_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle y, py::handle dy, py::handle dx) {
    call<SoftmaxGradientArgs>(rung, y, [&](const auto& check, auto& g) {
      auto Y = check.in("y", y, 2);
      auto DY = check.in("dy", dy, 2);
      auto DX = check.out("dx", dx, 2);
      check.same_shape(DY, Y);
      check.same_shape(DX, Y);
      g.y = Y.data, g.dy = DY.data, g.dx = DX.data, g.rows = Y[0], g.n = Y[1];
    });
  });
}

// The four cross-entropies differ only in how labels are given and whether there is a gradient.
template <bool sparse>
static auto get_labels = [](const auto& check, py::handle labels, long rows, long n) {
  if constexpr (sparse) {
    auto L = check.ints("labels", labels, 1);
    check.shape(L, {rows});
    return L.data;
  } else {
    auto L = check.in("labels", labels, 2);
    check.shape(L, {rows, n});
    return L.data;
  }
};

template <template <class> class Args, bool sparse> static py::object bind_loss(const Rung& rung) {
  return py::cpp_function([rung](py::handle logits, py::handle labels, py::handle loss) {
    call<Args>(rung, logits, [&](const auto& check, auto& g) {
      auto X = check.in("logits", logits, 2);
      auto LOSS = check.out("loss", loss, 1);
      check.shape(LOSS, {X[0]});
      g.labels = get_labels<sparse>(check, labels, X[0], X[1]);
      g.logits = X.data, g.loss = LOSS.data, g.rows = X[0], g.n = X[1];
    });
  });
}

template <template <class> class Args, bool sparse> static py::object bind_loss_gradient(const Rung& rung) {
  return py::cpp_function([rung](py::handle logits, py::handle labels, py::handle dloss, py::handle dlogits) {
    call<Args>(rung, logits, [&](const auto& check, auto& g) {
      auto X = check.in("logits", logits, 2);
      auto DLOSS = check.in("dloss", dloss, 1);
      auto DX = check.out("dlogits", dlogits, 2);
      check.shape(DLOSS, {X[0]});
      check.same_shape(DX, X);
      g.labels = get_labels<sparse>(check, labels, X[0], X[1]);
      g.logits = X.data, g.dloss = DLOSS.data, g.dlogits = DX.data, g.rows = X[0], g.n = X[1];
    });
  });
}

// epsilon: how far probabilities are kept from 0 and 1.
template <class T> static void set_bounds(T& low, T& high, double epsilon) {
  low = T(epsilon), high = T(1 - epsilon);
}

static py::object bind_probability(const Rung& rung) {
  return py::cpp_function([rung](py::handle y, py::handle labels, py::handle loss, double epsilon) {
    call<SparseProbabilityArgs>(rung, y, [&](const auto& check, auto& g) {
      auto Y = check.in("y", y, 2);
      auto LOSS = check.out("loss", loss, 1);
      check.shape(LOSS, {Y[0]});
      g.labels = get_labels<true>(check, labels, Y[0], Y[1]);
      g.y = Y.data, g.loss = LOSS.data, g.rows = Y[0], g.n = Y[1];
      set_bounds(g.low, g.high, epsilon);
    });
  });
}

static py::object bind_probability_gradient(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle y, py::handle labels, py::handle dloss, py::handle dy, double epsilon) {
        call<SparseProbabilityGradientArgs>(rung, y, [&](const auto& check, auto& g) {
          auto Y = check.in("y", y, 2);
          auto DLOSS = check.in("dloss", dloss, 1);
          auto DY = check.out("dy", dy, 2);
          check.shape(DLOSS, {Y[0]});
          check.same_shape(DY, Y);
          g.labels = get_labels<true>(check, labels, Y[0], Y[1]);
          g.y = Y.data, g.dloss = DLOSS.data, g.dy = DY.data, g.rows = Y[0], g.n = Y[1];
          set_bounds(g.low, g.high, epsilon);
        });
      });
}

void add_softmax(Binders& binders) {
  binders["SoftmaxArgs"] = bind_softmax;
  binders["SoftmaxGradientArgs"] = bind_softmax_gradient;
  binders["CrossEntropyArgs"] = bind_loss<CrossEntropyArgs, false>;
  binders["CrossEntropyGradientArgs"] = bind_loss_gradient<CrossEntropyGradientArgs, false>;
  binders["SparseCrossEntropyArgs"] = bind_loss<SparseCrossEntropyArgs, true>;
  binders["SparseCrossEntropyGradientArgs"] = bind_loss_gradient<SparseCrossEntropyGradientArgs, true>;
  binders["SparseProbabilityArgs"] = bind_probability;
  binders["SparseProbabilityGradientArgs"] = bind_probability_gradient;
}

} // namespace stepgrad
