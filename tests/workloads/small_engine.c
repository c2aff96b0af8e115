// SPDX-License-Identifier: Apache-2.0
// small_engine OPTIONS CGROUP ROOT PROGRAM [ARGUMENT…]: what a container engine and its runtime do, and no more. Makes
// the cgroup (a directory), starts a runtime, moves it there, and waits; the runtime enters ROOT and executes PROGRAM.
// The cgroup is removed in the end. Exits with 0 when all went well, whatever the program said.
//
// OPTIONS is a word of letters:
//   a  the runtime executes itself anew, from a copy without a name, after it was moved
//   f  the runtime loads a filter that allows everything, then makes getpriority
//   r  likewise, and the filter refuses sched_getparam with EPERM
//   n  the runtime sets no_new_privs before that
//   i  the runtime is not moved, but born in the cgroup (clone3's CLONE_INTO_CGROUP)
//   t  the runtime has a second thread when it is moved, which makes sched_rr_get_interval and executes PROGRAM
//   m  the runtime executes itself anew and is moved in the middle of that exec
//   s  the program is moved to a cgroup below by itself: this is small_engine again, with -s SUB
//   -  none of these
// The runtime makes personality(0xffffffff) after it was moved.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char* what) {
  perror(what);
  _exit(1);
}

static void load_filter(int refuse) {
  struct sock_filter code[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
                               {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_sched_getparam},
                               {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
                               {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  struct sock_fprog program = {4, code};
  if (!refuse) code[1].k = ~0u;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) die("seccomp");
  getpriority(PRIO_PROCESS, 0);
}

static void execute(const char* options, const char* root, char** argv) {
  if (strchr(options, 'n') && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("prctl");
  if (strchr(options, 'f')) load_filter(0);
  if (strchr(options, 'r')) load_filter(1);
  if (chroot(root) != 0 || chdir("/") != 0) die("chroot");
  execv(argv[0], argv);
  die("execv");
}

static void execute_anew(int argc, char** argv) {
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = memfd_create("small_engine", MFD_CLOEXEC);
  char* again[64] = {argv[0], "--runtime"};
  struct stat info;

  if (self < 0 || copy < 0 || argc > 60 || fstat(self, &info) != 0) die("copy");
  while (info.st_size > 0) {
    ssize_t n = sendfile(copy, self, NULL, (size_t)info.st_size);
    if (n <= 0) die("sendfile");
    info.st_size -= n;
  }
  for (int i = 1; i < argc; ++i) again[i + 1] = argv[i];
  fexecve(copy, again, (char*[]){NULL});
  die("fexecve");
}

static char** arguments;

static void* second_thread(void* go) {
  char byte;
  struct timespec interval;
  if (read(*(int*)go, &byte, 1) != 1) die("read");
  syscall(SYS_sched_rr_get_interval, 0, &interval);
  execute(arguments[1], arguments[3], arguments + 4);
  return NULL;
}

// The runtime: waits until it has been moved.
static void run(int argc, char** argv, int go) {
  const char* options = argv[1];
  char byte;

  arguments = argv;
  if (strchr(options, 't')) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_thread, &go) != 0) die("pthread_create");
    pthread_join(thread, NULL);
  }
  if (go >= 0 && read(go, &byte, 1) != 1) die("read");
  if (strchr(options, 'a')) execute_anew(argc, argv);
  personality(0xffffffff);
  execute(options, argv[3], argv + 4);
}

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

// A second thread keeps the exec from ending: it has to die first, and its tracer lets it only when we say so.
static void execute_anew_slowly(int argc, char** argv, int ready, int go) {
  char* again[64] = {argv[0], "--runtime"};
  pthread_t thread;
  char byte;

  if (argc > 60) die("arguments");
  for (int i = 1; i < argc; ++i) again[i + 1] = argv[i];
  if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) die("pthread_create");
  if (write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1) die("wait for the tracer");
  execve("/proc/self/exe", again, (char*[]){NULL});
  die("execve");
}

// Returns the thread of `process` that is not its first.
static pid_t other_thread(pid_t process) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/task", process);
  DIR* tasks = opendir(path);
  struct dirent* entry;
  pid_t other = 0;

  while (tasks && (entry = readdir(tasks))) {
    if (atoi(entry->d_name) != 0 && atoi(entry->d_name) != process) other = atoi(entry->d_name);
  }
  if (other == 0) die("find the other thread");
  closedir(tasks);
  return other;
}

static void write_file(const char* folder, const char* name, const char* text) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) die(path);
  close(fd);
}

int main(int argc, char** argv) {
  if (argc > 5 && strcmp(argv[1], "--runtime") == 0) {
    personality(0xffffffff);
    execute(argv[2], argv[4], argv + 5);
  }
  if (argc == 3 && strcmp(argv[1], "--move") == 0) {
    // Inside: into a cgroup below our own, and on with calls that must not be taken for a runtime's.
    write_file(argv[2], "cgroup.procs", "0");
    syscall(SYS_sched_get_priority_max, 0);
    return 0;
  }
  if (argc < 5) {
    fprintf(stderr, "usage: small_engine OPTIONS CGROUP ROOT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const char* cgroup = argv[2];
  char sub[4096];
  int go[2];
  int ready[2];

  snprintf(sub, sizeof(sub), "%s/sub", cgroup);
  if (mkdir(cgroup, 0755) != 0) die(cgroup);
  if (strchr(argv[1], 's') && mkdir(sub, 0755) != 0) die(sub);
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0) die("pipe");
  pid_t child;
  if (strchr(argv[1], 'i')) {
    int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct clone_args clone = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
    child = (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
  } else {
    child = fork();
  }
  if (child < 0) die("fork");
  if (child == 0 && strchr(argv[1], 'm')) execute_anew_slowly(argc, argv, ready[1], go[0]);
  if (child == 0) {
    run(argc, argv, go[0]);
    _exit(1);
  }
  pid_t thread = 0;
  if (strchr(argv[1], 'm')) {
    char byte;
    int stopped;
    if (read(ready[0], &byte, 1) != 1) die("read");
    thread = other_thread(child);
    if (ptrace(PTRACE_SEIZE, thread, NULL, PTRACE_O_TRACEEXIT) != 0) die("ptrace");
    if (write(go[1], "g", 1) != 1) die("write");
    // It dies of its sibling's exec.
    if (waitpid(thread, &stopped, __WALL) != thread || stopped >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
      die("waitpid");
  }
  if (!strchr(argv[1], 'i')) {
    char pid[32];
    snprintf(pid, sizeof(pid), "%d", child);
    write_file(cgroup, "cgroup.procs", pid);
  }
  if (thread == 0 && write(go[1], "g", 1) != 1) die("write");
  if (thread != 0 && (ptrace(PTRACE_CONT, thread, NULL, NULL) != 0 || waitpid(thread, NULL, __WALL) != thread))
    die("let go");
  int status = 0;
  while (waitpid(child, &status, __WALL) != child || !(WIFEXITED(status) || WIFSIGNALED(status))) continue;
  if (strchr(argv[1], 's')) rmdir(sub);
  if (rmdir(cgroup) != 0) die("rmdir");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
