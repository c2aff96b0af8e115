// SPDX-License-Identifier: Apache-2.0
// every_number [i386] LAST makes every system call from number 0 to LAST with arguments that none of them can do
// anything with, all of them -1. Each is made by a process of its own, which has no terminal, and is killed when the
// call does not return. With "i386", it is made through int $0x80. Prints nothing.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "call_i386.h"

static const struct timespec tick = {.tv_nsec = 1000000};

int main(int argc, char** argv) {
  const int i386 = argc > 2 && strcmp(argv[1], "i386") == 0;
  const long last = argc > 1 ? atol(argv[argc - 1]) : 0;

  for (long number = 0; number <= last; ++number) {
    const pid_t child = fork();

    if (child == 0) {
      setsid();
      if (i386) {
        call_i386(number, -1);
      } else {
        syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
      }
      // Also the child of a fork.
      _exit(0);
    }
    for (int ticks = 0; waitpid(child, NULL, WNOHANG) == 0; ++ticks) {
      // Long enough for a child that gets no CPU for a while; few calls do not return.
      if (ticks == 3000) kill(child, SIGKILL);
      nanosleep(&tick, NULL);
    }
  }
  return 0;
}
