// Copying an array that is not contiguous: a transpose, a slice, one number repeated.
#pragma once

namespace stepgrad {

constexpr int MAX_AXES = 8;

template <class T> struct CopyArgs {
  const T* x; // first entry; entry (i, j, ...) lies at x[i * stride[0] + j * stride[1] + ...]
  T* y;       // [shape[0], shape[1], ...], contiguous
  int axes;   // at least 1
  long shape[MAX_AXES];
  long stride[MAX_AXES]; // in entries; 0 repeats, negative walks backwards
};

} // namespace stepgrad
