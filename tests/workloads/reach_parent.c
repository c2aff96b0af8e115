// SPDX-License-Identifier: Apache-2.0
// reach_parent WAY: tries to reach into its parent process as a confined program would, to take from its supervisor
// what decides its calls. Exits with 0 when it could, and with 1 and the reason on its output when the kernel refused.
// WAY is
//
//   pidfd_getfd     copies each of the parent's first descriptors until one is a seccomp listener
//   fd              opens what the parent's standard error is by way of /proc/PID/fd
//   mem             reads the parent's memory by way of /proc/PID/mem, opened for writing
//   ptrace          attaches to the parent as a tracer
//   process_vm      reads the parent's memory with process_vm_readv
//   nested:WAY      the same, as root of a user namespace of its own
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int refused(const char* what) {
  printf("%s: %s\n", what, strerrorname_np(errno));
  return 1;
}

// Asks whether notification 0, which there never is, is valid: only a listener answers ENOENT.
static int is_listener(int fd) {
  uint64_t cookie = 0;
  return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &cookie) == -1 && errno == ENOENT;
}

static int by_pidfd(pid_t parent) {
  const int process = (int)syscall(SYS_pidfd_open, parent, 0);
  if (process < 0) return refused("pidfd_open");
  for (int number = 0; number < 64; ++number) {
    const int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (fd < 0 && errno != EBADF) return refused("pidfd_getfd");
    if (fd >= 0 && is_listener(fd)) return 0;
  }
  printf("no listener\n");
  return 1;
}

static int by_fd(pid_t parent) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/fd/2", parent);
  return open(path, O_PATH) >= 0 ? 0 : refused(path);
}

// An address that every process of this kind has mapped: where the parent's vDSO or stack is, /proc/PID/maps tells.
static int parents_address(pid_t parent, uintptr_t* address) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/maps", parent);
  FILE* maps = fopen(path, "r");
  return maps != NULL && fscanf(maps, "%jx-", (uintmax_t*)address) == 1;
}

static int by_mem(pid_t parent) {
  char path[64];
  char byte;
  uintptr_t address = 0;
  snprintf(path, sizeof(path), "/proc/%d/mem", parent);
  const int fd = open(path, O_RDWR);
  if (fd < 0) return refused(path);
  if (!parents_address(parent, &address)) return refused("maps");
  return pread(fd, &byte, 1, (off_t)address) == 1 ? 0 : refused("pread");
}

static int by_ptrace(pid_t parent) {
  return ptrace(PTRACE_SEIZE, parent, NULL, NULL) == 0 ? 0 : refused("ptrace");
}

static int by_process_vm(pid_t parent) {
  char byte;
  uintptr_t address = 0;
  if (!parents_address(parent, &address)) address = (uintptr_t)&byte & ~(uintptr_t)4095;
  struct iovec local = {&byte, 1};
  struct iovec remote = {(void*)address, 1};
  return process_vm_readv(parent, &local, 1, &remote, 1, 0) == 1 ? 0 : refused("process_vm_readv");
}

int main(int argc, char** argv) {
  const char* way = argc == 2 ? argv[1] : "";
  const pid_t parent = getppid();
  if (strncmp(way, "nested:", 7) == 0) {
    way += 7;
    if (unshare(CLONE_NEWUSER) != 0) return refused("unshare");
  }
  if (strcmp(way, "pidfd_getfd") == 0) return by_pidfd(parent);
  if (strcmp(way, "fd") == 0) return by_fd(parent);
  if (strcmp(way, "mem") == 0) return by_mem(parent);
  if (strcmp(way, "ptrace") == 0) return by_ptrace(parent);
  if (strcmp(way, "process_vm") == 0) return by_process_vm(parent);
  return 2;
}
