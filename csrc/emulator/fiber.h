// A fiber: a function with a stack of its own, which can stop in the middle and go on later.
//
// On x86-64 a switch is eight instructions; elsewhere the C library's ucontext does it. The sanitizers must be told:
// AddressSanitizer which stack is in use, ThreadSanitizer that this is now another thread.
#pragma once
#include <cstddef>
#ifndef __x86_64__
#include <ucontext.h>
#endif

namespace stepgrad::emulator {

struct Fiber {
  char* stack = nullptr;
  size_t size = 0;
  void* stack_pointer = nullptr; // while it stands still
  void* address_sanitizer = nullptr;
  void* thread_sanitizer = nullptr;
#ifndef __x86_64__
  ucontext_t context;
#endif
};

// A new fiber that will start in `entry`, which must never return. Fibers of different colours start at different
// offsets in their stacks: were all the same, the tops of 1024 stacks would fight for the same few cache lines.
void create_fiber(Fiber& fiber, void (*entry)(), int colour);
void destroy_fiber(Fiber& fiber);
void adopt_this_stack(Fiber& fiber); // makes a Fiber of the code that is running: the scheduler

void switch_fiber(Fiber& from,
                  Fiber& to);         // stops `from`, goes on in `to`; returns when something switches back
void fiber_started(Fiber& scheduler); // the first thing that `entry` calls

// What happened before release(p) in one fiber is seen after acquire(p) in another: for ThreadSanitizer alone.
void release(void* p);
void acquire(void* p);

} // namespace stepgrad::emulator
