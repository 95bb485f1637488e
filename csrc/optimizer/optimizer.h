// Optimizer updates, in place. Pointers that may be null belong to a variant that was not asked for.
#pragma once

namespace stepgrad {

template <class T> struct SgdArgs {
  T* w;        // [n]
  const T* g;  // [n]
  T* velocity; // [n], null without momentum
  long n;
  T learning_rate, momentum;
  bool nesterov;
  long items() const { return n; }
  SgdArgs slice(long begin, long end) const {
    SgdArgs part = *this;
    part.w += begin, part.g += begin, part.n = end - begin;
    if (velocity) part.velocity += begin;
    return part;
  }
};

template <class T> struct AdamArgs {
  T* w;       // [n]
  const T* g; // [n]
  T *m, *v;   // [n]
  T* vhat;    // [n], null unless amsgrad
  long n;
  T step_size, beta_1, beta_2, epsilon; // step_size = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
  long items() const { return n; }
  AdamArgs slice(long begin, long end) const {
    AdamArgs part = *this;
    part.w += begin, part.g += begin, part.m += begin, part.v += begin, part.n = end - begin;
    if (vhat) part.vhat += begin;
    return part;
  }
};

template <class T> struct RmspropArgs {
  T* w;       // [n]
  const T* g; // [n]
  T* v;       // [n]
  T* mom;     // [n], null without momentum
  T* mean_g;  // [n], null unless centered
  long n;
  T learning_rate, rho, momentum, epsilon;
  long items() const { return n; }
  RmspropArgs slice(long begin, long end) const {
    RmspropArgs part = *this;
    part.w += begin, part.g += begin, part.v += begin, part.n = end - begin;
    if (mom) part.mom += begin;
    if (mean_g) part.mean_g += begin;
    return part;
  }
};

template <class T> struct AdagradArgs {
  T* w;           // [n]
  const T* g;     // [n]
  T* accumulator; // [n]
  long n;
  T learning_rate, epsilon;
  long items() const { return n; }
  AdagradArgs slice(long begin, long end) const {
    AdagradArgs part = *this;
    part.w += begin, part.g += begin, part.accumulator += begin, part.n = end - begin;
    return part;
  }
};

// The arguments of all variables, in the host's memory, for rungs that update them in one launch.
template <class Args> struct Many {
  const Args* each; // [count]
  long count;
};
template <class T> using ManySgdArgs = Many<SgdArgs<T>>;
template <class T> using ManyAdamArgs = Many<AdamArgs<T>>;
template <class T> using ManyRmspropArgs = Many<RmspropArgs<T>>;
template <class T> using ManyAdagradArgs = Many<AdagradArgs<T>>;

} // namespace stepgrad
