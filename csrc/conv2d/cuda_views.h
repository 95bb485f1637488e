// Convolution and its two gradients as products of matrices, C[M, N] = A[M, K] B[K, N], without writing A or B: a view
// says where element (row, k) lies, or that it is zero. One group at a time: `group` counts from 0.
//
//                    M          N   K           A(m, k)               B(k, n)
//   forward          N*OH*OW    OG  KH*KW*CG    x under tap k         filter [k, n]
//   input gradient   N*H*W      CG  KH*KW*OG    dy whose tap k is m   filter [tap, n, o]
//   weight gradient  KH*KW*CG   OG  N*OH*OW     x under tap m         dy [k, n]
#pragma once
#include "conv2d/conv2d.h"
#include "cuda/collectives.h"

namespace stepgrad {

struct OutputPixel {
  long n, oh, ow;
  __device__ OutputPixel(const Conv2dShape& s, long i)
      : n(i / s.OW / s.OH), oh(i / s.OW % s.OH), ow(i % s.OW) {}
};

struct Tap { // (kh, kw) of the filter, and the channel beneath
  long kh, kw, c;
  __device__ Tap(const Conv2dShape& s, long i, long channels)
      : kh(i / channels / s.KW), kw(i / channels % s.KW), c(i % channels) {}
};

// x under tap (kh, kw, c) of output pixel p: element (p, tap) of the matrix of patches. 0 where it is padding.
template <class T> __device__ T patch(const Conv2dShape& s, const T* x, OutputPixel p, Tap tap, long group) {
  const long h = p.oh * s.stride_h + tap.kh * s.dilation_h - s.pad_h;
  const long w = p.ow * s.stride_w + tap.kw * s.dilation_w - s.pad_w;
  if (h < 0 || h >= s.H || w < 0 || w >= s.W) return 0;
  return x[((p.n * s.H + h) * s.W + w) * s.C + group * s.CG + tap.c];
}

template <class T> struct ForwardView {
  using Element = T;
  Conv2dArgs<T> g;
  long M() const { return g.N * g.OH * g.OW; }
  long N() const { return g.O / g.groups; }
  __host__ __device__ long K() const { return g.KH * g.KW * g.CG; }
  __device__ T a(long m, long k, long group) const {
    return patch(g, g.x, OutputPixel(g, m), Tap(g, k, g.CG), group);
  }
  __device__ T b(long k, long n, long group) const { return g.w[k * g.O + group * (g.O / g.groups) + n]; }
  __device__ T& c(long m, long n, long group) const { return g.y[m * g.O + group * (g.O / g.groups) + n]; }
  __device__ T finish(T sum, long, long) const { return sum; }
};

// Bias and ReLU are applied while the sum is still in a register.
template <class T> struct BiasView : ForwardView<T> {
  const T* bias;
  bool relu;
  __device__ T finish(T sum, long n, long group) const {
    const T z = sum + bias[group * (this->g.O / this->g.groups) + n];
    return relu && z < 0 ? T(0) : z;
  }
};

template <class T> struct InputGradientView {
  using Element = T;
  Conv2dInputGradientArgs<T> g;
  long M() const { return g.N * g.H * g.W; }
  long N() const { return g.CG; }
  __host__ __device__ long K() const { return g.KH * g.KW * (g.O / g.groups); }
  // The output pixel whose tap k lies on input pixel m: oh * stride = h + pad - kh * dilation, if there is one.
  __device__ T a(long m, long k, long group) const {
    const Tap tap(g, k, g.O / g.groups);
    const long h = m / g.W % g.H + g.pad_h - tap.kh * g.dilation_h;
    const long w = m % g.W + g.pad_w - tap.kw * g.dilation_w;
    const long oh = h / g.stride_h, ow = w / g.stride_w;
    const bool inside = h >= 0 && w >= 0 && oh < g.OH && ow < g.OW;
    if (!inside || oh * g.stride_h != h || ow * g.stride_w != w) return 0;
    return g.dy[((m / g.W / g.H * g.OH + oh) * g.OW + ow) * g.O + group * (g.O / g.groups) + tap.c];
  }
  __device__ T b(long k, long n, long group) const {
    const long OG = g.O / g.groups;
    return g.w[(k / OG * g.CG + n) * g.O + group * OG + k % OG];
  }
  __device__ T& c(long m, long n, long group) const { return g.dx[m * g.C + group * g.CG + n]; }
  __device__ T finish(T sum, long, long) const { return sum; }
};

template <class T> struct WeightGradientView {
  using Element = T;
  Conv2dWeightGradientArgs<T> g;
  long M() const { return g.KH * g.KW * g.CG; }
  long N() const { return g.O / g.groups; }
  __host__ __device__ long K() const { return g.N * g.OH * g.OW; }
  __device__ T a(long m, long k, long group) const {
    return patch(g, g.x, OutputPixel(g, k), Tap(g, m, g.CG), group);
  }
  __device__ T b(long k, long n, long group) const { return g.dy[k * g.O + group * (g.O / g.groups) + n]; }
  __device__ T& c(long m, long n, long group) const { return g.dw[m * g.O + group * (g.O / g.groups) + n]; }
  __device__ T finish(T sum, long, long) const { return sum; }
};

} // namespace stepgrad
