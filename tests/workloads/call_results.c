// SPDX-License-Identifier: Apache-2.0
// call_results CASE…: calls in which the kernel asks for a capability, and of which it is known what comes. To be started as root.
//
//   survive   without capabilities: three times chown(2) of a file that is root's to another user, EPERM; ends with success
//   fail      without capabilities: bind(2) to port 1, EACCES; ends with status 1
//   abort     the same, and ends by SIGABRT
//   late      the same as fail, but two seconds later
//   exec      without capabilities: bind(2) to port 1, EACCES; then another program, /bin/false, which ends with status 1
//   setuid    setuid(2) to another user, which succeeds
//   missing   swapon(2) of a file that there is not, ENOENT
//   twice     sethostname(2) with too long a name, EINVAL, and then chown(2) of a file of its own, which succeeds
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OTHER 1000

static void check(int as_known, const char* what) {
  if (as_known) return;
  fprintf(stderr, "%s: %s\n", what, strerrorname_np(errno));
  exit(99);
}

static void drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}};
  check(syscall(SYS_capset, &header, none) == 0, "capset");
}

static void bind_low_port(void) {
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1)};
  drop_capabilities();
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(fd >= 0, "socket");
  check(bind(fd, (const struct sockaddr*)&address, sizeof address) < 0 && errno == EACCES, "bind");
}

static int run(const char* name, const char* own_file) {
  static const char long_name[1000];

  if (strcmp(name, "survive") == 0) {
    drop_capabilities();
    for (int i = 0; i < 3; ++i) check(chown("/", OTHER, OTHER) < 0 && errno == EPERM, "chown");
    return 0;
  }
  if (strcmp(name, "fail") == 0) {
    bind_low_port();
    return 1;
  }
  if (strcmp(name, "abort") == 0) {
    bind_low_port();
    abort();
  }
  if (strcmp(name, "late") == 0) {
    bind_low_port();
    sleep(2);
    return 1;
  }
  if (strcmp(name, "exec") == 0) {
    bind_low_port();
    execl("/bin/false", "false", (char*)NULL);
    check(0, "exec");
  }
  if (strcmp(name, "setuid") == 0) {
    check(setuid(OTHER) == 0, "setuid");
    return 0;
  }
  if (strcmp(name, "missing") == 0) {
    check(swapon("/nonexistent/swap", 0) < 0 && (errno == ENOENT || errno == ENOSYS), "swapon");
    return 0;
  }
  if (strcmp(name, "twice") == 0) {
    check(sethostname(long_name, sizeof long_name) < 0 && errno == EINVAL, "sethostname");
    check(chown(own_file, OTHER, OTHER) == 0, "chown");
    return 0;
  }
  fprintf(stderr, "no such case: %s\n", name);
  return 98;
}

int main(int argc, char** argv) {
  char own_file[] = "/tmp/call-results-XXXXXX";
  const int fd = mkstemp(own_file);
  check(fd >= 0, "mkstemp");
  int status = 0;
  for (int i = 1; i < argc && status == 0; ++i) {
    // Whoever ends otherwise leaves no file.
    if (strcmp(argv[i], "twice") != 0) unlink(own_file);
    status = run(argv[i], own_file);
  }
  unlink(own_file);
  return status;
}
