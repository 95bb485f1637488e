#!/bin/sh
# Build the kernels with sanitizers and run their tests under them. Needs GCC; run from the repository's root.
#   sh tests/sanitizers.sh address [pytest arguments]           the CPU's kernels, tape and plan: AddressSanitizer and UBSan
#   sh tests/sanitizers.sh thread  [pytest arguments]           ThreadSanitizer, on the tests that compare numbers of threads
#   sh tests/sanitizers.sh emulated-address [pytest arguments]  the CUDA kernels on the emulator: AddressSanitizer and UBSan
#   sh tests/sanitizers.sh emulated-thread  [pytest arguments]  the same under ThreadSanitizer, which sees every race
# It puts the instrumented extension into a copy of the package: python/stepgrad stays as it is. STEPGRAD_ISA=avx2 (or
# baseline) keeps it short.
set -e
kind=${1:-address}
[ $# -gt 0 ] && shift
root=$(pwd)
build=$root/build/sanitize-$kind
python=${PYTHON:-python}
module=_cpu tests=tests/kernels chosen="" options="" start=""
case $kind in
*address) sanitize=address,undefined libraries="libasan.so libubsan.so libstdc++.so" ;;
*thread) sanitize=thread libraries="libtsan.so libstdc++.so" ;;
esac
case $kind in
# One instruction set beside the baseline is compiled: avx2, or what STEPGRAD_ISA says.
address)
  options="-DSTEPGRAD_ISAS=${STEPGRAD_ISA:-avx2}"
  tests="tests/kernels tests/tape tests/training/test_compiled.py" chosen="-p red_zones" ;;
thread) options="-DSTEPGRAD_ISAS=${STEPGRAD_ISA:-avx2}" chosen="-k same_bits" ;;
emulated-*)
  module=_emu tests=tests/cuda/test_kernels.py chosen="-n0 -k matches_numpy"
  options="-DSTEPGRAD_EMULATOR=ON -DSTEPGRAD_CUDA=OFF"
  # BLAS's threads are not instrumented. Where addresses are drawn at random, this ThreadSanitizer sometimes does not start.
  export OPENBLAS_NUM_THREADS=1 STEPGRAD_NUM_THREADS=1
  if [ $sanitize = thread ]; then # small calls alone: each thread of CUDA is a thread to it, and takes its time
    start="setarch -R" chosen="-n0 -k forward-eager"
    export STEPGRAD_TEST_ELEMENTS=${STEPGRAD_TEST_ELEMENTS:-200}
  fi ;;
*) echo "expected address, thread, emulated-address or emulated-thread, got $kind" && exit 2 ;;
esac
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=g++ -DSTEPGRAD_SANITIZE=$sanitize $options \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" -DPython_EXECUTABLE="$(command -v "$python")"
cmake --build "$build" --target $module --parallel
rm -rf "$build/package" && mkdir -p "$build/package"
cp -r python/stepgrad "$build/package/stepgrad"
rm -f "$build"/package/stepgrad/$module.*so
find "$build" -name "$module.*so" -not -path "*/package/*" -exec cp {} "$build/package/stepgrad/" \;
preload=""
for library in $libraries; do preload="$preload $(g++ -print-file-name=$library)"; done
# An editable install's finder comes before PYTHONPATH: the tests would pass on the ordinary build.
imported=$(PYTHONPATH="$build/package" "$python" -c "from importlib.util import find_spec as f; print(f('stepgrad').origin)")
case $imported in
"$build"/*) ;;
*) echo "expected the package in $build, but python finds $imported: run this where stepgrad is not installed with -e" && exit 2 ;;
esac
# -s: UBSan only prints, unless it is told to stop. Python itself is not instrumented: its leaks are none of ours.
# -p no:cacheprovider: the copy of the package is thrown away.
LD_PRELOAD="$preload" PYTHONPATH="$build/package:$root/tests" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 \
  TSAN_OPTIONS=halt_on_error=1 $start "$python" -m pytest -p no:cacheprovider -x -q -s $tests $chosen "$@"
