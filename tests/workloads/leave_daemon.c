// SPDX-License-Identifier: Apache-2.0
// leave_daemon SECONDS: leaves a daemon behind (own session, SIGTERM ignored) and ends once the daemon is ready. The
// daemon waits SECONDS, calls sched_get_priority_min and ends.
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int ready[2];
  char byte = 'r';

  if (pipe(ready) != 0) return 1;
  if (fork() == 0) {
    setsid();
    signal(SIGTERM, SIG_IGN);
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    sleep((unsigned)atoi(argv[1]));
    sched_get_priority_min(0);
    _exit(0);
  }
  return read(ready[0], &byte, 1) == 1 ? 0 : 1;
}
