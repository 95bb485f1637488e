// The products of gemm.h and product.h that several rungs use, compiled once: compiling them is most of what each of those
// rungs would cost.
#include "matmul/product.h"

namespace stepgrad {
namespace STEPGRAD_ISA {

STEPGRAD_GEMM(, float)
STEPGRAD_GEMM(, double)
template void product(const Gemm<float>&, Serially, NoFinish);
template void product(const Gemm<double>&, Serially, NoFinish);
template void product(const Gemm<float>&, InParallel, NoFinish);
template void product(const Gemm<double>&, InParallel, NoFinish);

} // namespace STEPGRAD_ISA
} // namespace stepgrad
