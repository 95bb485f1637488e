// One weight's update, for CUDA threads: everything about weight i is read once, changed in registers and written once.
#pragma once
#include "cuda/collectives.h"
#include "optimizer/optimizer.h"
#include <cmath>

namespace stepgrad {

template <class T> __device__ void step(const SgdArgs<T>& u, long i) {
  const T change = -u.learning_rate * u.g[i];
  if (!u.velocity) {
    u.w[i] += change;
    return;
  }
  const T velocity = u.velocity[i] = u.momentum * u.velocity[i] + change;
  u.w[i] += u.nesterov ? u.momentum * velocity + change : velocity;
}

template <class T> __device__ void step(const AdamArgs<T>& u, long i) {
  const T g = u.g[i];
  const T m = u.m[i] += (g - u.m[i]) * (1 - u.beta_1);
  T v = u.v[i] += (g * g - u.v[i]) * (1 - u.beta_2);
  if (u.vhat) v = u.vhat[i] = v > u.vhat[i] ? v : u.vhat[i];
  u.w[i] -= u.step_size * m / (std::sqrt(v) + u.epsilon);
}

template <class T> __device__ void step(const RmspropArgs<T>& u, long i) {
  const T g = u.g[i];
  T denominator = u.v[i] = u.rho * u.v[i] + (1 - u.rho) * (g * g);
  if (u.mean_g) {
    const T mean = u.mean_g[i] = u.rho * u.mean_g[i] + (1 - u.rho) * g;
    denominator -= mean * mean;
  }
  T change = u.learning_rate * g / std::sqrt(denominator + u.epsilon);
  if (u.mom) change = u.mom[i] = u.momentum * u.mom[i] + change;
  u.w[i] -= change;
}

template <class T> __device__ void step(const AdagradArgs<T>& u, long i) {
  const T g = u.g[i], accumulator = u.accumulator[i] += g * g;
  u.w[i] -= u.learning_rate * g / std::sqrt(accumulator + u.epsilon);
}

} // namespace stepgrad
