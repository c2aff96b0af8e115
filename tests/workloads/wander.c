// SPDX-License-Identifier: Apache-2.0
// wander WORD…: does what its words say, one after the other, and exits with 0. Each child does the rest of the words:
//   call:NUMBER:COUNT  makes the system call NUMBER COUNT times, with zero arguments
//   move:DIR           moves itself to the cgroup with this directory
//   fork               the child does the rest; its parent waits for it
//   born:DIR           likewise, and the child is born in the cgroup DIR (clone3's CLONE_INTO_CGROUP)
//   leave              the child does the rest; its parent ends at once
//   sibling            the same, and the child's parent is the parent of who forks it (CLONE_PARENT)
//   deep:DIR:LEVELS    makes a chain of LEVELS cgroups below DIR; the child does the rest in the lowest, and the chain
//   is
//                      removed behind it
//   await:FIFO         waits until somebody opens FIFO for writing and closes it
//   tell:FIFO          opens FIFO for writing and closes it
//   exec               executes itself anew for the rest
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char* what) {
  perror(what);
  _exit(1);
}

static void move_to(const char* directory) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  // "0" is the writer.
  if (fd < 0 || write(fd, "0", 1) != 1) die(path);
  close(fd);
}

static int wait_for(pid_t child) {
  int status = 0;
  if (child < 0) die("fork");
  while (waitpid(child, &status, 0) != child) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static pid_t born_in(const char* directory) {
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct clone_args clone = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
  if (fd < 0) die(directory);
  return (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
}

static pid_t fork_sibling(void) {
  struct clone_args clone = {.flags = CLONE_PARENT};
  return (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
}

// Returns in the child, in the lowest of the chain.
static void go_deep(char* word) {
  char* colon = strrchr(word, ':');
  int levels = colon ? atoi(colon + 1) : 0;
  char path[4096];
  size_t top;

  if (levels <= 0 || (size_t)(colon - word) + 2 * (size_t)levels >= sizeof(path)) die(word);
  *colon = 0;
  top = (size_t)snprintf(path, sizeof(path), "%s", word);
  for (int level = 1; level <= levels; ++level) {
    memcpy(path + top + 2 * (size_t)(level - 1), "/d", 3);
    if (mkdir(path, 0755) != 0) die(path);
  }
  pid_t child = fork();
  if (child == 0) {
    move_to(path);
    return;
  }
  int status = wait_for(child);
  for (int level = levels; level >= 1; --level) {
    path[top + 2 * (size_t)level] = 0;
    if (rmdir(path) != 0) die(path);
  }
  _exit(status);
}

static const char* after(const char* word, const char* prefix) {
  size_t length = strlen(prefix);
  return strncmp(word, prefix, length) == 0 ? word + length : NULL;
}

static void open_fifo(const char* path, int flags) {
  char byte;
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) die(path);
  if (flags == O_RDONLY && read(fd, &byte, 1) != 0) die(path);
  close(fd);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* rest;
    if ((rest = after(argv[i], "call:"))) {
      long number = 0;
      long count = 0;
      if (sscanf(rest, "%ld:%ld", &number, &count) != 2) die(argv[i]);
      for (long n = 0; n < count; ++n) syscall(number, 0, 0, 0, 0, 0, 0);
    } else if ((rest = after(argv[i], "move:"))) {
      move_to(rest);
    } else if ((rest = after(argv[i], "deep:"))) {
      go_deep(argv[i] + 5);
    } else if ((rest = after(argv[i], "await:"))) {
      open_fifo(rest, O_RDONLY);
    } else if ((rest = after(argv[i], "tell:"))) {
      open_fifo(rest, O_WRONLY);
    } else if (strcmp(argv[i], "exec") == 0) {
      argv[i] = argv[0];
      execv("/proc/self/exe", argv + i);
      die("execv");
    } else if (strcmp(argv[i], "sibling") == 0) {
      pid_t child = fork_sibling();
      if (child != 0) _exit(child < 0);
    } else {
      pid_t child = (rest = after(argv[i], "born:")) ? born_in(rest) : fork();
      if (child == 0) continue;
      if (child < 0 || strcmp(argv[i], "leave") == 0) _exit(child < 0);
      _exit(wait_for(child));
    }
  }
  return 0;
}
