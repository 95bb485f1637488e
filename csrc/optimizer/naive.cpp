// Bottom rung of the optimizer updates: the formulas, one loop a step, as array code would do it.
//
// Why it is slow: every pass reads and writes whole arrays that no longer fit into the cache; for millions of weights
// the time goes into moving them, not into arithmetic.
//
// All arrays [n]. Adam: 3 passes, 10n elements moved, about 12n FLOPs.
#include "common/registry.h"
#include "optimizer/optimizer.h"
#include <cmath>

namespace stepgrad {
namespace {

STEPGRAD_RUNG(SgdArgs, "sgd_update", "naive", 0, "one pass over the arrays for each formula", sgd_naive)
template <class T> void sgd_naive(const SgdArgs<T>& u) {
  if (!u.velocity) {
    for (long i = 0; i < u.n; i++) u.w[i] -= u.learning_rate * u.g[i];
    return;
  }
  for (long i = 0; i < u.n; i++) u.velocity[i] = u.momentum * u.velocity[i] - u.learning_rate * u.g[i];
  for (long i = 0; i < u.n; i++)
    u.w[i] += u.nesterov ? u.momentum * u.velocity[i] - u.learning_rate * u.g[i] : u.velocity[i];
}

STEPGRAD_RUNG(AdamArgs, "adam_update", "naive", 0, "one pass over the arrays for each formula", adam_naive)
template <class T> void adam_naive(const AdamArgs<T>& u) {
  for (long i = 0; i < u.n; i++) u.m[i] += (u.g[i] - u.m[i]) * (1 - u.beta_1);
  for (long i = 0; i < u.n; i++) u.v[i] += (u.g[i] * u.g[i] - u.v[i]) * (1 - u.beta_2);
  if (u.vhat)
    for (long i = 0; i < u.n; i++) u.vhat[i] = u.v[i] > u.vhat[i] ? u.v[i] : u.vhat[i];
  const T* v = u.vhat ? u.vhat : u.v;
  for (long i = 0; i < u.n; i++) u.w[i] -= u.step_size * u.m[i] / (std::sqrt(v[i]) + u.epsilon);
}

STEPGRAD_RUNG(RmspropArgs, "rmsprop_update", "naive", 0, "one pass over the arrays for each formula",
              rmsprop_naive)
template <class T> void rmsprop_naive(const RmspropArgs<T>& u) {
  for (long i = 0; i < u.n; i++) u.v[i] = u.rho * u.v[i] + (1 - u.rho) * (u.g[i] * u.g[i]);
  if (u.mean_g)
    for (long i = 0; i < u.n; i++) u.mean_g[i] = u.rho * u.mean_g[i] + (1 - u.rho) * u.g[i];
  for (long i = 0; i < u.n; i++) {
    T denominator = (u.mean_g ? u.v[i] - u.mean_g[i] * u.mean_g[i] : u.v[i]) + u.epsilon;
    T step = u.learning_rate * u.g[i] / std::sqrt(denominator);
    if (u.mom) step = u.mom[i] = u.momentum * u.mom[i] + step;
    u.w[i] -= step;
  }
}

STEPGRAD_RUNG(AdagradArgs, "adagrad_update", "naive", 0, "one pass over the arrays for each formula",
              adagrad_naive)
template <class T> void adagrad_naive(const AdagradArgs<T>& u) {
  for (long i = 0; i < u.n; i++) u.accumulator[i] += u.g[i] * u.g[i];
  for (long i = 0; i < u.n; i++) u.w[i] -= u.learning_rate * u.g[i] / std::sqrt(u.accumulator[i] + u.epsilon);
}

} // namespace
} // namespace stepgrad
