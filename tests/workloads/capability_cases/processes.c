// SPDX-License-Identifier: Apache-2.0
// Processes.
#include "cases.h"

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
