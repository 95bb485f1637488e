// What the bottom rungs of LSTM and GRU share: products of one row, written as loops.
#pragma once
#include <cmath>
#include <vector>

namespace stepgrad {
namespace {

// y[columns] += v[n] W[n, columns]
template <class T> void add_row_product(const T* v, const T* W, long n, long columns, T* y) {
  for (long k = 0; k < n; k++)
    for (long j = 0; j < columns; j++) y[j] += v[k] * W[k * columns + j];
}

// v[n] += W[n, columns] y[columns]
template <class T> void add_back(const T* y, const T* W, long n, long columns, T* v) {
  for (long k = 0; k < n; k++)
    for (long j = 0; j < columns; j++) v[k] += W[k * columns + j] * y[j];
}

// W[n, columns] += v[n]^T y[columns]
template <class T> void add_outer_product(const T* v, const T* y, long n, long columns, T* W) {
  for (long k = 0; k < n; k++)
    for (long j = 0; j < columns; j++) W[k * columns + j] += v[k] * y[j];
}

template <class T> T sigmoid(T x) { return 1 / (1 + std::exp(-x)); }

} // namespace
} // namespace stepgrad
