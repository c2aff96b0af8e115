// SPDX-License-Identifier: Apache-2.0
// storm PROCESSES CALLS: PROCESSES processes make CALLS calls of getpid each, all at once.
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int processes = atoi(argv[1]);
  const long calls = atol(argv[2]);
  int start[2];
  char byte;

  if (pipe(start) != 0) return 1;
  for (int i = 0; i < processes; ++i) {
    if (fork() == 0) {
      close(start[1]);
      // Ends for all at once when the parent closes its end.
      if (read(start[0], &byte, 1) != 0) _exit(1);
      for (long n = 0; n < calls; ++n) syscall(SYS_getpid);
      _exit(0);
    }
  }
  close(start[1]);
  int failed = 0;
  int status = 0;
  while (wait(&status) > 0) failed |= status;
  return failed != 0;
}
