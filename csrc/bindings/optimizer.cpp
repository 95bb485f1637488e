// Optimizer updates. A call brings the arrays of one variable (w, g and the slots), or as many lists of them with an entry
// for each variable, and then the numbers of this step. `prepare` takes the arrays alone and returns a function of the
// numbers: a compiled step has its arrays checked once.
#include "bindings/bind.h"
#include "common/thread_pool.h"
#include "optimizer/optimizer.h"
#include <functional>
#include <pybind11/stl.h>
#include <vector>

namespace stepgrad {

using Arrays = const py::handle*; // w, g and the slots of one variable
using Numbers = std::vector<double>;

// ---- what each rule adds to w and g: how slots and numbers fill its arguments ----------------------------------------

template <class T> static T* slot(const Checks<T>& check, const char* name, py::handle h, long n) {
  auto S = check.out(name, h);
  check.size(S, n);
  return S.data;
}

// Where momentum is 0 its slot is not used, whether it is there or not.
template <class T>
static T* used(const Checks<T>& check, const char* name, T* data, double momentum, long n) {
  check.that(momentum == 0 || data || n == 0, name, "one element a weight when momentum is not 0",
             "an empty array");
  return momentum == 0 ? nullptr : data;
}

namespace {
struct Sgd {
  template <class T> using Args = SgdArgs<T>;
  static constexpr size_t ARRAYS = 3, NUMBERS = 3;
  template <class T> static void slots(const Checks<T>& check, Arrays a, SgdArgs<T>& u) {
    u.velocity = check.optional("velocity", a[2], u.n);
  }
  template <class T> static void numbers(const Checks<T>& check, const Numbers& x, SgdArgs<T>& u) {
    u.learning_rate = T(x[0]), u.momentum = T(x[1]), u.nesterov = x[2] != 0;
    u.velocity = used(check, "velocity", u.velocity, x[1], u.n);
  }
};

struct Adam {
  template <class T> using Args = AdamArgs<T>;
  static constexpr size_t ARRAYS = 5, NUMBERS = 4;
  template <class T> static void slots(const Checks<T>& check, Arrays a, AdamArgs<T>& u) {
    u.m = slot(check, "m", a[2], u.n), u.v = slot(check, "v", a[3], u.n);
    u.vhat = check.optional("vhat", a[4], u.n);
  }
  template <class T> static void numbers(const Checks<T>&, const Numbers& x, AdamArgs<T>& u) {
    u.step_size = T(x[0]), u.beta_1 = T(x[1]), u.beta_2 = T(x[2]), u.epsilon = T(x[3]);
  }
};

struct Rmsprop {
  template <class T> using Args = RmspropArgs<T>;
  static constexpr size_t ARRAYS = 5, NUMBERS = 4;
  template <class T> static void slots(const Checks<T>& check, Arrays a, RmspropArgs<T>& u) {
    u.v = slot(check, "v", a[2], u.n);
    u.mom = check.optional("mom", a[3], u.n), u.mean_g = check.optional("mean_g", a[4], u.n);
  }
  template <class T> static void numbers(const Checks<T>& check, const Numbers& x, RmspropArgs<T>& u) {
    u.learning_rate = T(x[0]), u.rho = T(x[1]), u.momentum = T(x[2]), u.epsilon = T(x[3]);
    u.mom = used(check, "mom", u.mom, x[2], u.n);
  }
};

struct Adagrad {
  template <class T> using Args = AdagradArgs<T>;
  static constexpr size_t ARRAYS = 3, NUMBERS = 2;
  template <class T> static void slots(const Checks<T>& check, Arrays a, AdagradArgs<T>& u) {
    u.accumulator = slot(check, "accumulator", a[2], u.n);
  }
  template <class T> static void numbers(const Checks<T>&, const Numbers& x, AdagradArgs<T>& u) {
    u.learning_rate = T(x[0]), u.epsilon = T(x[1]);
  }
};
} // namespace

// ---- running one update for many variables ---------------------------------------------------------------------------

// The threads share out pieces of all variables, so that small ones cost next to nothing. The bottom rung goes over whole
// arrays, one variable after the other, and so does a GPU, which has its own threads.
template <class Args>
static void update_many(const Rung& rung, void (*kernel)(const Args&), const std::vector<Args>& all) {
  if (rung.height == 0 || place() != Place::CPU) {
    for (const Args& args : all) kernel(args);
    return;
  }
  constexpr long PIECE = 16384;
  std::vector<Args> pieces;
  pieces.reserve(all.size());
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

using Run = std::function<void(const Numbers&)>;

// Checks the arrays of all variables; what it returns runs the update, and is good for as long as they live.
template <class Rule, class T>
static Run checked(const Rung& rung, AnyKernel any, const std::vector<py::handle>& arrays) {
  using Args = typename Rule::template Args<T>;
  const Checks<T> check(rung.op);
  std::vector<Args> all(arrays.size() / Rule::ARRAYS);
  Arrays a = arrays.data();
  for (Args& args : all) {
    auto W = check.out("w", a[0]);
    auto G = check.in("g", a[1]);
    check.size(G, W.size);
    args.w = W.data, args.g = G.data, args.n = W.size;
    Rule::slots(check, a, args);
    a += Rule::ARRAYS;
  }
  return [rung, any, check, all = std::move(all), many = takes_many(rung)](const Numbers& numbers) {
    std::vector<Args> now = all;
    for (Args& args : now) Rule::numbers(check, numbers, args);
    py::gil_scoped_release release;
    if (many)
      reinterpret_cast<void (*)(const Many<Args>&)>(any)({now.data(), long(now.size())});
    else
      update_many(rung, reinterpret_cast<void (*)(const Args&)>(any), now);
  };
}

// ---- the Python side ---------------------------------------------------------------------------------------------------

namespace {
struct Update { // an update on one rung
  Rung rung;
  size_t arrays, numbers; // how many of each a call takes
  Run (*f32)(const Rung&, AnyKernel, const std::vector<py::handle>&);
  Run (*f64)(const Rung&, AnyKernel, const std::vector<py::handle>&);
};
} // namespace

static void check_count(const Update& u, const py::args& given, size_t wanted) {
  if (given.size() != wanted)
    throw py::type_error(std::string(u.rung.op) + ": expected " + std::to_string(u.arrays) +
                         " arrays, then " + std::to_string(u.numbers) + " numbers");
}

// The arrays of one variable after the other, from arrays of one or from lists.
static std::vector<py::handle> arrays_of(const Update& u, const py::args& given) {
  const auto argument = [&](size_t a) { return PyTuple_GET_ITEM(given.ptr(), Py_ssize_t(a)); };
  if (!PyList_Check(argument(0))) {
    std::vector<py::handle> arrays;
    for (size_t a = 0; a < u.arrays; a++) arrays.push_back(argument(a));
    return arrays;
  }
  const Py_ssize_t count = PyList_GET_SIZE(argument(0));
  std::vector<py::handle> arrays(size_t(count) * u.arrays);
  for (size_t a = 0; a < u.arrays; a++) {
    PyObject* list = argument(a);
    if (!PyList_Check(list))
      throw py::type_error(std::string(u.rung.op) + ": expected lists of NumPy arrays, or arrays alone");
    if (PyList_GET_SIZE(list) != count)
      throw py::value_error(std::string(u.rung.op) + ": expected lists of the same length");
    for (Py_ssize_t i = 0; i < count; i++) arrays[size_t(i) * u.arrays + a] = PyList_GET_ITEM(list, i);
  }
  return arrays;
}

static Numbers numbers_of(const Update& u, const py::args& given, size_t begin) {
  check_count(u, given, begin + u.numbers);
  Numbers numbers(u.numbers);
  for (size_t i = 0; i < u.numbers; i++) numbers[i] = given[begin + i].cast<double>();
  return numbers;
}

static Run run_of(const Update& u, const std::vector<py::handle>& arrays) {
  if (arrays.empty()) return [](const Numbers&) {};
  const bool is_double = u.rung.f64 && is_float(arrays[0], sizeof(double));
  return is_double ? u.f64(u.rung, u.rung.f64, arrays) : u.f32(u.rung, u.rung.f32, arrays);
}

static void call_update(const Update& u, const py::args& given) {
  const Numbers numbers = numbers_of(u, given, u.arrays);
  run_of(u, arrays_of(u, given))(numbers);
}

static py::object prepare(const Update& u, const py::args& given) {
  check_count(u, given, u.arrays);
  const std::vector<py::handle> arrays = arrays_of(u, given);
  py::tuple alive(arrays.size()); // the arrays themselves: the caller's lists may change
  for (size_t i = 0; i < arrays.size(); i++) alive[i] = arrays[i];
  return py::cpp_function(
      [u, run = run_of(u, arrays), alive](const py::args& numbers) { run(numbers_of(u, numbers, 0)); });
}

template <class Rule> static py::object bind_update(const Rung& rung) {
  return py::cast(Update{rung, Rule::ARRAYS, Rule::NUMBERS, checked<Rule, float>, checked<Rule, double>});
}

void add_update(py::module_& m) {
  py::class_<Update>(m, "Update", py::module_local(), "One step of one variable, or of many; in place.")
      .def("__call__", call_update)
      .def("prepare", prepare, "Check the arrays; returns a function of the numbers.");
}

void add_optimizer(Binders& binders) {
  binders["SgdArgs"] = binders["ManySgdArgs"] = bind_update<Sgd>;
  binders["AdamArgs"] = binders["ManyAdamArgs"] = bind_update<Adam>;
  binders["RmspropArgs"] = binders["ManyRmspropArgs"] = bind_update<Rmsprop>;
  binders["AdagradArgs"] = binders["ManyAdagradArgs"] = bind_update<Adagrad>;
}

} // namespace stepgrad
