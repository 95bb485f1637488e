#include "bindings/bind.h"
#include "optimizer/optimizer.h"

namespace stepgrad {

// w and g, which every update has.
template <class Check, class Args>
static void fill(const Check& check, py::handle w, py::handle g, Args& args) {
  auto W = check.out("w", w);
  auto G = check.in("g", g);
  check.size(G, W.size);
  args.w = W.data, args.g = G.data, args.n = W.size;
}

template <class Check> static auto state(const Check& check, const char* name, py::handle h, long n) {
  auto S = check.out(name, h);
  check.size(S, n);
  return S.data;
}

static py::object bind_sgd(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle g, py::handle velocity, double learning_rate,
                                 double momentum, bool nesterov) {
    call<SgdArgs>(rung, w, [&](const auto& check, auto& args) {
      fill(check, w, g, args);
      args.velocity = check.optional("velocity", velocity, args.n);
      check.that(momentum == 0 || args.velocity || args.n == 0, "velocity",
                 "one element a weight when momentum is not 0", "an empty array");
      if (momentum == 0) args.velocity = nullptr;
      args.learning_rate = learning_rate, args.momentum = momentum, args.nesterov = nesterov;
    });
  });
}

static py::object bind_adam(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle g, py::handle m, py::handle v, py::handle vhat,
                                 double step_size, double beta_1, double beta_2, double epsilon) {
    call<AdamArgs>(rung, w, [&](const auto& check, auto& args) {
      fill(check, w, g, args);
      args.m = state(check, "m", m, args.n), args.v = state(check, "v", v, args.n);
      args.vhat = check.optional("vhat", vhat, args.n);
      args.step_size = step_size, args.beta_1 = beta_1, args.beta_2 = beta_2, args.epsilon = epsilon;
    });
  });
}

static py::object bind_rmsprop(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle g, py::handle v, py::handle mom, py::handle mean_g,
                                 double learning_rate, double rho, double momentum, double epsilon) {
    call<RmspropArgs>(rung, w, [&](const auto& check, auto& args) {
      fill(check, w, g, args);
      args.v = state(check, "v", v, args.n);
      args.mom = check.optional("mom", mom, args.n), args.mean_g = check.optional("mean_g", mean_g, args.n);
      check.that(momentum == 0 || args.mom || args.n == 0, "mom",
                 "one element a weight when momentum is not 0", "an empty array");
      if (momentum == 0) args.mom = nullptr;
      args.learning_rate = learning_rate, args.rho = rho, args.momentum = momentum, args.epsilon = epsilon;
    });
  });
}

static py::object bind_adagrad(const Rung& rung) {
  return py::cpp_function(
      [rung](py::handle w, py::handle g, py::handle accumulator, double learning_rate, double epsilon) {
        call<AdagradArgs>(rung, w, [&](const auto& check, auto& args) {
          fill(check, w, g, args);
          args.accumulator = state(check, "accumulator", accumulator, args.n);
          args.learning_rate = learning_rate, args.epsilon = epsilon;
        });
      });
}

void add_optimizer(Binders& binders) {
  binders["SgdArgs"] = bind_sgd;
  binders["AdamArgs"] = bind_adam;
  binders["RmspropArgs"] = bind_rmsprop;
  binders["AdagradArgs"] = bind_adagrad;
}

} // namespace stepgrad
