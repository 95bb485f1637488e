// Normalization of a matrix [rows, n]: by the statistics of every row (layer_norm) or of every column (batch_norm).
//   y = (x - mean) * r * scale + offset,  r = 1 / sqrt(variance + epsilon), the variance biased
// rms_norm leaves out the mean and the offset.
#pragma once

namespace stepgrad {

template <class T> struct BatchNormStatisticsArgs {
  const T* x;  // [n, c]
  T* mean;     // [c]
  T* variance; // [c]
  long n, c;
};

template <class T> struct NormArgs {
  const T* x;      // [rows, n]
  const T* scale;  // [n]
  const T* offset; // [n]
  T* y;            // [rows, n]
  T* mean;         // [rows] of layer_norm, [n] of batch_norm
  T* variance;     // like mean
  double epsilon;
  long rows, n;
};

template <class T> struct NormGradientArgs {
  const T* x;        // [rows, n]
  const T* scale;    // [n]
  const T* mean;     // what the forward kernel wrote
  const T* variance; //
  const T* dy;       // [rows, n]
  T* dx;             // [rows, n]
  T* dscale;         // [n]
  T* doffset;        // [n]
  double epsilon;
  long rows, n;
};

template <class T> struct RmsNormArgs {
  const T* x;     // [rows, n]
  const T* scale; // [n]
  T* y;           // [rows, n]
  T* mean_square; // [rows]
  double epsilon;
  long rows, n;
};

template <class T> struct RmsNormGradientArgs {
  const T* x;           // [rows, n]
  const T* scale;       // [n]
  const T* mean_square; // [rows], what the forward kernel wrote
  const T* dy;          // [rows, n]
  T* dx;                // [rows, n]
  T* dscale;            // [n]
  double epsilon;
  long rows, n;
};

// The same fields, but other sizes for the bindings to check.
template <class T> using LayerNormArgs = NormArgs<T>;
template <class T> using BatchNormArgs = NormArgs<T>;
template <class T> using LayerNormGradientArgs = NormGradientArgs<T>;
template <class T> using BatchNormGradientArgs = NormGradientArgs<T>;

} // namespace stepgrad
