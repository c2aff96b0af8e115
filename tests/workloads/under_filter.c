// SPDX-License-Identifier: Apache-2.0
// under_filter FILE COMMAND...: installs the seccomp filter of FILE (struct sock_filter, one after the other) in the
// kernel and executes COMMAND. Exits with 125 when it cannot.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static struct sock_filter instructions[BPF_MAXINSNS];
  if (argc < 3) return 125;
  const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, instructions, sizeof(instructions));
  if (size <= 0) return 125;
  struct sock_fprog program = {(unsigned short)(size / sizeof(instructions[0])), instructions};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 125;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 125;
  execv(argv[2], argv + 2);
  return 125;
}
