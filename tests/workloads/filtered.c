// SPDX-License-Identifier: Apache-2.0
// filtered FILE...: installs the seccomp filters of these files (struct sock_filter, one after the other), the first
// one first, writes "ready" and waits for the end of its input. Then it exits with 0.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static struct sock_filter instructions[BPF_MAXINSNS];
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  for (int i = 1; i < argc; ++i) {
    const int fd = open(argv[i], O_RDONLY);
    const ssize_t size = read(fd, instructions, sizeof(instructions));
    if (size <= 0) return 1;
    struct sock_fprog program = {(unsigned short)(size / sizeof(instructions[0])), instructions};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 1;
    close(fd);
  }
  if (write(1, "ready\n", 6) != 6) return 1;
  char byte;
  return read(0, &byte, 1) == 0 ? 0 : 1;
}
