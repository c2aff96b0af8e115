// SPDX-License-Identifier: Apache-2.0
// What the files of capability_cases share: how a case is written, and what cases say and need.
#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/fanotify.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/sock_diag.h>
#include <linux/userfaultfd.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#define OTHER 1000  // The other user, and that user's group.
#define THIRD 1001

// Numbers that older headers do not have.
#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_LANDLOCK_RESTRICT_SELF 446
#define NR_QUOTACTL_FD 443
#define TIMER_NAMESPACE 0x80  // CLONE_NEWTIME

// Adds to the line of the case that runs.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Says how a call went, and returns what it did.
long told(const char* what, long result);

struct test {
  const char* name;
  void (*run)(void);
  const char* (*lacks)(void);  // Why it cannot be tried here; NULL: it always can.
};

void add_test(struct test test);

#define CASE_WHERE(name, lacks)                                    \
  static void case_##name(void);                                   \
  __attribute__((constructor)) static void register_##name(void) { \
    add_test((struct test){#name, case_##name, lacks});            \
  }                                                                \
  static void case_##name(void)
#define CASE(name) CASE_WHERE(name, NULL)

// What a host may lack.
const char* no_sys_resource(void);
const char* no_call(long nr);
const char* no_file(const char* path);
const char* no_modules(void);
const char* no_kexec(void);
const char* no_io_uring(void);
const char* no_landlock(void);
const char* no_kcore(void);
const char* no_tun(void);
const char* no_kmsg(void);
const char* no_kallsyms(void);
const char* no_dmesg_restriction(void);
const char* no_restricted_dmesg_device(void);
const char* no_timens(void);
const char* no_kernel_perf(void);
const char* no_audit(void);
const char* no_vsock(void);
const char* no_map_files(void);
const char* no_userfaultfd(void);
const char* no_mqueue(void);
const char* no_pipe_limit(void);
const char* no_trusted_xattr(void);
const char* no_file_flags(void);

// The other user's process.
extern struct victim {
  pid_t pid;
  void* secret;
  int shm, sem, msg;
} victim;
// Its file of this name in /proc.
const char* victims(const char* file);
void write_text(const char* path, const char* text);
void read_some(const char* path);
void say_mode(const char* path);
void say_ids(void);

// For capget(2) and capset(2).
extern struct __user_cap_header_struct self;

// Into new namespaces; as told().
int enter(int flags);
