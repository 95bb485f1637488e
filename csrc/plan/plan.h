// A plan: kernel calls with all their arguments, written down once and run again and again without Python.
//
// Arguments are plain structs of pointers and sizes (MatmulArgs, UnaryArgs, ...), so a call is written down by copying
// the struct. The pointers stay as they are until `move` gives an array another place in memory.
#pragma once
#include "common/registry.h"
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

namespace stepgrad {

// Restores the type of a call that was written down: kernel(args).
using RunFn = void (*)(AnyKernel kernel, const void* args);
// Writes into `part` the arguments for elements [begin, end) of an elementwise call.
using SliceFn = void (*)(const void* args, long begin, long end, void* part);

template <template <class> class Args, class T> void run_call(AnyKernel kernel, const void* args) {
  reinterpret_cast<Kernel<Args, T>>(kernel)(*static_cast<const Args<T>*>(args));
}
template <class Args> void slice_call(const void* args, long begin, long end, void* part) {
  new (part) Args(static_cast<const Args*>(args)->slice(begin, end));
}
// Elementwise calls say so by `elementwise`: any piece of them can be computed on its own.
template <class Args, class = void> struct is_elementwise : std::false_type {};
template <class Args>
struct is_elementwise<Args, std::void_t<decltype(Args::elementwise)>> : std::true_type {};

struct Call {
  const char* op;
  const char* rung;
  RunFn run;
  AnyKernel kernel;
  SliceFn slice;               // null where the call cannot be cut
  long items;                  // elements, where it can
  int item_bytes;              // size of one element
  std::vector<uint64_t> words; // the argument struct
};

class Plan {
public:
  std::vector<Call> calls;

  // Every pointer of call `i` that equals `from` becomes `to`; returns how many there were.
  int move(int i, const void* from, const void* to);

  // Elementwise calls [begin, end), all over the same elements, run as one: block after block goes through all of
  // them while it is in the L1 cache. `inner` are the arrays that nobody else reads: they shrink to one block each.
  void fuse(int begin, int end, const std::vector<const void*>& inner);

  // Runs calls [begin, end); a fused group must lie inside wholly.
  void replay(int begin, int end) const;

private:
  struct Inner { // word `word` of call `call` points to inner array number `slot`
    int call, word, slot;
  };
  struct Group {
    int begin, end, slots;
    std::vector<Inner> inner;
  };
  std::vector<Group> groups_; // in order
  void run_group(const Group& group) const;
};

} // namespace stepgrad
