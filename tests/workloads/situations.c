// SPDX-License-Identifier: Apache-2.0
// situations NAME before|after: what a program does while it is recorded, and what the same program does later, when
// something around it has changed: the clock source, a signal, load, the libc, the architecture. Exits with 0 when its
// work is done. The calls are made by hand where a libc would choose another spelling.
//
// "after" tries a newer call first where a newer libc would, and goes on with the older one when that does not exist.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int works(long result) {
  if (result >= 0) return 0;
  perror("situations");
  return 1;
}

// Whether a newer call failed as it does on a kernel that has none.
static int absent(long result) {
  return result == -1 && errno == ENOSYS;
}

static int nothing(void) {
  return 0;
}

// The clock source has become one that the vDSO cannot read.
static int clock_calls(void) {
  struct timespec time;
  struct timeval day;
  unsigned cpu;
  return works(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time)) ||
         works(syscall(SYS_clock_getres, CLOCK_REALTIME, &time)) || works(syscall(SYS_gettimeofday, &day, NULL)) ||
         works(syscall(SYS_getcpu, &cpu, NULL, NULL))
#ifdef SYS_time
         || works(syscall(SYS_time, NULL))
#endif
      ;
}

// Sleeps for a second; whoever started it may stop and continue it meanwhile.
static int sleeps(void) {
  const struct timespec second = {1, 0};
  if (write(1, "sleeping\n", 9) != 9) return 1;
  return works(syscall(SYS_nanosleep, &second, NULL));
}

static void on_signal(int number) {
  (void)number;
}

// Waits for the end of its input, whatever signals come meanwhile.
static int waits_with_handler(void) {
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  char byte;
  if (sigaction(SIGUSR1, &action, NULL) != 0 || write(1, "waiting\n", 8) != 8) return 1;
  return works(read(0, &byte, 1));
}

static int aborts(void) {
  abort();
}

static void* sleep_a_moment(void* unused) {
  (void)unused;
  usleep(20000);
  return NULL;
}

// A thread that has ended before anybody asks, so that no lock is ever waited for.
static int thread_ends_first(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, sleep_a_moment, NULL) != 0) return 1;
  int error;
  do {
    error = pthread_tryjoin_np(thread, NULL);
  } while (error == EBUSY);
  return error != 0;
}

// What only some runs of threads do: wait for one, hand a stack back, be interrupted on a stack for signals.
static int threads_with_bad_luck(void) {
  static char stack[65536];
  pthread_t thread;
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  void* memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || pthread_create(&thread, NULL, sleep_a_moment, NULL) != 0) return 1;
  if (pthread_join(thread, NULL) != 0) return 1;
  return works(sched_yield()) || works(sigaltstack(&alternate, NULL)) || works(madvise(memory, 8192, MADV_DONTNEED)) ||
         works(munmap(memory, 8192));
}

static void* buffer(void) {
  void* memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static int has_buffer(void) {
  return buffer() == NULL;
}

static int buffer_grows(void) {
  return works(mremap(buffer(), 65536, 1 << 20, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
}

static int writes(void) {
  return works(write(1, "", 0));
}

static int writes_vector(void) {
  const struct iovec parts[2] = {{"", 0}, {"", 0}};
  return works(writev(1, parts, 2));
}

// Newer spellings of a newer libc, and what it goes on with.
static int opens_newer(void) {
  struct {
    uint64_t flags, mode, resolve;
  } how = {0, 0, 0};
  long fd = syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
  if (absent(fd)) fd = syscall(SYS_openat, AT_FDCWD, "/", 0, 0);
  return works(fd);
}

static int stats_newer(void) {
  struct statx newer;
  struct stat status;
  long result = syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_BASIC_STATS, &newer);
  if (absent(result)) result = syscall(SYS_newfstatat, AT_FDCWD, "/", &status, 0);
  return works(result);
}

static int access_newer(void) {
  long result = syscall(SYS_faccessat2, AT_FDCWD, "/", R_OK, AT_EACCESS);
  if (absent(result)) result = syscall(SYS_faccessat, AT_FDCWD, "/", R_OK);
  return works(result);
}

static int waited_for(long child) {
  if (child == 0) _exit(0);
  return works(child) || works(syscall(SYS_wait4, child, NULL, 0, NULL));
}

static int clone_newer(void) {
  struct clone_args arguments = {.exit_signal = SIGCHLD};
  long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (absent(child)) child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  return waited_for(child);
}

static int clone_older(void) {
  return waited_for(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int polls_with_mask(void) {
  return works(syscall(SYS_ppoll, NULL, 0, &(struct timespec){0, 1}, NULL, 8));
}

static int two_flags(void) {
  int ends[2];
  return works(syscall(SYS_dup3, 0, 20, 0)) || works(syscall(SYS_pipe2, ends, 0)) ||
         works(syscall(SYS_epoll_create1, 0));
}

// As a server that is told to read its configuration anew.
static int reloads(void) {
  umask(022);
  return works(kill(getppid(), 0));
}

// As a cache that is full.
static int purges(void) {
  return works(unlink("cached"));
}

#if defined(__x86_64__)
// Of poll and ppoll, only the first is begun anew under the name restart_syscall.
static int polls(void) {
  if (write(1, "sleeping\n", 9) != 9) return 1;
  return works(syscall(SYS_poll, NULL, 0, 1000));
}

static int opens(void) {
  return works(syscall(SYS_open, "/", 0, 0));
}

static int stats(void) {
  struct stat status;
  return works(syscall(SYS_stat, "/", &status));
}

static int access_older(void) {
  return works(syscall(SYS_access, "/", R_OK));
}

static int polls_older(void) {
  return works(syscall(SYS_poll, NULL, 0, 1));
}

static int no_flags(void) {
  int ends[2];
  return works(syscall(SYS_dup2, 0, 20)) || works(syscall(SYS_pipe, ends)) || works(syscall(SYS_epoll_create, 1));
}

static int forks(void) {
  return waited_for(syscall(SYS_fork));
}

// What fork() cannot do, and what brings in clone must not allow.
static int clone_into_namespace(void) {
  return waited_for(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int files_by_path(void) {
  char text[64];
  const int folder = open(".", O_RDONLY | O_DIRECTORY);
  return works(syscall(SYS_mkdir, "folder", 0700)) || works(syscall(SYS_rmdir, "folder")) ||
         works(syscall(SYS_symlink, "there", "link")) || works(syscall(SYS_readlink, "link", text, sizeof(text))) ||
         works(syscall(SYS_rename, "link", "other")) || works(syscall(SYS_unlink, "other")) ||
         works(syscall(SYS_chmod, ".", 0755)) || works(syscall(SYS_utimes, ".", NULL)) ||
         works(syscall(SYS_getdents, folder, text, 0) < 0 && errno != EINVAL ? -1 : 0);
}

static int files_from_folder(void) {
  char text[64];
  const int folder = open(".", O_RDONLY | O_DIRECTORY);
  return works(syscall(SYS_mkdirat, AT_FDCWD, "folder", 0700)) ||
         works(syscall(SYS_unlinkat, AT_FDCWD, "folder", AT_REMOVEDIR)) ||
         works(syscall(SYS_symlinkat, "there", AT_FDCWD, "link")) ||
         works(syscall(SYS_readlinkat, AT_FDCWD, "link", text, sizeof(text))) ||
         works(syscall(SYS_renameat, AT_FDCWD, "link", AT_FDCWD, "other")) ||
         works(syscall(SYS_unlinkat, AT_FDCWD, "other", 0)) || works(syscall(SYS_fchmodat, AT_FDCWD, ".", 0755)) ||
         works(syscall(SYS_utimensat, AT_FDCWD, ".", NULL, 0)) ||
         works(syscall(SYS_getdents64, folder, text, 0) < 0 && errno != EINVAL ? -1 : 0);
}

static int oneself_older(void) {
  struct rlimit limit;
  return works(syscall(SYS_getpgrp)) || works(syscall(SYS_alarm, 0)) ||
         works(syscall(SYS_getrlimit, RLIMIT_CORE, &limit));
}

static int oneself_newer(void) {
  struct rlimit limit;
  const struct itimerval off = {{0, 0}, {0, 0}};
  return works(syscall(SYS_getpgid, 0)) || works(syscall(SYS_setitimer, ITIMER_REAL, &off, NULL)) ||
         works(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit));
}

// Beyond what getrlimit() does.
static int sets_limit(void) {
  const struct rlimit limit = {0, 0};
  return works(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL));
}
#endif

static const struct {
  const char* name;
  int (*before)(void);
  int (*after)(void);
} kSituations[] = {
    {"clock_source", nothing, clock_calls},
    {"stopped_in_sleep", sleeps, sleeps},
    {"signal_handled", waits_with_handler, waits_with_handler},
    {"abort", nothing, aborts},
    {"threads", thread_ends_first, threads_with_bad_luck},
    {"first_thread", nothing, thread_ends_first},
    {"buffer_growth", has_buffer, buffer_grows},
    {"vectored", writes, writes_vector},
    {"older_kernel_clone", clone_newer, clone_older},
    {"reload", nothing, reloads},
    {"purge", nothing, purges},
#if defined(__x86_64__)
    {"stopped_in_poll", polls, polls},
    {"newer_libc_open", opens, opens_newer},
    {"newer_libc_stat", stats, stats_newer},
    {"newer_libc_access", access_older, access_newer},
    {"newer_libc_clone", clone_older, clone_newer},
    {"newer_libc_poll", polls_older, polls_with_mask},
    {"newer_libc_flags", no_flags, two_flags},
    {"other_architecture_fork", forks, clone_older},
    {"fork_into_namespace", forks, clone_into_namespace},
    {"other_architecture_files", files_by_path, files_from_folder},
    {"older_architecture_files", files_from_folder, files_by_path},
    {"other_architecture_oneself", oneself_older, oneself_newer},
    {"limit_beyond_reading", oneself_older, sets_limit},
#endif
};

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  for (size_t i = 0; i < sizeof(kSituations) / sizeof(kSituations[0]); ++i) {
    if (strcmp(argv[1], kSituations[i].name) != 0) continue;
    return strcmp(argv[2], "before") == 0 ? kSituations[i].before() : kSituations[i].after();
  }
  return 2;
}
