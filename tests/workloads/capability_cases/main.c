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
#include "cases.h"

static char said[4096];

void say(const char* format, ...) {
  const size_t used = strlen(said);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(said + used, sizeof said - used, format, arguments);
  va_end(arguments);
}

long told(const char* what, long result) {
  const int error = errno;
  say("%s=%s ", what, result >= 0 ? "ok" : strerrorname_np(error));
  errno = error;
  return result;
}

static struct test tests[256];
static size_t test_count;

void add_test(struct test test) {
  tests[test_count++] = test;
}

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
