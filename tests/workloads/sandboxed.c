// SPDX-License-Identifier: Apache-2.0
// sandboxed COUNT [ANSWER]: installs a filter that refuses getppid and lets all else through, then calls getppid COUNT
// times. ANSWER says what getppid gets: EACCES (the default), or
//   success       an errno of 0
//   kill          the process is killed
//   kill-thread   the thread that asks is killed; the first one waits for it, and another waits in a call meanwhile
//   trap          SIGSYS, which a handler takes
//   trap-default  SIGSYS, which nothing takes
//   value         a supervisor's 7
//   value-zero    a supervisor's 0
//   value-errno   a supervisor's EXDEV
//   skip          a tracer takes the call's number away and answers 7
// Exits with 0 when each call was answered so, where it goes on. With EACCES and a PROGRAM and its arguments behind it,
// executes that at the end.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t trapped;

static void OnTrap(int signal) {
  (void)signal;
  ++trapped;
}

static int Install(unsigned action, unsigned flags) {
  struct sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, instructions};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) exit(1);
  const int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) exit(1);
  return result;
}

struct Supervision {
  int listener;
  long count;
  struct seccomp_notif_resp answer;
};

// A thread that is not under the filter: it was there before.
static void* Supervise(void* argument) {
  struct Supervision* what = argument;
  while (__atomic_load_n(&what->listener, __ATOMIC_ACQUIRE) < 0) sched_yield();
  for (long n = 0; n < what->count; ++n) {
    struct seccomp_notif asked = {0};
    if (ioctl(what->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) exit(1);
    struct seccomp_notif_resp answer = what->answer;
    answer.id = asked.id;
    if (ioctl(what->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0) exit(1);
  }
  return NULL;
}

static int Ask(long count, long expected) {
  for (long n = 0; n < count; ++n) {
    errno = 0;
    const long got = syscall(SYS_getppid);
    if (expected >= 0 ? got != expected : (got != -1 || errno != -expected)) return 1;
  }
  return 0;
}

static int AskSupervisor(long count, struct seccomp_notif_resp answer, long expected) {
  struct Supervision what = {-1, count, answer};
  pthread_t thread;
  if (pthread_create(&thread, NULL, Supervise, &what) != 0) return 1;
  __atomic_store_n(&what.listener, Install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER), __ATOMIC_RELEASE);
  const int result = Ask(count, expected);
  pthread_join(thread, NULL);
  return result;
}

// The tracer is the parent: it puts -1 in the place of each call's number.
static int Skip(long count) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    Install(SECCOMP_RET_TRACE, 0);
    _exit(Ask(count, 7));
  }
  int status;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  while (1) {
    ptrace(PTRACE_CONT, child, 0, 0);
    if (waitpid(child, &status, 0) != child) return 1;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) return 1;
    struct user_regs_struct registers;
    struct iovec place = {&registers, sizeof(registers)};
    ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &place);
#if defined(__x86_64__)
    registers.orig_rax = -1;
    registers.rax = 7;
#else
    registers.regs[0] = 7;
    int number = -1;
    struct iovec call = {&number, sizeof(number)};
    ptrace(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, &call);
#endif
    ptrace(PTRACE_SETREGSET, child, NT_PRSTATUS, &place);
  }
}

static int never[2];

static void* WaitForever(void* argument) {
  char byte;
  (void)!read(never[0], &byte, 1);
  return argument;
}

static void* AskOnce(void* argument) {
  syscall(SYS_getppid);
  return argument;
}

static int KillThreads(long count) {
  pthread_t waiting;
  if (pipe(never) != 0 || pthread_create(&waiting, NULL, WaitForever, NULL) != 0) return 1;
  Install(SECCOMP_RET_KILL_THREAD, 0);
  for (long n = 0; n < count; ++n) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, AskOnce, NULL) != 0) return 1;
    pthread_join(thread, NULL);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const long count = atol(argv[1]);
  const char* const answer = argc > 2 ? argv[2] : "EACCES";
  if (strcmp(answer, "value") == 0) return AskSupervisor(count, (struct seccomp_notif_resp){.val = 7}, 7);
  if (strcmp(answer, "value-zero") == 0) return AskSupervisor(count, (struct seccomp_notif_resp){.val = 0}, 0);
  if (strcmp(answer, "value-errno") == 0) {
    return AskSupervisor(count, (struct seccomp_notif_resp){.error = -EXDEV}, -EXDEV);
  }
  if (strcmp(answer, "skip") == 0) return Skip(count);
  if (strcmp(answer, "kill-thread") == 0) return KillThreads(count);
  if (strcmp(answer, "success") == 0) {
    Install(SECCOMP_RET_ERRNO, 0);
    return Ask(count, 0);
  }
  if (strcmp(answer, "trap") == 0) {
    signal(SIGSYS, OnTrap);
    Install(SECCOMP_RET_TRAP, 0);
    for (long n = 0; n < count; ++n) syscall(SYS_getppid);
    return trapped == count ? 0 : 1;
  }
  if (strcmp(answer, "trap-default") == 0) {
    Install(SECCOMP_RET_TRAP, 0);
  } else {
    Install(strcmp(answer, "kill") == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EACCES, 0);
  }
  if (Ask(count, -EACCES) != 0) return 1;
  if (argc <= 3) return 0;
  execv(argv[3], argv + 3);
  return 1;
}
