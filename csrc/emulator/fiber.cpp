#include "emulator/fiber.h"
#include <cstdint>
#include <new>
#include <sys/mman.h>
#ifdef STEPGRAD_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef STEPGRAD_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace stepgrad::emulator {

static constexpr size_t STACK = 256 * 1024; // reserved; only the pages that a thread touches cost memory

#ifdef __x86_64__
// Push what the calling convention says a function must keep, remember the stack pointer, take the other stack, pop.
__attribute__((naked, noinline)) static void swap_stacks(void** /*save_here: rdi*/,
                                                         void* /*take_this: rsi*/) {
  asm("push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15;"
      "mov %rsp, (%rdi); mov %rsi, %rsp;"
      "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret");
}
#endif

void create_fiber(Fiber& fiber, void (*entry)(), int colour) {
  void* memory =
      mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  fiber.stack = static_cast<char*>(memory), fiber.size = STACK;
#ifdef STEPGRAD_THREAD_SANITIZER
  fiber.thread_sanitizer = __tsan_create_fiber(0);
#endif
#ifdef __x86_64__
  void** top = reinterpret_cast<void**>(fiber.stack + STACK - colour % 61 * 64);
  *--top = nullptr;                        // the address that entry would return to
  *--top = reinterpret_cast<void*>(entry); // where swap_stacks "returns" to
  for (int i = 0; i < 6; i++) *--top = nullptr;
  fiber.stack_pointer = top;
#else
  (void)colour;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack, fiber.context.uc_stack.ss_size = STACK;
  makecontext(&fiber.context, entry, 0);
#endif
}

void destroy_fiber(Fiber& fiber) {
#ifdef STEPGRAD_THREAD_SANITIZER
  __tsan_destroy_fiber(fiber.thread_sanitizer);
#endif
  munmap(fiber.stack, fiber.size);
  fiber = Fiber();
}

void adopt_this_stack([[maybe_unused]] Fiber& fiber) {
#ifdef STEPGRAD_THREAD_SANITIZER
  fiber.thread_sanitizer = __tsan_get_current_fiber();
#endif
}

void switch_fiber(Fiber& from, Fiber& to) {
#ifdef STEPGRAD_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(&from.address_sanitizer, to.stack, to.size);
#endif
#ifdef STEPGRAD_THREAD_SANITIZER
  __tsan_switch_to_fiber(to.thread_sanitizer, __tsan_switch_to_fiber_no_sync);
#endif
#ifdef __x86_64__
  swap_stacks(&from.stack_pointer, to.stack_pointer);
#else
  swapcontext(&from.context, &to.context);
#endif
#ifdef STEPGRAD_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(from.address_sanitizer, nullptr, nullptr);
#endif
}

void fiber_started([[maybe_unused]] Fiber& scheduler) {
#ifdef STEPGRAD_ADDRESS_SANITIZER
  const void* stack;
  __sanitizer_finish_switch_fiber(nullptr, &stack,
                                  &scheduler.size); // where we came from: the scheduler's stack
  scheduler.stack = static_cast<char*>(const_cast<void*>(stack));
#endif
}

void release([[maybe_unused]] void* p) {
#ifdef STEPGRAD_THREAD_SANITIZER
  __tsan_release(p);
#endif
}

void acquire([[maybe_unused]] void* p) {
#ifdef STEPGRAD_THREAD_SANITIZER
  __tsan_acquire(p);
#endif
}

} // namespace stepgrad::emulator
