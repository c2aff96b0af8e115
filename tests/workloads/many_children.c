// SPDX-License-Identifier: Apache-2.0
// many_children COUNT: forks COUNT short-lived children, up to 64 at a time; each calls sched_get_priority_max once.
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int count = atoi(argv[1]);
  int running = 0;

  for (int i = 0; i < count; ++i) {
    if (running == 64 && wait(NULL) > 0) --running;
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      sched_get_priority_max(0);
      _exit(0);
    }
    ++running;
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}
