// SPDX-License-Identifier: Apache-2.0
// capability_cases: what programs do where the kernel may ask for a capability, one small case for each place. A case says what
// came of it in one line of text, the same each time; whether it needs a capability is found out by running it without.
//
//   list                     the names, a line each: NAME, and behind a tab why it cannot be tried on this host, if so
//   prepare DIR              makes a folder for each case; needs all capabilities
//   try DIR CASE MASK…       runs the case once for each set of capabilities (hexadecimal, MASK of those that there are), from a folder
//                            prepared anew, and prints what came of it
//   record DIR [CASE…]       runs the cases (default: all) once with all capabilities, each in a run of its own: for `syscarve record`
//   victim                   another user's process and its System V objects, until standard input ends. Prints what the environment
//                            variable CASE_VICTIM is to be for the others
//
// Nothing here changes the host: what could is tried with arguments that are refused afterwards, or in namespaces of its own.
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

static char said[4096];

static void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char* format, ...) {
  const size_t used = strlen(said);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(said + used, sizeof said - used, format, arguments);
  va_end(arguments);
}

// Says how a call went, and returns what it did.
static long told(const char* what, long result) {
  const int error = errno;
  say("%s=%s ", what, result >= 0 ? "ok" : strerrorname_np(error));
  errno = error;
  return result;
}

struct test {
  const char* name;
  void (*run)(void);
  const char* (*lacks)(void);  // Why it cannot be tried here; NULL: it always can.
};

static struct test tests[256];
static size_t test_count;

#define CASE_WHERE(name, lacks)                                     \
  static void case_##name(void);                                    \
  __attribute__((constructor)) static void register_##name(void) {  \
    tests[test_count++] = (struct test){#name, case_##name, lacks}; \
  }                                                                 \
  static void case_##name(void)
#define CASE(name) CASE_WHERE(name, NULL)

// What a host may lack.

static const char* no_sys_resource(void) {
  return prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1 ? NULL : "CAP_SYS_RESOURCE is not to be had on this host";
}

static const char* no_call(long nr) {
  return syscall(nr, -1, -1, -1, -1, -1) == -1 && errno == ENOSYS ? "the kernel is built without the call" : NULL;
}

static const char* no_file(const char* path) {
  return access(path, F_OK) == 0 ? NULL : "the kernel is built without it";
}

static const char* no_modules(void) {
  return no_call(SYS_delete_module);
}
static const char* no_kexec(void) {
  return no_call(SYS_kexec_load);
}
static const char* no_io_uring(void) {
  const int fd = (int)syscall(SYS_io_uring_setup, 1, (char[120]){0});
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "io_uring is not to be had";
}
static const char* no_landlock(void) {
  return syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, 1) < 0 ? "landlock is not to be had" : NULL;
}
static const char* no_kcore(void) {
  return no_file("/proc/kcore");
}
static const char* no_tun(void) {
  return no_file("/dev/net/tun");
}
static const char* no_kmsg(void) {
  return no_file("/dev/kmsg");
}
static const char* no_kallsyms(void) {
  return no_file("/proc/kallsyms");
}
static const char* no_dmesg_restriction(void) {
  char value = '0';
  const int fd = open("/proc/sys/kernel/dmesg_restrict", O_RDONLY);
  if (fd < 0 || read(fd, &value, 1) != 1 || value == '0') value = '0';
  if (fd >= 0) close(fd);
  return value == '1' ? NULL : "everybody may read the kernel's log here";
}
static const char* no_restricted_dmesg_device(void) {
  return no_kmsg() ? no_kmsg() : no_dmesg_restriction();
}
static const char* no_timens(void) {
  return no_file("/proc/self/ns/time");
}
static const char* no_kernel_perf(void) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};
  const int fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "perf events are not to be had";
}
static const char* no_audit(void) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "the kernel is built without audit";
}
static const char* no_vsock(void) {
  const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (fd >= 0) close(fd);
  return fd >= 0 ? NULL : "vsock is not to be had";
}
static const char* no_map_files(void) {
  return no_file("/proc/self/map_files");
}
static const char* no_userfaultfd(void) {
  char value = '0';
  const int fd = open("/proc/sys/vm/unprivileged_userfaultfd", O_RDONLY);
  if (fd < 0 || read(fd, &value, 1) != 1) value = '1';
  if (fd >= 0) close(fd);
  return value == '0' ? no_call(SYS_userfaultfd) : "userfaultfd is everybody's here";
}
static const char* no_mqueue(void) {
  return no_call(SYS_mq_unlink);
}
static const char* no_pipe_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max >= 4096 ? NULL : "the limit on open files is too low";
}
static const char* no_trusted_xattr(void) {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  const int set = fd < 0 ? -1 : fsetxattr(fd, "trusted.case", "1", 1, 0);
  if (fd >= 0) close(fd);
  return set == 0 ? NULL : "the file system has no trusted attributes";
}
static const char* no_file_flags(void) {
  const int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  int flags = 0;
  const int got = fd < 0 ? -1 : ioctl(fd, FS_IOC_GETFLAGS, &flags);
  if (fd >= 0) close(fd);
  return got == 0 ? NULL : "the file system has no file flags";
}
#if !defined(__x86_64__)
static const char* no_ports(void) {
  return "only on x86";
}
#endif

// The other user's process.
static struct {
  pid_t pid;
  void* secret;
  int shm, sem, msg;
} victim;

static const char* victims(const char* file) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", victim.pid, file);
  return path;
}

static void write_text(const char* path, const char* text) {
  const int fd = (int)told("open", open(path, O_WRONLY | O_CLOEXEC));
  if (fd < 0) return;
  told("write", write(fd, text, strlen(text)));
  close(fd);
}

static void read_some(const char* path) {
  char buffer[64];
  const int fd = (int)told("open", open(path, O_RDONLY | O_CLOEXEC));
  if (fd < 0) return;
  told("read", read(fd, buffer, sizeof buffer));
  close(fd);
}

static void say_mode(const char* path) {
  struct stat info;
  if (stat(path, &info) == 0) say("mode=%o ", info.st_mode & 07777);
}

static void say_ids(void) {
  uid_t user[3];
  gid_t group[3];
  getresuid(&user[0], &user[1], &user[2]);
  getresgid(&group[0], &group[1], &group[2]);
  gid_t groups[64];
  const int count = getgroups(64, groups);
  say("ids=%d,%d,%d:%d,%d,%d+%d ", user[0], user[1], user[2], group[0], group[1], group[2], count);
}

// Files. The folder of a case holds what fill_folder makes.

CASE(chown_to_other) {
  told("chown", chown("own", OTHER, OTHER));
}
CASE(chown_to_oneself) {
  told("chown", chown("own", 0, 0));
}
CASE(chown_group_of_others) {
  told("chown", chown("other", -1, THIRD));
}
CASE(chown_descriptor) {
  const int fd = open("own", O_RDONLY);
  told("fchown", fchown(fd, OTHER, -1));
}
CASE(lchown_link_of_others) {
  told("lchown", lchown("other_link", 0, 0));
}
CASE(chmod_of_others) {
  told("chmod", chmod("other", 0644));
}
CASE(fchmod_of_others) {
  const int fd = open("other_public", O_RDONLY);
  told("fchmod", fchmod(fd, 0644));
}
CASE(chmod_own) {
  told("chmod", chmod("own", 0600));
}
CASE(chmod_setgid_foreign_group) {
  told("chmod", chmod("own_foreign_group", 02755));
  say_mode("own_foreign_group");
}
CASE(chmod_foreign_group) {
  told("chmod", chmod("own_foreign_group", 0755));
  say_mode("own_foreign_group");
}
CASE(create_setgid_in_setgid_folder) {
  told("open", open("setgid_folder/new", O_CREAT | O_WRONLY, 02755));
  say_mode("setgid_folder/new");
}
CASE(create_in_setgid_folder) {
  told("open", open("setgid_folder/new", O_CREAT | O_WRONLY, 0644));
  say_mode("setgid_folder/new");
}
CASE(folder_in_setgid_folder) {
  told("mkdir", mkdir("setgid_folder/new", 0755));
  say_mode("setgid_folder/new");
}
CASE(write_own) {
  const int fd = open("own", O_WRONLY);
  told("write", write(fd, "x", 1));
}
CASE(write_setuid) {
  const int fd = open("setuid", O_WRONLY);
  told("write", write(fd, "x", 1));
  say_mode("setuid");
}
CASE(truncate_setuid) {
  told("truncate", truncate("setuid", 1));
  say_mode("setuid");
}
CASE(write_setgid) {
  const int fd = open("setgid", O_WRONLY);
  told("write", write(fd, "x", 1));
  say_mode("setgid");
}
CASE(times_of_others) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  told("utimensat", utimensat(AT_FDCWD, "other", times, 0));
}
CASE(touch_of_others) {
  told("utimensat", utimensat(AT_FDCWD, "other", NULL, 0));
}
CASE(times_own) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  told("utimensat", utimensat(AT_FDCWD, "own", times, 0));
}
CASE(unlink_in_sticky) {
  told("unlink", unlink("sticky/victim"));
}
CASE(rename_in_sticky) {
  told("rename", rename("sticky/victim", "sticky/new"));
}
CASE(unlink_own) {
  told("unlink", unlink("own"));
}
CASE(read_of_others) {
  read_some("other");
}
CASE(read_public_of_others) {
  read_some("other_public");
}
CASE(write_of_others) {
  write_text("other", "x");
}
CASE(write_read_only_own) {
  write_text("own_read_only", "x");
}
CASE(search_folder_of_others) {
  struct stat info;
  told("stat", stat("other_folder/file", &info));
}
CASE(list_folder_of_others) {
  char entries[1024];
  const int fd = (int)told("open", open("other_folder", O_RDONLY | O_DIRECTORY));
  told("getdents64", syscall(SYS_getdents64, fd, entries, sizeof entries));
}
CASE(create_in_folder_of_others) {
  told("open", open("other_folder/new", O_CREAT | O_WRONLY, 0644));
}
CASE(read_and_write_of_others) {
  told("open", open("other", O_RDWR));
  told("open", open("other", O_RDONLY));
}
CASE(access_of_others) {
  told("access", access("other", R_OK));
}
CASE(access_own) {
  told("access", access("own", R_OK | W_OK));
}
CASE(execute_unreadable_of_others) {
  told("access", faccessat(AT_FDCWD, "other_program", X_OK, AT_EACCESS));
}
CASE(no_atime_of_others) {
  told("open", open("other_public", O_RDONLY | O_NOATIME));
}
CASE(no_atime_own) {
  told("open", open("own", O_RDONLY | O_NOATIME));
}
CASE(lease_of_others) {
  const int fd = open("other_public", O_RDONLY);
  told("lease", fcntl(fd, F_SETLEASE, F_RDLCK));
}
CASE(lease_own) {
  const int fd = open("own", O_RDONLY);
  told("lease", fcntl(fd, F_SETLEASE, F_RDLCK));
}
CASE(mknod_device) {
  told("mknod", mknod("device", S_IFCHR | 0600, 1 << 8 | 3));
}
CASE(mknod_fifo) {
  told("mknod", mknod("fifo", S_IFIFO | 0600, 0));
}
CASE(link_by_descriptor) {
  const int fd = open("own", O_RDONLY);
  told("linkat", linkat(fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
}
CASE(link_to_file_of_others) {
  told("link", link("other_public", "linked"));
}
CASE(open_by_handle) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } file = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  told("name", name_to_handle_at(AT_FDCWD, "own", &file.handle, &mount_id, 0));
  const int mount = open(".", O_RDONLY);
  told("open", open_by_handle_at(mount, &file.handle, O_RDONLY));
}
CASE_WHERE(set_trusted_attribute, no_trusted_xattr) {
  told("setxattr", setxattr("own", "trusted.case", "1", 1, 0));
}
CASE_WHERE(get_trusted_attribute, no_trusted_xattr) {
  char value[8];
  told("getxattr", getxattr("tagged", "trusted.case", value, sizeof value));
}
CASE(list_attributes) {
  char names[256];
  told("listxattr", listxattr("own", names, sizeof names));
}
CASE_WHERE(set_security_attribute, no_trusted_xattr) {
  told("setxattr", setxattr("own", "security.case", "1", 1, 0));
}
CASE_WHERE(set_file_capability, no_trusted_xattr) {
  const struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2};
  told("setxattr", setxattr("own", "security.capability", &data, sizeof data, 0));
}
CASE_WHERE(remove_file_capability, no_trusted_xattr) {
  told("removexattr", removexattr("capable", "security.capability"));
}
CASE(set_user_attribute_of_others) {
  told("setxattr", setxattr("other", "user.case", "1", 1, 0));
}
CASE(set_acl_of_others) {
  // Version 2; the owner, the group and others, as mode 0600 has them.
  const uint32_t acl[] = {2, 0x60001, 0xffffffff, 0x00004, 0xffffffff, 0x00020, 0xffffffff};
  told("setxattr", setxattr("other", "system.posix_acl_access", acl, sizeof acl, 0));
}
CASE_WHERE(append_only, no_file_flags) {
  int flags = 0;
  const int fd = open("own", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  int more = flags | FS_APPEND_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &more));
  told("reset", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE_WHERE(file_flags_of_others, no_file_flags) {
  int flags = 0;
  const int fd = open("other_public", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  flags |= FS_NODUMP_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE_WHERE(file_flags_own, no_file_flags) {
  int flags = 0;
  const int fd = open("own", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  flags |= FS_NODUMP_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE(block_of_file) {
  int block = 0;
  const int fd = open("own", O_RDONLY);
  told("FIBMAP", ioctl(fd, FIBMAP, &block));
}
CASE(change_root) {
  told("chroot", chroot("own_folder"));
}
CASE(fill_memory_file) {
  static char block[1 << 16];
  const int fd = memfd_create("case", 0);
  long done = 0;
  for (int i = 0; i < 64; ++i) done += write(fd, block, sizeof block);
  say("filled=%ld ", done);
}
CASE(freeze_what_cannot_be) {
  // No file system in memory can be frozen, but the kernel asks first.
  const int fd = memfd_create("case", 0);
  told("FIFREEZE", ioctl(fd, FIFREEZE, 0));
}
CASE(quota_of_others) {
  struct dqblk quota;
  const int fd = open(".", O_RDONLY);
  told("quotactl", syscall(NR_QUOTACTL_FD, fd, QCMD(Q_GETQUOTA, USRQUOTA), OTHER, &quota));
}
CASE(quota_own) {
  struct dqblk quota;
  const int fd = open(".", O_RDONLY);
  told("quotactl", syscall(NR_QUOTACTL_FD, fd, QCMD(Q_GETQUOTA, USRQUOTA), 0, &quota));
}
CASE(accounting_to_nowhere) {
  told("acct", acct("/nonexistent/file"));
}
CASE(swap_on_nowhere) {
  told("swapon", swapon("/nonexistent/file", 0));
}
CASE(swap_off_nowhere) {
  told("swapoff", swapoff("/nonexistent/file"));
}

// Who one is.

CASE(setuid_same) {
  told("setuid", setuid(0));
  say_ids();
}
CASE(setuid_other) {
  told("setuid", setuid(OTHER));
  say_ids();
}
CASE(setreuid_same) {
  told("setreuid", setreuid(0, 0));
  say_ids();
}
CASE(setreuid_other) {
  told("setreuid", setreuid(OTHER, 0));
  say_ids();
}
CASE(setresuid_same) {
  told("setresuid", setresuid(0, 0, 0));
  say_ids();
}
CASE(setresuid_other) {
  told("setresuid", setresuid(OTHER, OTHER, OTHER));
  say_ids();
}
CASE(seteuid_and_back) {
  told("seteuid", seteuid(OTHER));
  told("seteuid", seteuid(0));
  say_ids();
}
CASE(setfsuid_other) {
  setfsuid(OTHER);
  say("fsuid=%d ", setfsuid(-1));
}
CASE(setgid_same) {
  told("setgid", setgid(0));
  say_ids();
}
CASE(setgid_other) {
  told("setgid", setgid(OTHER));
  say_ids();
}
CASE(setregid_same) {
  told("setregid", setregid(0, 0));
  say_ids();
}
CASE(setresgid_same) {
  told("setresgid", setresgid(0, 0, 0));
  say_ids();
}
CASE(setresgid_other) {
  told("setresgid", setresgid(OTHER, OTHER, OTHER));
  say_ids();
}
CASE(setfsgid_other) {
  setfsgid(OTHER);
  say("fsgid=%d ", setfsgid(-1));
}
CASE(setgroups_none) {
  told("setgroups", setgroups(0, NULL));
}
CASE(setgroups_some) {
  const gid_t group = OTHER;
  told("setgroups", setgroups(1, &group));
  say_ids();
}
CASE(become_user) {
  told("setgroups", setgroups(0, NULL));
  told("setgid", setgid(OTHER));
  told("setuid", setuid(OTHER));
  say_ids();
}
CASE(become_user_and_try_back) {
  told("setresgid", setresgid(OTHER, OTHER, OTHER));
  told("setresuid", setresuid(OTHER, OTHER, OTHER));
  told("setuid", setuid(0));
  say_ids();
}

static struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};

CASE(capset_unchanged) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_drop) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].effective &= ~(1u << CAP_SYS_TIME);
  sets[0].permitted &= ~(1u << CAP_SYS_TIME);
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_drop_all) {
  struct __user_cap_data_struct sets[2] = {{0}};
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_inherit_permitted) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].inheritable = sets[0].permitted;
  told("capset", syscall(SYS_capset, &self, sets));
}
static const char* only_recorded(void) {
  return "needs what it raises in the bounding set, too, which the kernel asks nobody about: it is only recorded";
}
CASE_WHERE(capset_inherit_beyond, only_recorded) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].effective &= ~(1u << CAP_SYS_TIME);
  sets[0].permitted &= ~(1u << CAP_SYS_TIME);
  told("capset", syscall(SYS_capset, &self, sets));
  sets[0].inheritable |= 1u << CAP_SYS_TIME;
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(drop_from_bounding) {
  told("prctl", prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
}
CASE(read_bounding) {
  told("prctl", prctl(PR_CAPBSET_READ, CAP_CHOWN) >= 0 ? 0 : -1);
}
CASE(secure_bits) {
  told("prctl", prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
}
CASE(keep_capabilities) {
  told("prctl", prctl(PR_SET_KEEPCAPS, 1));
}
static void send_credentials(struct ucred ids) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  char room[CMSG_SPACE(sizeof ids)] = {0};
  struct msghdr message = {.msg_control = room, .msg_controllen = sizeof room};
  *CMSG_FIRSTHDR(&message) = (struct cmsghdr){CMSG_LEN(sizeof ids), SOL_SOCKET, SCM_CREDENTIALS};
  memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &ids, sizeof ids);
  told("sendmsg", sendmsg(pair[0], &message, 0));
}
CASE(credentials_own) {
  send_credentials((struct ucred){getpid(), 0, 0});
}
CASE(credentials_of_other_user) {
  send_credentials((struct ucred){getpid(), OTHER, 0});
}
CASE(credentials_of_other_group) {
  send_credentials((struct ucred){getpid(), 0, OTHER});
}
CASE(credentials_of_other_process) {
  send_credentials((struct ucred){1, 0, 0});
}

// Processes.

CASE(nice_down) {
  told("setpriority", setpriority(PRIO_PROCESS, 0, -5));
}
CASE(nice_up) {
  // The last of all, wherever one begins.
  told("setpriority", setpriority(PRIO_PROCESS, 0, 19));
}
CASE(nice_of_others) {
  told("setpriority", setpriority(PRIO_PROCESS, (id_t)victim.pid, 5));
}
CASE(schedule_fifo) {
  const struct sched_param parameter = {.sched_priority = 1};
  told("sched_setscheduler", sched_setscheduler(0, SCHED_FIFO, &parameter));
}
CASE(schedule_batch) {
  const struct sched_param parameter = {0};
  told("sched_setscheduler", sched_setscheduler(0, SCHED_BATCH, &parameter));
}
CASE(affinity_own) {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  told("sched_setaffinity", sched_setaffinity(0, sizeof set, &set));
}
CASE(affinity_of_others) {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  told("sched_setaffinity", sched_setaffinity(victim.pid, sizeof set, &set));
}
CASE(io_priority_realtime) {
  told("ioprio_set", syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 4));
}
CASE(io_priority_usual) {
  told("ioprio_set", syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 4));
}
CASE(io_priority_of_others) {
  told("ioprio_set", syscall(SYS_ioprio_set, 1, victim.pid, 2 << 13 | 4));
}

static void* pages(size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void limit_locking(rlim_t bytes) {
  struct rlimit limit;
  getrlimit(RLIMIT_MEMLOCK, &limit);
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  setrlimit(RLIMIT_MEMLOCK, &limit);
}

CASE(lock_little) {
  limit_locking(1 << 20);
  told("mlock", mlock(pages(4096), 4096));
}
CASE(lock_beyond_limit) {
  limit_locking(1 << 16);
  told("mlock", mlock(pages(1 << 20), 1 << 20));
}
CASE(lock_without_limit) {
  limit_locking(0);
  told("mlock", mlock(pages(4096), 4096));
}
CASE(lock_all_beyond_limit) {
  limit_locking(1 << 16);
  told("mlockall", mlockall(MCL_CURRENT));
}
CASE(map_locked_beyond_limit) {
  limit_locking(1 << 16);
  void* const memory = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
  told("mmap", memory == MAP_FAILED ? -1 : 0);
}
CASE(lock_shared_memory) {
  limit_locking(1 << 20);
  const int id = shmget(IPC_PRIVATE, 4096, 0600);
  told("SHM_LOCK", shmctl(id, SHM_LOCK, NULL));
  shmctl(id, IPC_RMID, NULL);
}
CASE(lock_shared_memory_beyond_limit) {
  limit_locking(1 << 16);
  const int id = shmget(IPC_PRIVATE, 1 << 20, 0600);
  told("SHM_LOCK", shmctl(id, SHM_LOCK, NULL));
  shmctl(id, IPC_RMID, NULL);
}
CASE(huge_shared_memory) {
  limit_locking(4 << 20);
  const int id = (int)told("shmget", shmget(IPC_PRIVATE, 2 << 20, SHM_HUGETLB | 0600));
  if (id >= 0) shmctl(id, IPC_RMID, NULL);
}
CASE_WHERE(io_uring, no_io_uring) {
  told("io_uring_setup", syscall(SYS_io_uring_setup, 8, (char[120]){0}));
}
CASE(map_much) {
  char* const memory = pages(64 << 20);
  for (size_t i = 0; i < 64u << 20; i += 4096) memory[i] = 1;
  told("munmap", munmap(memory, 64 << 20));
}
CASE(grow_heap) {
  told("brk", sbrk(1 << 20) == (void*)-1 ? -1 : 0);
}
CASE(map_lowest_page) {
  void* const memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  told("mmap", memory == MAP_FAILED ? -1 : 0);
}
CASE(fork_and_execute) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/true", "true", NULL);
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  say("status=%d ", status);
}
CASE(signal_own) {
  told("kill", kill(getpid(), SIGCONT));
}
CASE(signal_of_others) {
  told("kill", kill(victim.pid, SIGUSR1));
}
CASE(continue_others) {
  told("kill", kill(victim.pid, SIGCONT));
}
CASE(look_for_others) {
  told("kill", kill(victim.pid, 0));
}
CASE(signal_by_descriptor) {
  const int fd = (int)told("pidfd_open", syscall(SYS_pidfd_open, victim.pid, 0));
  told("pidfd_send_signal", syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
}
CASE(trace_child) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  int status;
  told("attach", ptrace(PTRACE_ATTACH, child, NULL, NULL));
  kill(child, SIGKILL);
  waitpid(child, &status, __WALL);
}
CASE(trace_others) {
  int status;
  if (told("seize", ptrace(PTRACE_SEIZE, victim.pid, NULL, NULL)) < 0) return;
  ptrace(PTRACE_INTERRUPT, victim.pid, NULL, NULL);
  waitpid(victim.pid, &status, __WALL);
  told("detach", ptrace(PTRACE_DETACH, victim.pid, NULL, NULL));
}
CASE(read_memory_own) {
  char from[8] = "secret", to[8];
  const struct iovec local = {to, sizeof to}, remote = {from, sizeof from};
  told("process_vm_readv", process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}
CASE(read_memory_of_others) {
  char to[8];
  const struct iovec local = {to, sizeof to}, remote = {victim.secret, sizeof to};
  told("process_vm_readv", process_vm_readv(victim.pid, &local, 1, &remote, 1, 0));
}
CASE(read_environ_of_others) {
  read_some(victims("environ"));
}
CASE(read_link_of_others) {
  char link[64];
  told("readlink", readlink(victims("exe"), link, sizeof link));
}
CASE(read_descriptor_of_others) {
  char link[64];
  told("readlink", readlink(victims("fd/0"), link, sizeof link));
}
CASE(open_memory_of_others) {
  told("open", open(victims("mem"), O_RDONLY));
}
CASE(read_maps_of_others) {
  read_some(victims("maps"));
}
CASE(read_io_of_others) {
  read_some(victims("io"));
}
CASE(read_stat_of_others) {
  read_some(victims("stat"));
}
CASE(read_status_of_others) {
  read_some(victims("status"));
}
CASE(read_cmdline_of_others) {
  read_some(victims("cmdline"));
}
CASE(read_environ_own) {
  read_some("/proc/self/environ");
}
CASE(list_descriptors_own) {
  char entries[1024];
  const int fd = (int)told("open", open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
  told("getdents64", syscall(SYS_getdents64, fd, entries, sizeof entries));
}
CASE(take_descriptor_of_others) {
  const int fd = (int)told("pidfd_open", syscall(SYS_pidfd_open, victim.pid, 0));
  told("pidfd_getfd", syscall(SYS_pidfd_getfd, fd, 0, 0));
}
CASE(compare_with_others) {
  told("kcmp", syscall(SYS_kcmp, getpid(), victim.pid, 2 /* KCMP_FILES */, 0, 0) >= 0 ? 0 : -1);
}
CASE_WHERE(limits_of_others, no_sys_resource) {
  struct rlimit limit;
  told("prlimit", prlimit(victim.pid, RLIMIT_NOFILE, NULL, &limit));
}
CASE(limit_down) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max = 64;
  told("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
}
CASE_WHERE(limit_up, no_sys_resource) {
  struct rlimit limit;
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max = 64;
  told("setrlimit", setrlimit(RLIMIT_CORE, &limit));
  limit.rlim_max = 128;
  told("setrlimit", setrlimit(RLIMIT_CORE, &limit));
}
CASE(easier_to_kill) {
  write_text("/proc/self/oom_score_adj", "500");
}
CASE_WHERE(harder_to_kill, no_sys_resource) {
  write_text("/proc/self/oom_score_adj", "-500");
}
CASE_WHERE(memory_layout, no_sys_resource) {
  told("prctl", prctl(PR_SET_MM, PR_SET_MM_START_BRK, sbrk(0), 0, 0));
}
CASE(clone_with_chosen_pid) {
  pid_t chosen = 32700;
  while (kill(chosen, 0) == 0 || errno != ESRCH) --chosen;
  const struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&chosen, .set_tid_size = 1};
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  told("clone3", child);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
}
CASE_WHERE(mapped_file_own, no_map_files) {
  char line[128] = "", path[160], link[64];
  FILE* const maps = fopen("/proc/self/maps", "r");
  if (fgets(line, sizeof line, maps) == NULL) return;
  fclose(maps);
  line[strcspn(line, " ")] = '\0';
  snprintf(path, sizeof path, "/proc/self/map_files/%s", line);
  told("readlink", readlink(path, link, sizeof link));
}
CASE(page_map_own) {
  uint64_t entry;
  const int fd = (int)told("open", open("/proc/self/pagemap", O_RDONLY));
  told("pread", pread(fd, &entry, sizeof entry, (off_t)((uintptr_t)&entry / 4096 * 8)));
}
CASE(seccomp_without_new_privileges) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {1, &allow};
  told("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
CASE(seccomp) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {1, &allow};
  told("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
CASE(seccomp_by_prctl) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {1, &allow};
  told("prctl", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
}
static void restrict_files(void) {
  const uint64_t handled = 1;
  const int rules = (int)syscall(NR_LANDLOCK_CREATE_RULESET, &handled, sizeof handled, 0);
  told("landlock_restrict_self", syscall(NR_LANDLOCK_RESTRICT_SELF, rules, 0));
}
CASE_WHERE(landlock, no_landlock) {
  restrict_files();
}
CASE_WHERE(landlock_without_new_privileges, no_landlock) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  restrict_files();
}
CASE(wake_by_alarm) {
  told("timerfd_create", timerfd_create(CLOCK_REALTIME_ALARM, 0));
}
CASE(timer) {
  told("timerfd_create", timerfd_create(CLOCK_REALTIME, 0));
}
CASE(stay_awake) {
  const int epoll = epoll_create1(0);
  int ends[2];
  if (pipe(ends) != 0) return;
  struct epoll_event event = {.events = EPOLLIN | EPOLLWAKEUP};
  told("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
}

// Pipes, System V objects and message queues.

CASE(pipe_size) {
  int ends[2];
  if (pipe(ends) != 0) return;
  told("F_SETPIPE_SZ", fcntl(ends[0], F_SETPIPE_SZ, 1 << 17));
}
CASE_WHERE(pipe_size_beyond_limit, no_sys_resource) {
  int ends[2];
  if (pipe(ends) != 0) return;
  told("F_SETPIPE_SZ", fcntl(ends[0], F_SETPIPE_SZ, 1 << 24));
}
CASE_WHERE(many_pipes, no_pipe_limit) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 4096;
  setrlimit(RLIMIT_NOFILE, &limit);
  int ends[2], made = 0;
  while (made < 1200 && pipe(ends) == 0) ++made;
  say("made=%d ", made);
}
CASE(shared_memory_own) {
  const int id = (int)told("shmget", shmget(IPC_PRIVATE, 4096, 0600));
  told("shmat", shmat(id, NULL, 0) == (void*)-1 ? -1 : 0);
  told("IPC_RMID", shmctl(id, IPC_RMID, NULL));
}
CASE(shared_memory_of_others) {
  told("shmat", shmat(victim.shm, NULL, 0) == (void*)-1 ? -1 : 0);
}
CASE(semaphore_of_others) {
  struct sembuf up = {0, 1, 0};
  told("semop", semop(victim.sem, &up, 1));
}
CASE(set_semaphore_of_others) {
  struct semid_ds info = {.sem_perm.mode = 0600, .sem_perm.uid = OTHER, .sem_perm.gid = OTHER};
  told("IPC_SET", semctl(victim.sem, 0, IPC_SET, &info));
}
CASE(message_of_others) {
  struct {
    long type;
    char text[4];
  } message = {1, "abc"};
  told("msgsnd", msgsnd(victim.msg, &message, 4, IPC_NOWAIT));
  told("msgrcv", msgrcv(victim.msg, &message, 4, 0, IPC_NOWAIT));
}
CASE_WHERE(message_queue, no_mqueue) {
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 64};
  told("mq_open", mq_open("/syscarve-case", O_CREAT | O_RDWR, 0600, &attributes));
  mq_unlink("/syscarve-case");
}
static const char* no_large_queues(void) {
  return no_mqueue() ? no_mqueue() : no_sys_resource();
}
CASE_WHERE(large_message_queue, no_large_queues) {
  struct mq_attr attributes = {.mq_maxmsg = 200, .mq_msgsize = 64};
  told("mq_open", mq_open("/syscarve-case", O_CREAT | O_RDWR, 0600, &attributes));
  mq_unlink("/syscarve-case");
}

// Namespaces and mounts, all in namespaces of their own.

static int enter(int flags) {
  return (int)told("unshare", unshare(flags));
}
static int enter_mounts(void) {
  if (enter(CLONE_NEWNS) != 0) return -1;
  return (int)told("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

CASE(unshare_mounts) {
  enter(CLONE_NEWNS);
}
CASE(unshare_uts) {
  enter(CLONE_NEWUTS);
}
CASE(unshare_ipc) {
  enter(CLONE_NEWIPC);
}
CASE(unshare_net) {
  enter(CLONE_NEWNET);
}
CASE(unshare_pid) {
  enter(CLONE_NEWPID);
}
CASE(unshare_cgroup) {
  enter(CLONE_NEWCGROUP);
}
CASE_WHERE(unshare_time, no_timens) {
  enter(TIMER_NAMESPACE);
}
CASE(unshare_user) {
  enter(CLONE_NEWUSER);
}
CASE(unshare_user_and_net) {
  enter(CLONE_NEWUSER | CLONE_NEWNET);
}
CASE(unshare_files) {
  enter(CLONE_FILES | CLONE_FS);
}
CASE(clone_new_mounts) {
  const struct clone_args arguments = {.exit_signal = SIGCHLD, .flags = CLONE_NEWNS};
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  told("clone3", child);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
}
static void join(const char* kind, int flag) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
  const int fd = open(path, O_RDONLY);
  told("setns", setns(fd, flag));
}
CASE(join_uts) {
  join("uts", CLONE_NEWUTS);
}
CASE(join_net) {
  join("net", CLONE_NEWNET);
}
CASE(join_mounts) {
  join("mnt", CLONE_NEWNS);
}
CASE(map_users) {
  int ready[2];
  char byte, path[48];
  if (pipe(ready) != 0) return;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER) == 0 && write(ready[1], "", 1) == 1) pause();
    _exit(1);
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) == 1) {
    snprintf(path, sizeof path, "/proc/%d/uid_map", child);
    write_text(path, "0 1000 10\n");
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}
CASE(mount_memory) {
  if (enter_mounts() == 0) told("mount", mount("none", "own_folder", "tmpfs", 0, NULL));
}
CASE(mount_again) {
  if (enter_mounts() != 0) return;
  told("bind", mount("own_folder", "own_folder", NULL, MS_BIND, NULL));
  told("remount", mount(NULL, "own_folder", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
  told("umount", umount2("own_folder", MNT_DETACH));
}
CASE(change_root_mount) {
  if (enter_mounts() != 0) return;
  told("bind", mount("own_folder", "own_folder", NULL, MS_BIND, NULL));
  told("pivot_root", syscall(SYS_pivot_root, "own_folder", "own_folder"));
}
CASE(mount_by_descriptor) {
  if (enter_mounts() != 0) return;
  const int context = (int)told("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
  told("create", syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0));
  const int made = (int)told("fsmount", syscall(SYS_fsmount, context, 0, 0));
  told("move_mount", syscall(SYS_move_mount, made, "", AT_FDCWD, "own_folder", 4 /* MOVE_MOUNT_F_EMPTY_PATH */));
}
CASE(unmount_nothing) {
  told("umount", umount2("own_folder", 0));
}
CASE(open_tree_clone) {
  told("open_tree", syscall(SYS_open_tree, AT_FDCWD, "own_folder", 1 /* OPEN_TREE_CLONE */));
}
CASE(host_name) {
  if (enter(CLONE_NEWUTS) == 0) told("sethostname", sethostname("case", 4));
}
CASE(domain_name) {
  if (enter(CLONE_NEWUTS) == 0) told("setdomainname", setdomainname("case", 4));
}
CASE_WHERE(clock_of_namespace, no_timens) {
  if (enter(TIMER_NAMESPACE) == 0) write_text("/proc/self/timens_offsets", "monotonic 1 0\n");
}

// The machine, with arguments that are refused whoever asks.

CASE(time_zone_that_is_none) {
  const struct { int minutes_west, daylight; } zone = {100000, 0};
  told("settimeofday", syscall(SYS_settimeofday, NULL, &zone));
}
CASE(look_at_clock) {
  struct timex time = {0};
  told("adjtimex", adjtimex(&time));
}
CASE(tick_that_is_none) {
  struct timex time = {.modes = ADJ_TICK, .tick = 1};
  told("adjtimex", adjtimex(&time));
}
CASE(reboot_without_magic) {
  told("reboot", syscall(SYS_reboot, 1, 2, 0, NULL));
}
CASE_WHERE(load_what_is_no_module, no_modules) {
  told("init_module", syscall(SYS_init_module, "x", 1, ""));
}
CASE_WHERE(unload_what_is_no_module, no_modules) {
  told("delete_module", syscall(SYS_delete_module, "syscarve_no_such_module", O_NONBLOCK));
}
CASE_WHERE(kexec_what_is_no_kernel, no_kexec) {
  told("kexec_load", syscall(SYS_kexec_load, 0, 17, NULL, 0xffff0000));
}
#if defined(__x86_64__)
CASE(port_level) {
  told("iopl", syscall(SYS_iopl, 3));
}
CASE(port_permission) {
  told("ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
}
#else
CASE_WHERE(port_level, no_ports) {}
CASE_WHERE(port_permission, no_ports) {}
#endif
CASE_WHERE(kernel_log, no_dmesg_restriction) {
  told("syslog", klogctl(10, NULL, 0));
}
CASE_WHERE(kernel_log_device, no_restricted_dmesg_device) {
  told("open", open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
}
CASE_WHERE(kernel_symbols, no_kallsyms) {
  read_some("/proc/kallsyms");
}
CASE_WHERE(kernel_memory, no_kcore) {
  told("open", open("/proc/kcore", O_RDONLY));
}
CASE(hang_up) {
  setsid();
  told("vhangup", vhangup());
}
CASE(type_for_terminal) {
  const int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  told("TIOCSTI", ioctl(terminal, TIOCSTI, "x"));
}
CASE(add_key) {
  told("add_key", syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
CASE(key_to_other) {
  const long key = syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING);
  told("KEYCTL_CHOWN", syscall(SYS_keyctl, KEYCTL_CHOWN, key, OTHER, -1));
}
CASE(key_to_oneself) {
  const long key = syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING);
  told("KEYCTL_CHOWN", syscall(SYS_keyctl, KEYCTL_CHOWN, key, 0, -1));
}
CASE_WHERE(page_faults, no_userfaultfd) {
  told("userfaultfd", syscall(SYS_userfaultfd, 0));
}
CASE_WHERE(page_faults_of_user_mode, no_userfaultfd) {
  told("userfaultfd", syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
}
CASE_WHERE(perf_of_user_mode, no_kernel_perf) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_PAGE_FAULTS, .exclude_kernel = 1};
  told("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}
CASE_WHERE(perf_of_kernel, no_kernel_perf) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_PAGE_FAULTS};
  told("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static void load_program(enum bpf_prog_type type) {
  const struct bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 2},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attributes = {.prog_type = type};
  attributes.insns = (uintptr_t)instructions;
  attributes.insn_cnt = 2;
  attributes.license = (uintptr_t) "GPL";
  told("BPF_PROG_LOAD", syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}
CASE(bpf_map) {
  union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  told("BPF_MAP_CREATE", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}
CASE(bpf_socket_filter) {
  load_program(BPF_PROG_TYPE_SOCKET_FILTER);
}
CASE(bpf_for_network) {
  load_program(BPF_PROG_TYPE_XDP);
}
CASE(bpf_for_tracing) {
  load_program(BPF_PROG_TYPE_TRACEPOINT);
}

// Watching files.

CASE(inotify) {
  const int fd = inotify_init1(0);
  told("inotify_add_watch", inotify_add_watch(fd, "own_folder", IN_CREATE));
}
CASE(fanotify_of_folder) {
  const int fd = (int)told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
  told("fanotify_mark",
       syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD, FAN_MODIFY | FAN_EVENT_ON_CHILD, AT_FDCWD, "own_folder"));
}
CASE(fanotify_of_content) {
  told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_CONTENT, O_RDONLY));
}
CASE(fanotify_of_mount) {
  const int fd = (int)told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
  told("fanotify_mark",
       syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_MODIFY, AT_FDCWD, "own_folder"));
}

// The network.

static void bind_to(int family, int type, int port) {
  const int fd = socket(family, type, 0);
  struct sockaddr_in old = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 new = {
      .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_loopback};
  told("bind",
       family == AF_INET ? bind(fd, (struct sockaddr*)&old, sizeof old) : bind(fd, (struct sockaddr*)&new, sizeof new));
}
CASE(low_port) {
  bind_to(AF_INET, SOCK_STREAM, 1);
}
CASE(low_port_udp) {
  bind_to(AF_INET, SOCK_DGRAM, 1);
}
CASE(low_port_ipv6) {
  bind_to(AF_INET6, SOCK_STREAM, 1);
}
CASE(any_port) {
  bind_to(AF_INET, SOCK_STREAM, 0);
}
CASE(raw_socket) {
  told("socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
CASE(raw_socket_ipv6) {
  told("socket", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
}
CASE(packet_socket) {
  told("socket", socket(AF_PACKET, SOCK_RAW, 0));
}
CASE(ping) {
  told("socket", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}
CASE_WHERE(vsock, no_vsock) {
  told("socket", socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int stream(void) {
  return socket(AF_INET, SOCK_STREAM, 0);
}
static void set_option(int level, int option, int value) {
  told("setsockopt", setsockopt(stream(), level, option, &value, sizeof value));
}
CASE(mark_packets) {
  set_option(SOL_SOCKET, SO_MARK, 1);
}
CASE(priority) {
  set_option(SOL_SOCKET, SO_PRIORITY, 6);
}
CASE(high_priority) {
  set_option(SOL_SOCKET, SO_PRIORITY, 7);
}
CASE(force_buffer) {
  set_option(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20);
}
CASE(transparent) {
  set_option(IPPROTO_IP, IP_TRANSPARENT, 1);
}
CASE(bind_to_device) {
  told("setsockopt", setsockopt(stream(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
}
CASE(congestion_control) {
  char name[16];
  socklen_t size = sizeof name;
  const int fd = stream();
  getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size);
  told("setsockopt", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strnlen(name, sizeof name)));
}
CASE(other_congestion_control) {
  told("setsockopt", setsockopt(stream(), IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
}
CASE(repair) {
  set_option(IPPROTO_TCP, TCP_REPAIR, 1);
}
CASE(no_delay) {
  set_option(IPPROTO_TCP, TCP_NODELAY, 1);
}
CASE(flags_of_no_interface) {
  struct ifreq request = {.ifr_name = "syscarve-none"};
  told("SIOCGIFFLAGS", ioctl(stream(), SIOCGIFFLAGS, &request));
}
CASE(flags_of_interface) {
  struct ifreq request = {.ifr_name = "lo"};
  told("SIOCGIFFLAGS", ioctl(stream(), SIOCGIFFLAGS, &request));
}
CASE(interface_up) {
  if (enter(CLONE_NEWNET) != 0) return;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  told("SIOCSIFFLAGS", ioctl(stream(), SIOCSIFFLAGS, &request));
}

// Says how the kernel answers a request.
static void ask(int protocol, void* request, size_t size) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
  union {
    struct nlmsghdr header;
    char room[16384];
  } answer = {0};
  told("send", send(fd, request, size, 0));
  const ssize_t length = told("recv", recv(fd, &answer, sizeof answer, MSG_DONTWAIT));
  if (length < 0) return;
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    const int error = -((struct nlmsgerr*)NLMSG_DATA(&answer.header))->error;
    say("answer=%s ", error == 0 ? "ok" : strerrorname_np(error));
  } else {
    say("answer=data ");
  }
}
CASE(list_links) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {0}};
  ask(NETLINK_ROUTE, &request, sizeof request);
}
CASE(change_link) {
  if (enter(CLONE_NEWNET) != 0) return;
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
               {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}};
  ask(NETLINK_ROUTE, &request, sizeof request);
}
CASE(list_sockets) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 diag;
  } request = {{sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
               {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << 10 /* TCP_LISTEN */}};
  ask(NETLINK_SOCK_DIAG, &request, sizeof request);
}
CASE_WHERE(audit_message, no_audit) {
  struct {
    struct nlmsghdr header;
    char text[16];
  } request = {{sizeof request, AUDIT_USER, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, "op=case res=1"};
  ask(NETLINK_AUDIT, &request, sizeof request);
}
CASE_WHERE(audit_status, no_audit) {
  struct nlmsghdr request = {sizeof request, AUDIT_GET, NLM_F_REQUEST | NLM_F_ACK, 1, 0};
  ask(NETLINK_AUDIT, &request, sizeof request);
}
CASE_WHERE(audit_log, no_audit) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
  told("bind", bind(fd, (const struct sockaddr*)&address, sizeof address));
}
CASE_WHERE(tunnel, no_tun) {
  if (enter(CLONE_NEWNET) != 0) return;
  const int fd = open("/dev/net/tun", O_RDWR);
  struct ifreq request = {.ifr_name = "case0", .ifr_flags = IFF_TUN | IFF_NO_PI};
  told("TUNSETIFF", ioctl(fd, TUNSETIFF, &request));
}
CASE(read_network_setting) {
  read_some("/proc/sys/net/core/somaxconn");
}
CASE(write_network_setting) {
  if (enter(CLONE_NEWNET) == 0) write_text("/proc/sys/net/ipv4/ip_forward", "0\n");
}

// Folders, from here on.

static int remove_entry(const char* path, const struct stat* info, int kind, struct FTW* where) {
  (void)info;
  (void)kind;
  (void)where;
  return remove(path);
}

static void make_file(const char* name, uid_t user, gid_t group, mode_t mode) {
  const int fd = open(name, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, "some text\n", 10) != 10 || fchown(fd, user, group) != 0 || fchmod(fd, mode) != 0) {
    perror(name);
    exit(2);
  }
  close(fd);
}

static void make_folder(const char* name, uid_t user, mode_t mode) {
  if (mkdir(name, 0700) != 0 || chown(name, user, user) != 0 || chmod(name, mode) != 0) {
    perror(name);
    exit(2);
  }
}

// Makes what the cases use in `folder`, anew, and stays there.
static void fill_folder(const char* folder) {
  const struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2};
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  umask(0);
  make_folder(folder, 0, 0755);
  if (chdir(folder) != 0) exit(2);
  make_file("own", 0, 0, 0644);
  make_file("own_read_only", 0, 0, 0444);
  make_file("own_foreign_group", 0, OTHER, 0644);
  make_file("other", OTHER, OTHER, 0600);
  make_file("other_public", OTHER, OTHER, 0644);
  make_file("other_program", OTHER, OTHER, 0700);
  make_file("setuid", 0, 0, 04755);
  make_file("setgid", 0, OTHER, 02755);
  make_file("tagged", 0, 0, 0644);
  make_file("capable", 0, 0, 0755);
  setxattr("tagged", "trusted.case", "1", 1, 0);
  setxattr("capable", "security.capability", &data, sizeof data, 0);
  make_folder("own_folder", 0, 0755);
  make_folder("other_folder", OTHER, 0700);
  make_file("other_folder/file", OTHER, OTHER, 0644);
  make_folder("sticky", OTHER, 01777);
  make_file("sticky/victim", THIRD, THIRD, 0644);
  make_folder("setgid_folder", 0, 02755);
  if (symlink("other", "other_link") != 0 || lchown("other_link", OTHER, OTHER) != 0 ||
      chown("setgid_folder", 0, OTHER) != 0 || chmod("setgid_folder", 02755) != 0) {
    perror(folder);
    exit(2);
  }
}

// Leaves only the capabilities of `mask`, in every set.
static void keep_capabilities(uint64_t mask) {
  struct __user_cap_data_struct sets[2];
  syscall(SYS_capget, &self, sets);
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (!(mask >> capability & 1)) prctl(PR_CAPBSET_DROP, capability);
  }
  for (int i = 0; i < 2; ++i) {
    const uint32_t kept = (uint32_t)(mask >> 32 * i);
    sets[i].permitted &= kept;
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable &= kept;
  }
  if (syscall(SYS_capset, &self, sets) != 0) {
    perror("capset");
    _exit(2);
  }
}

// Runs a case in a process of its own, which has only the capabilities of `mask`, and writes what came of it to `output`.
static void run_case(const struct test* test, uint64_t mask, FILE* output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) exit(2);
  const pid_t child = fork();
  if (child == 0) {
    if (mask != UINT64_MAX) keep_capabilities(mask);
    said[0] = '\0';
    test->run();
    if (write(ends[1], said, strlen(said)) < 0) _exit(2);
    _exit(0);
  }
  close(ends[1]);
  char text[sizeof said];
  size_t size = 0;
  for (ssize_t part; size < sizeof text && (part = read(ends[0], text + size, sizeof text - size)) > 0;)
    size += (size_t)part;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  fprintf(output, "%.*sstatus=%d\n", (int)size, text, status);
  fflush(output);
}

static const struct test* find_test(const char* name) {
  for (size_t i = 0; i < test_count; ++i) {
    if (strcmp(tests[i].name, name) == 0) return &tests[i];
  }
  fprintf(stderr, "capability_cases: there is no case %s\n", name);
  exit(2);
}

static int mark_socket(void) {
  const char* const path = getenv("SYSCARVE_MARK");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (path == NULL || strlen(path) >= sizeof address.sun_path) exit(2);
  strcpy(address.sun_path, path);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    perror("SYSCARVE_MARK");
    exit(2);
  }
  return fd;
}

static void mark(int fd, const char* name) {
  char line[128];
  const int length = snprintf(line, sizeof line, "%s\n", name);
  if (write(fd, line, (size_t)length) != length || read(fd, line, sizeof line) < 3 || strncmp(line, "ok\n", 3) != 0) {
    fprintf(stderr, "capability_cases: no mark %s\n", name);
    exit(2);
  }
}

static int record(const char* folder, char** names) {
  const int marks = mark_socket();
  char path[512];
  for (size_t i = 0; i < test_count; ++i) {
    char** name = names;
    while (*name && strcmp(*name, tests[i].name) != 0) ++name;
    if (*names && !*name) continue;
    snprintf(path, sizeof path, "%s/%s", folder, tests[i].name);
    if (chdir(path) != 0) continue;
    mark(marks, tests[i].name);
    run_case(&tests[i], UINT64_MAX, stdout);
  }
  mark(marks, "end");
  return 0;
}

static int be_victim(void) {
  static char secret[8] = "secret";
  if (setgroups(0, NULL) != 0 || setgid(OTHER) != 0 || setuid(OTHER) != 0) return 2;
  prctl(PR_SET_DUMPABLE, 1);
  signal(SIGUSR1, SIG_IGN);
  const int shm = shmget(IPC_PRIVATE, 4096, 0600);
  const int sem = semget(IPC_PRIVATE, 1, 0600);
  const int msg = msgget(IPC_PRIVATE, 0600);
  printf("%d:%p:%d:%d:%d\n", getpid(), (void*)secret, shm, sem, msg);
  fflush(stdout);
  for (char byte; read(0, &byte, 1) > 0 || errno == EINTR;) errno = 0;
  shmctl(shm, IPC_RMID, NULL);
  semctl(sem, 0, IPC_RMID);
  msgctl(msg, IPC_RMID, NULL);
  return 0;
}

int main(int argc, char** argv) {
  const char* const where = getenv("CASE_VICTIM");
  if (where != NULL) {
    sscanf(where, "%d:%p:%d:%d:%d", &victim.pid, &victim.secret, &victim.shm, &victim.sem, &victim.msg);
  }
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    for (size_t i = 0; i < test_count; ++i) {
      const char* const why = tests[i].lacks ? tests[i].lacks() : NULL;
      printf("%s%s%s\n", tests[i].name, why ? "\t" : "", why ? why : "");
    }
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "victim") == 0) return be_victim();
  char path[512];
  if (argc == 3 && strcmp(argv[1], "prepare") == 0) {
    for (size_t i = 0; i < test_count; ++i) {
      snprintf(path, sizeof path, "%s/%s", argv[2], tests[i].name);
      fill_folder(path);
    }
    return 0;
  }
  if (argc >= 3 && strcmp(argv[1], "record") == 0) return record(argv[2], argv + 3);
  if (argc >= 5 && strcmp(argv[1], "try") == 0) {
    const struct test* const test = find_test(argv[3]);
    snprintf(path, sizeof path, "%s/%s", argv[2], test->name);
    for (int i = 4; i < argc; ++i) {
      fill_folder(path);
      run_case(test, strtoull(argv[i], NULL, 16), stdout);
    }
    return 0;
  }
  fputs("usage: capability_cases list | prepare DIR | try DIR CASE MASK… | record DIR [CASE…] | victim\n", stderr);
  return 2;
}
