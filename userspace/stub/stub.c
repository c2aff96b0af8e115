// The program in the containers that `syscarve baseline` starts: it ends at once, with status 0. It has no C library,
// so that it needs nothing in its container, and its bytes are part of syscarve (cmake/embed_binary.cmake).
#include <asm/unistd.h>

void _start(void);

void _start(void) {
#if defined(__x86_64__)
  __asm__ volatile("syscall" : : "a"(__NR_exit_group), "D"(0) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = __NR_exit_group;
  register long x0 __asm__("x0") = 0;
  __asm__ volatile("svc 0" : : "r"(x8), "r"(x0) : "memory");
#else
#error "no stub for this architecture"
#endif
  __builtin_unreachable();
}
