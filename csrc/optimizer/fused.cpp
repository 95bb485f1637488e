// Top rung of the optimizer updates: everything in one pass over the arrays, vectorised and threaded.
//
// What changes: each weight, gradient and state element is loaded once and stored once. With arrays larger than the
// cache that is all that counts: Adam moves 7n elements instead of 10n. The pieces of threads do not touch each other.
//
// All arrays [n]. Adam: 7n elements moved, about 12n FLOPs.
#include "common/registry.h"
#include "common/thread_pool.h"
#include "optimizer/optimizer.h"
#include <cmath>
#include <type_traits>

namespace stepgrad {
namespace STEPGRAD_ISA {

constexpr double NS = 0.5; // one element

STEPGRAD_RUNG(SgdArgs, "sgd_update", "fused", 10, "one pass, vectorised, threaded", sgd_fused)
template <class T> void sgd_fused(const SgdArgs<T>& all) {
  parallel_for(all.n, NS, [&](long begin, long end) {
    const SgdArgs<T> u = all.slice(begin, end);
    T* __restrict w = u.w, * __restrict velocity = u.velocity;
    const T* __restrict g = u.g;
    const T rate = u.learning_rate, momentum = u.momentum;
    if (!velocity)
      for (long i = 0; i < u.n; i++) w[i] -= rate * g[i];
    else if (!u.nesterov)
      for (long i = 0; i < u.n; i++) w[i] += velocity[i] = momentum * velocity[i] - rate * g[i];
    else
      for (long i = 0; i < u.n; i++) {
        velocity[i] = momentum * velocity[i] - rate * g[i];
        w[i] += momentum * velocity[i] - rate * g[i];
      }
  });
}

STEPGRAD_RUNG(AdamArgs, "adam_update", "fused", 10, "one pass, vectorised, threaded", adam_fused)
template <class T> void adam_fused(const AdamArgs<T>& all) {
  parallel_for(all.n, NS * 2, [&](long begin, long end) {
    const AdamArgs<T> u = all.slice(begin, end);
    T* __restrict w = u.w, * __restrict m = u.m, * __restrict v = u.v, * __restrict vhat = u.vhat;
    const T* __restrict g = u.g;
    const T step = u.step_size, rest_1 = 1 - u.beta_1, rest_2 = 1 - u.beta_2, epsilon = u.epsilon;
    // Two variants of one formula; what is left out is decided when it is compiled.
    const auto loop = [&](auto amsgrad) {
      for (long i = 0; i < u.n; i++) {
        m[i] += (g[i] - m[i]) * rest_1;
        v[i] += (g[i] * g[i] - v[i]) * rest_2;
        T second = v[i];
        if constexpr (amsgrad) second = vhat[i] = v[i] > vhat[i] ? v[i] : vhat[i];
        w[i] -= step * m[i] / (std::sqrt(second) + epsilon);
      }
    };
    if (vhat)
      loop(std::true_type());
    else
      loop(std::false_type());
  });
}

STEPGRAD_RUNG(RmspropArgs, "rmsprop_update", "fused", 10, "one pass, vectorised, threaded", rmsprop_fused)
template <class T> void rmsprop_fused(const RmspropArgs<T>& all) {
  parallel_for(all.n, NS * 2, [&](long begin, long end) {
    const RmspropArgs<T> u = all.slice(begin, end);
    T* __restrict w = u.w, * __restrict v = u.v, * __restrict mom = u.mom, * __restrict mean_g = u.mean_g;
    const T* __restrict g = u.g;
    const T rate = u.learning_rate, rho = u.rho, rest = 1 - u.rho, momentum = u.momentum, epsilon = u.epsilon;
    const auto loop = [&](auto has_mom, auto has_mean) {
      for (long i = 0; i < u.n; i++) {
        v[i] = rho * v[i] + rest * (g[i] * g[i]);
        T denominator = v[i] + epsilon;
        if constexpr (has_mean) {
          mean_g[i] = rho * mean_g[i] + rest * g[i];
          denominator = v[i] - mean_g[i] * mean_g[i] + epsilon;
        }
        T step = rate * g[i] / std::sqrt(denominator);
        if constexpr (has_mom) step = mom[i] = momentum * mom[i] + step;
        w[i] -= step;
      }
    };
    const std::true_type yes;
    const std::false_type no;
    if (mom && mean_g)
      loop(yes, yes);
    else if (mom)
      loop(yes, no);
    else if (mean_g)
      loop(no, yes);
    else
      loop(no, no);
  });
}

STEPGRAD_RUNG(AdagradArgs, "adagrad_update", "fused", 10, "one pass, vectorised, threaded", adagrad_fused)
template <class T> void adagrad_fused(const AdagradArgs<T>& all) {
  parallel_for(all.n, NS * 2, [&](long begin, long end) {
    const AdagradArgs<T> u = all.slice(begin, end);
    T* __restrict w = u.w, * __restrict accumulator = u.accumulator;
    const T* __restrict g = u.g;
    const T rate = u.learning_rate, epsilon = u.epsilon;
    for (long i = 0; i < u.n; i++) {
      accumulator[i] += g[i] * g[i];
      w[i] -= rate * g[i] / std::sqrt(accumulator[i] + epsilon);
    }
  });
}

} // namespace STEPGRAD_ISA
} // namespace stepgrad
