// SPDX-License-Identifier: Apache-2.0
// A program that makes known system calls and ends in known ways, for supervisor_test.cc. The calls under test are ones
// that neither libc's start-up nor its exit makes. Usage: supervisor_subject MODE [ARGUMENT]
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

namespace {

void Getppid(int times) {
  for (int i = 0; i < times; ++i) syscall(SYS_getppid);
}

// In the mode's process: `count` children that each call getppid once and exit.
int ShortLived(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      Getppid(1);
      _exit(0);
    }
    if (i % 8 == 7) {
      while (waitpid(-1, nullptr, 0) > 0) {
      }
    }
  }
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  return 0;
}

int Threads(int count) {
  std::thread threads[8];
  for (std::thread& thread : threads) thread = std::thread(Getppid, count / 8);
  for (std::thread& thread : threads) thread.join();
  return 0;
}

// A child that goes on after this process has ended, and makes its call then.
int Orphan() {
  const pid_t parent = getpid();
  if (fork() == 0) {
    while (getppid() == parent) usleep(1000);
    syscall(SYS_getpgid, 0);
    _exit(0);
  }
  return 3;
}

int Stubborn() {
  if (fork() == 0) {
    signal(SIGTERM, SIG_IGN);
    setsid();
    while (true) pause();
  }
  return 4;
}

int Vfork() {
  const pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", nullptr);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

// Calls under a fast timer's signals, whose handler has `flags`.
int SignalStorm(int flags) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  action.sa_flags = flags;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval interval = {{0, 50}, {0, 50}};
  setitimer(ITIMER_REAL, &interval, nullptr);
  Getppid(2000);
  const itimerval never = {};
  while (setitimer(ITIMER_REAL, &never, nullptr) != 0) {
  }
  return 0;
}

volatile sig_atomic_t trapped = 0;

int Trap() {
  struct sigaction action = {};
  action.sa_handler = [](int) { trapped = 1; };
  sigaction(SIGSYS, &action, nullptr);
  const long result = syscall(SYS_getppid);
  return trapped == 1 && result == -1 && errno == ENOSYS ? 0 : 1;
}

int Compat() {
#ifdef __x86_64__
  long result = 0;
  asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");  // getpid of i386.
  return result == getpid() ? 0 : 1;
#else
  return 0;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "getppid") return Getppid(number), 0;
  if (mode == "getppid-result") return syscall(SYS_getppid) == -1 ? errno : 0;
  if (mode == "exit") return number;
  if (mode == "short-lived") return ShortLived(number);
  if (mode == "threads") return Threads(number);
  if (mode == "orphan") return Orphan();
  if (mode == "stubborn") return Stubborn();
  if (mode == "vfork") return Vfork();
  if (mode == "signal-storm") return SignalStorm(SA_RESTART);
  if (mode == "signal-storm-eintr") return SignalStorm(0);
  if (mode == "trap") return Trap();
  if (mode == "compat") return Compat();
  if (mode == "raise") return raise(number), 1;
  if (mode == "closed") return write(1, "x", 1) == -1 && errno == EBADF ? 0 : 1;
  if (mode == "block-sigsys") {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return Getppid(1), 0;
  }
  std::fprintf(stderr, "unknown mode\n");
  return 99;
}
