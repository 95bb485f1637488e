// What one core of this machine can do at most: multiply-adds of floats that never leave the registers.
#pragma once

namespace stepgrad {

// Does `rounds` rounds of multiply-adds and says how many FLOPs that were; the sum is there so that none is left out.
using MultiplyAddsFn = float (*)(long rounds, double* flops);
bool register_multiply_adds(int isa, MultiplyAddsFn run); // one for each instruction set, before main()

// GFLOP/s of one thread on the instruction set `isa`, by CPU time: the best of many short runs.
double peak_gflops(int isa);

} // namespace stepgrad
