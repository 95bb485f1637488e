#!/bin/sh
# Build the kernels with sanitizers and run tests/kernels under them. Needs GCC; run from the repository's root.
#   sh tests/sanitizers.sh address [pytest arguments]   AddressSanitizer and UBSan
#   sh tests/sanitizers.sh thread  [pytest arguments]   ThreadSanitizer, on the tests that compare numbers of threads
# It puts the instrumented extension into a copy of the package: python/stepgrad stays as it is. STEPGRAD_ISA=avx2 (or
# baseline) keeps it short.
set -e
kind=${1:-address}
[ $# -gt 0 ] && shift
root=$(pwd)
build=$root/build/sanitize-$kind
python=${PYTHON:-python}
case $kind in
address) sanitize=address,undefined libraries="libasan.so libubsan.so libstdc++.so" chosen="" ;;
thread) sanitize=thread libraries="libtsan.so libstdc++.so" chosen="-k same_bits" ;;
*) echo "expected address or thread, got $kind" && exit 2 ;;
esac
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=g++ -DSTEPGRAD_SANITIZE=$sanitize \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" -DPython_EXECUTABLE="$(command -v "$python")"
cmake --build "$build" --target _cpu --parallel
rm -rf "$build/package" && mkdir -p "$build/package"
cp -r python/stepgrad "$build/package/stepgrad"
rm -f "$build"/package/stepgrad/_cpu*.so && cp "$build"/_cpu*.so "$build/package/stepgrad/"
preload=""
for library in $libraries; do preload="$preload $(g++ -print-file-name=$library)"; done
# -s: UBSan only prints, unless it is told to stop. Python itself is not instrumented: its leaks are none of ours.
# -p no:cacheprovider: the copy of the package is thrown away.
LD_PRELOAD="$preload" PYTHONPATH="$build/package" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 \
  TSAN_OPTIONS=halt_on_error=1 "$python" -m pytest -p no:cacheprovider -x -q -s tests/kernels $chosen "$@"
