// SPDX-License-Identifier: Apache-2.0
// The programs in containers that syscarve itself starts: one ends at once, with status 0; the other, with STUB_WAITS,
// stays until it is killed. They have no C library, so that they need nothing in their container, and their bytes are
// part of syscarve (cmake/embed_binary.cmake).
#include <asm/unistd.h>

// With four arguments of 0.
static inline void call(long number) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(0L), "S"(0L), "d"(0L), "r"(r10)
                   : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = 0;
  register long x1 __asm__("x1") = 0;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
#else
#error "no stub for this architecture"
#endif
}

void _start(void);

void _start(void) {
#if defined(STUB_WAITS)
  // For nothing, and without a limit.
  for (;;) call(__NR_ppoll);
#else
  call(__NR_exit_group);
#endif
  __builtin_unreachable();
}
