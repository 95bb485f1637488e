#include "bindings/bind.h"
#include "common/thread_pool.h"
#include "optimizer/optimizer.h"
#include <vector>

namespace stepgrad {

using Arrays = std::vector<py::handle>; // w, g and the slots of one variable

// w and g, which every update has.
template <class Check, class Args> static void fill(const Check& check, const Arrays& arrays, Args& args) {
  auto W = check.out("w", arrays[0]);
  auto G = check.in("g", arrays[1]);
  check.size(G, W.size);
  args.w = W.data, args.g = G.data, args.n = W.size;
}

template <class Check> static auto state(const Check& check, const char* name, py::handle h, long n) {
  auto S = check.out(name, h);
  check.size(S, n);
  return S.data;
}

// Runs an update for many variables in one call. The threads share out pieces of all of them, so that small variables
// cost next to nothing. The bottom rung goes over whole arrays, one variable after the other, and so does a GPU, which has
// its own threads.
template <class Args>
static void update_many(const Rung& rung, void (*kernel)(const Args&), const std::vector<Args>& all) {
  py::gil_scoped_release release;
  if (rung.height == 0 || place() != Place::CPU) {
    for (const Args& args : all) kernel(args);
    return;
  }
  constexpr long PIECE = 16384;
  std::vector<Args> pieces;
  long elements = 0; // about a nanosecond each; many variables are far smaller than a piece
  for (const Args& args : all) {
    elements += args.n;
    for (long i = 0; i < args.n; i += PIECE) pieces.push_back(args.slice(i, std::min(args.n, i + PIECE)));
  }
  if (pieces.empty()) return;
  parallel_for(long(pieces.size()), double(elements) / double(pieces.size()), [&](long begin, long end) {
    for (long i = begin; i < end; i++) kernel(pieces[i]);
  });
}

// Whether a rung takes Many<Args>: all variables at once.
static bool takes_many(const Rung& rung) { return std::string(rung.args).rfind("Many", 0) == 0; }

// An update of one variable, or, where the arrays are lists, of many. fill_all(check, arrays of a variable, args).
template <template <class> class Args, class Fill>
static void update(const Rung& rung, const Arrays& arrays, const Fill& fill_all) {
  const bool one = !py::isinstance<py::list>(arrays[0]);
  if (one && !takes_many(rung)) {
    call<Args>(rung, arrays[0], [&](const auto& check, auto& args) { fill_all(check, arrays, args); });
    return;
  }
  std::vector<py::list> lists;
  for (py::handle h : arrays) {
    if (one) {
      lists.emplace_back();
      lists.back().append(h);
      continue;
    }
    if (!py::isinstance<py::list>(h))
      throw py::type_error(std::string(rung.op) + ": expected lists of NumPy arrays, or arrays alone");
    if (py::len(h) != py::len(arrays[0]))
      throw py::value_error(std::string(rung.op) + ": expected lists of the same length");
    lists.push_back(py::reinterpret_borrow<py::list>(h));
  }
  if (lists[0].empty()) return;
  const auto run = [&](auto zero, AnyKernel any) {
    using T = decltype(zero);
    std::vector<Args<T>> all(lists[0].size());
    Arrays of_variable(lists.size());
    for (size_t i = 0; i < all.size(); i++) {
      for (size_t a = 0; a < lists.size(); a++)
        of_variable[a] = PyList_GET_ITEM(lists[a].ptr(), Py_ssize_t(i));
      fill_all(Checks<T>(rung.op), of_variable, all[i]);
    }
    if (!takes_many(rung)) return update_many(rung, reinterpret_cast<Kernel<Args, T>>(any), all);
    py::gil_scoped_release release;
    reinterpret_cast<void (*)(const Many<Args<T>>&)>(any)({all.data(), long(all.size())});
  };
  if (rung.f64 && is_float(PyList_GET_ITEM(lists[0].ptr(), 0), sizeof(double)))
    run(0.0, rung.f64);
  else
    run(0.0f, rung.f32);
}

static py::object bind_sgd(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle g, py::handle velocity, double learning_rate,
                                 double momentum, bool nesterov) {
    update<SgdArgs>(rung, {w, g, velocity}, [&](const auto& check, const Arrays& a, auto& args) {
      fill(check, a, args);
      args.velocity = check.optional("velocity", a[2], args.n);
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
    update<AdamArgs>(rung, {w, g, m, v, vhat}, [&](const auto& check, const Arrays& a, auto& args) {
      fill(check, a, args);
      args.m = state(check, "m", a[2], args.n), args.v = state(check, "v", a[3], args.n);
      args.vhat = check.optional("vhat", a[4], args.n);
      args.step_size = step_size, args.beta_1 = beta_1, args.beta_2 = beta_2, args.epsilon = epsilon;
    });
  });
}

static py::object bind_rmsprop(const Rung& rung) {
  return py::cpp_function([rung](py::handle w, py::handle g, py::handle v, py::handle mom, py::handle mean_g,
                                 double learning_rate, double rho, double momentum, double epsilon) {
    update<RmspropArgs>(rung, {w, g, v, mom, mean_g}, [&](const auto& check, const Arrays& a, auto& args) {
      fill(check, a, args);
      args.v = state(check, "v", a[2], args.n);
      args.mom = check.optional("mom", a[3], args.n), args.mean_g = check.optional("mean_g", a[4], args.n);
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
        update<AdagradArgs>(rung, {w, g, accumulator}, [&](const auto& check, const Arrays& a, auto& args) {
          fill(check, a, args);
          args.accumulator = state(check, "accumulator", a[2], args.n);
          args.learning_rate = learning_rate, args.epsilon = epsilon;
        });
      });
}

void add_optimizer(Binders& binders) {
  binders["SgdArgs"] = binders["ManySgdArgs"] = bind_sgd;
  binders["AdamArgs"] = binders["ManyAdamArgs"] = bind_adam;
  binders["RmspropArgs"] = binders["ManyRmspropArgs"] = bind_rmsprop;
  binders["AdagradArgs"] = binders["ManyAdagradArgs"] = bind_adagrad;
}

} // namespace stepgrad
