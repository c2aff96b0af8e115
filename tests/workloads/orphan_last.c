// SPDX-License-Identifier: Apache-2.0
// Forks a child that waits for its parent's death (the end of a pipe that only the parent holds open), and then, as an
// orphan, makes sched_get_priority_max first and sched_get_priority_min last.
#include "nolibc.h"

#define SIGCHLD 17

void _start(void) {
  int ends[2];
  char byte;

  call3(__NR_pipe2, (long)ends, 0, 0);
  if (call5(__NR_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
    call3(__NR_close, ends[1], 0, 0);
    call3(__NR_read, ends[0], (long)&byte, 1);
    call3(__NR_sched_get_priority_max, 0, 0, 0);
    call3(__NR_sched_get_priority_min, 0, 0, 0);
  }
  call3(__NR_exit_group, 0, 0, 0);
}
