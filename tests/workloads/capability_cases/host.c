// SPDX-License-Identifier: Apache-2.0
// What a host may lack, the other user's process, and what several families of cases do.
#include "cases.h"

const char* no_sys_resource(void) {
  return prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1 ? NULL : "CAP_SYS_RESOURCE is not to be had on this host";
}

const char* no_call(long nr) {
  return syscall(nr, -1, -1, -1, -1, -1) == -1 && errno == ENOSYS ? "the kernel is built without the call" : NULL;
}

const char* no_file(const char* path) {
  return access(path, F_OK) == 0 ? NULL : "the kernel is built without it";
}

const char* no_modules(void) {
  return no_call(SYS_delete_module);
}
const char* no_kexec(void) {
  return no_call(SYS_kexec_load);
}
const char* no_io_uring(void) {
  const int fd = (int)syscall(SYS_io_uring_setup, 1, (char[120]){0});
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "io_uring is not to be had";
}
const char* no_landlock(void) {
  return syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, 1) < 0 ? "landlock is not to be had" : NULL;
}
const char* no_kcore(void) {
  return no_file("/proc/kcore");
}
const char* no_tun(void) {
  return no_file("/dev/net/tun");
}
const char* no_kmsg(void) {
  return no_file("/dev/kmsg");
}
const char* no_kallsyms(void) {
  return no_file("/proc/kallsyms");
}
const char* no_dmesg_restriction(void) {
  char value = '0';
  const int fd = open("/proc/sys/kernel/dmesg_restrict", O_RDONLY);
  if (fd < 0 || read(fd, &value, 1) != 1 || value == '0') value = '0';
  if (fd >= 0) close(fd);
  return value == '1' ? NULL : "everybody may read the kernel's log here";
}
const char* no_restricted_dmesg_device(void) {
  return no_kmsg() ? no_kmsg() : no_dmesg_restriction();
}
const char* no_timens(void) {
  return no_file("/proc/self/ns/time");
}
const char* no_kernel_perf(void) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};
  const int fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "perf events are not to be had";
}
const char* no_audit(void) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "the kernel is built without audit";
}
const char* no_vsock(void) {
  const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "vsock is not to be had";
}
const char* no_map_files(void) {
  return no_file("/proc/self/map_files");
}
const char* no_userfaultfd(void) {
  char value = '0';
  const int fd = open("/proc/sys/vm/unprivileged_userfaultfd", O_RDONLY);
  if (fd < 0 || read(fd, &value, 1) != 1) value = '1';
  if (fd >= 0) close(fd);
  return value == '0' ? no_call(SYS_userfaultfd) : "userfaultfd is everybody's here";
}
const char* no_mqueue(void) {
  return no_call(SYS_mq_unlink);
}
const char* no_pipe_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max >= 4096 ? NULL : "the limit on open files is too low";
}
const char* no_trusted_xattr(void) {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  const int set = fd < 0 ? -1 : fsetxattr(fd, "trusted.case", "1", 1, 0);
  if (fd >= 0) close(fd);
  return set == 0 ? NULL : "the file system has no trusted attributes";
}
const char* no_file_flags(void) {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  int flags = 0;
  const int got = fd < 0 ? -1 : ioctl(fd, FS_IOC_GETFLAGS, &flags);
  if (fd >= 0) close(fd);
  return got == 0 ? NULL : "the file system has no file flags";
}
struct victim victim;

const char* victims(const char* file) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", victim.pid, file);
  return path;
}

void write_text(const char* path, const char* text) {
  const int fd = (int)told("open", open(path, O_WRONLY | O_CLOEXEC));
  if (fd < 0) return;
  told("write", write(fd, text, strlen(text)));
  close(fd);
}

void read_some(const char* path) {
  char buffer[64];
  const int fd = (int)told("open", open(path, O_RDONLY | O_CLOEXEC));
  if (fd < 0) return;
  told("read", read(fd, buffer, sizeof buffer));
  close(fd);
}

void say_mode(const char* path) {
  struct stat info;
  if (stat(path, &info) == 0) say("mode=%o ", info.st_mode & 07777);
}

void say_ids(void) {
  uid_t user[3];
  gid_t group[3];
  getresuid(&user[0], &user[1], &user[2]);
  getresgid(&group[0], &group[1], &group[2]);
  gid_t groups[64];
  const int count = getgroups(64, groups);
  say("ids=%d,%d,%d:%d,%d,%d+%d ", user[0], user[1], user[2], group[0], group[1], group[2], count);
}
