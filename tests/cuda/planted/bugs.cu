// Wrong kernels, each with one bug that people write. The program runs the one that is named; the tests of
// tests/cuda/test_planted_bugs.py build it plain, under AddressSanitizer and under ThreadSanitizer, and expect every bug
// to be caught, and the right kernels to pass.
#include "cuda/tiles.h"
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace stepgrad {
namespace {

constexpr int N = 40, TILE = 16; // not a multiple: the last tiles are not full
constexpr int RIGHT = 0, NOTHING_AFTER_LOAD = 1, NOTHING_BEFORE_LOAD = 2, GLOBAL_BOUNDS = 3,
              SHARED_BOUNDS = 4;

// C = A B by tiles, with one of the bugs.
template <int BUG> __global__ void matmul(const float* A, const float* B, float* C) {
  SHARED(float, a, [TILE][TILE]);
  SHARED(float, b, [TILE][TILE]);
  const int x = threadIdx.x, y = threadIdx.y, i = blockIdx.y * TILE + y, j = blockIdx.x * TILE + x;
  float sum = 0;
  for (int k = 0; k < N; k += TILE) {
    const bool guarded = BUG != GLOBAL_BOUNDS;
    a[y][BUG == SHARED_BOUNDS ? x + 1 : x] = !guarded || (i < N && k + x < N) ? A[i * N + k + x] : 0;
    b[y][x] = !guarded || (k + y < N && j < N) ? B[(k + y) * N + j] : 0;
    if (BUG != NOTHING_AFTER_LOAD) __syncthreads();
    for (int l = 0; l < TILE; l++) sum += a[y][l] * b[l][x];
    if (BUG != NOTHING_BEFORE_LOAD) __syncthreads();
  }
  if (i < N && j < N) C[i * N + j] = sum;
}

template <int BUG> double matmul_error() {
  std::vector<float> A(N * N), B(N * N), C(N * N, NAN);
  for (int i = 0; i < N * N; i++) A[i] = float(i % 7 - 3), B[i] = float(i % 5 - 2);
  const unsigned tiles = blocks_for(N, TILE);
  launch(matmul<BUG>, dim3(tiles, tiles), dim3(TILE, TILE), 0, A.data(), B.data(), C.data());
  double worst = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += A[i * N + k] * B[k * N + j];
      const double error = std::abs(sum - C[i * N + j]);
      if (!(error <= worst)) worst = error; // NaN is the worst of all
      if (std::isnan(error)) return error;
    }
  return worst;
}

__global__ void divergent_barrier(float* x) {
  if (threadIdx.x < 16) {
    x[threadIdx.x] = 1;
    __syncthreads();
  }
}

__global__ void divergent_shuffle(float* x) {
  float sum = x[threadIdx.x];
  if (threadIdx.x < 16) sum += __shfl_down_sync(0xffffffffu, sum, 8);
  x[threadIdx.x] = sum;
}

template <bool ATOMIC> __global__ void count(int* total) {
  if (ATOMIC)
    atomicAdd(total, 1);
  else
    *total += 1; // read, add, write: another thread may have written in between
}

__global__ void count_blocks(int* total) { // no barrier orders two blocks
  if (threadIdx.x == blockIdx.x) *total += 1;
}

// Doubles the tiles of x back to front, fetching the next one while this one is used. EARLY: no barrier before the
// buffer that other warps may still read is filled again. FORGOTTEN: nobody waits for the copies.
constexpr int COPIED = 256, THREADS = COPIED / 4;

template <bool EARLY, bool FORGOTTEN> __global__ void pipeline(const float* x, float* y, int tiles) {
  SHARED(float, buffer, [2][COPIED]);
  const int t = threadIdx.x;
  copy_async<16>(&buffer[0][4 * t], x + 4 * t);
  commit_copies();
  for (int tile = 0; tile < tiles; tile++) {
    if (tile + 1 < tiles) copy_async<16>(&buffer[(tile + 1) % 2][4 * t], x + (tile + 1) * COPIED + 4 * t);
    commit_copies();
    if (!FORGOTTEN) wait_copies<1>();
    __syncthreads();
    for (int i = t; i < COPIED; i += THREADS) y[tile * COPIED + i] = 2 * buffer[tile % 2][COPIED - 1 - i];
    if (!EARLY) __syncthreads();
  }
}

template <bool EARLY, bool FORGOTTEN> double pipeline_error() {
  const int tiles = 4;
  std::vector<float> x(COPIED * tiles), y(COPIED * tiles, NAN);
  for (size_t i = 0; i < x.size(); i++) x[i] = float(i);
  launch(pipeline<EARLY, FORGOTTEN>, 1, THREADS, 0, x.data(), y.data(), tiles);
  double worst = 0;
  for (int tile = 0; tile < tiles; tile++)
    for (int i = 0; i < COPIED; i++) {
      const double error = std::abs(2 * x[tile * COPIED + COPIED - 1 - i] - y[tile * COPIED + i]);
      if (std::isnan(error)) return error;
      worst = std::max(worst, error);
    }
  return worst;
}

template <class Kernel> double counted(Kernel kernel, unsigned blocks) {
  int total = 0;
  launch(kernel, blocks, 64, 0, &total);
  return 0; // right or wrong by luck: ThreadSanitizer is to say
}

double run_on_floats(void (*kernel)(float*)) {
  std::vector<float> x(64, 1.0f);
  launch(kernel, 1, 64, 0, x.data());
  return 0;
}

} // namespace
} // namespace stepgrad

int main(int, char** argv) {
  using namespace stepgrad;
  const std::map<std::string, std::function<double()>> programs = {
      {"right", matmul_error<RIGHT>},
      {"no_barrier_after_load", matmul_error<NOTHING_AFTER_LOAD>},
      {"no_barrier_before_load", matmul_error<NOTHING_BEFORE_LOAD>},
      {"global_out_of_bounds", matmul_error<GLOBAL_BOUNDS>},
      {"shared_out_of_bounds", matmul_error<SHARED_BOUNDS>},
      {"divergent_barrier", [] { return run_on_floats(divergent_barrier); }},
      {"divergent_shuffle", [] { return run_on_floats(divergent_shuffle); }},
      {"atomic_update", [] { return counted(count<true>, 3); }},
      {"lost_update", [] { return counted(count<false>, 1); }},
      {"lost_update_of_blocks", [] { return counted(count_blocks, 3); }},
      {"right_pipeline", pipeline_error<false, false>},
      {"buffer_reused_early", pipeline_error<true, false>},
      {"wait_forgotten", pipeline_error<false, true>},
  };
  try {
    const double error = programs.at(argv[1])();
    std::printf("%s\n", error == 0 ? "right" : "wrong");
    return error == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::printf("%s\n", e.what());
    return 3;
  }
}
