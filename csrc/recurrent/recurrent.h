// Recurrent networks over a whole sequence, forward and backward. A step carries the state of the step before:
//   LSTM  [i f g o] = x W + h U + b;  c = sigmoid(f) c + sigmoid(i) tanh(g);  h = sigmoid(o) tanh(c)
//   GRU   [z r] = sigmoid(x W + h U + b + d);  q = h U_g + d_g;  g = tanh(x W_g + b_g + r q);  h = z h + (1 - z) g
// Gate columns as in Keras: i f g o, and z r g. Where the mask is 0 the state stays as it is.
#pragma once

namespace stepgrad {

// Null: mask, where every step counts; hs, where only the last h is wanted; cells and gates, where no gradient will be.
// GRU: 3 columns instead of 4 in the weights, bias [2, 3 units] (of the input and of the state), no c0, c and cells.
template <class T> struct SequenceArgs {
  const T* x;                // [batch, time, n]
  const T* kernel;           // W [n, 4 units]
  const T* recurrent_kernel; // U [units, 4 units]
  const T* bias;             // [4 units]
  const T* h0;               // [batch, units]
  const T* c0;               // [batch, units]
  const T* mask;             // [batch, time]
  T* hs;                     // [batch, time, units]: h after every step
  T* h;                      // [batch, units]: h and c after the last step
  T* c;                      // [batch, units]
  T* cells;                  // [time, batch, units]: c after every step
  T* gates;                  // [time, batch, 4 units]: i f g o; of a GRU z r g q
  long batch, time, n, units;
};

// Null: ghs, where nobody read the h of single steps; mask; gx, where it is not wanted.
template <class T> struct SequenceGradientArgs {
  const T* x;                // as above
  const T* kernel;           //
  const T* recurrent_kernel; //
  const T* h0;               //
  const T* c0;               //
  const T* hs;               // what the forward kernel wrote
  const T* cells;            //
  const T* gates;            //
  const T* ghs;              // [batch, time, units]: what flows into every h
  const T* gh;               // [batch, units]: and into the last h and c
  const T* gc;               // [batch, units]
  const T* mask;             // [batch, time]
  T* gx;                     // [batch, time, n]
  T* gkernel;                // like kernel, recurrent_kernel, bias, h0, c0
  T* grecurrent_kernel;      //
  T* gbias;                  //
  T* gh0;                    // [batch, units]
  T* gc0;                    // [batch, units]
  long batch, time, n, units;
};

// The same fields, but other sizes for the bindings to check.
template <class T> using LstmSequenceArgs = SequenceArgs<T>;
template <class T> using GruSequenceArgs = SequenceArgs<T>;
template <class T> using LstmSequenceGradientArgs = SequenceGradientArgs<T>;
template <class T> using GruSequenceGradientArgs = SequenceGradientArgs<T>;

} // namespace stepgrad
