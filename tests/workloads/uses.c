// SPDX-License-Identifier: Apache-2.0
// uses FOLDER: uses files, addresses and ids in known ways, all files below FOLDER, which is empty. To be started as root; ends as
// user and group 65534. tests/bpf/hardening_test.cc says what is used how.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MANY 300
#define HIGH_DESCRIPTOR 200

static int check(int result, const char* what) {
  if (result >= 0) return result;
  fprintf(stderr, "uses: %s: %s\n", what, strerrorname_np(errno));
  exit(99);
}

static void make(const char* path) {
  close(check(open(path, O_WRONLY | O_CREAT, 0700), path));
}

static void use_files(void) {
  make("written");
  close(check(open("written", O_RDONLY), "read"));
  make("old");
  check(rename("old", "new"), "rename");
  check(mkdir("folder", 0700), "mkdir");
  make("folder/inner");
  check(chmod("./folder/../folder//inner", 0755), "chmod");
  check(symlink("folder", "link"), "symlink");
  // By way of a link, but opened: its real path is known.
  close(check(open("link/inner", O_RDONLY), "open through a link"));
  check(link("written", "second"), "link");
  check(unlink("second"), "unlink");
  check(truncate("written", 10), "truncate");
  check(mkfifo("pipe", 0600), "mkfifo");
  int folder = check(open("folder", O_RDONLY | O_DIRECTORY), "open a directory");
  close(check(openat(folder, "beside", O_RDWR | O_CREAT | O_TRUNC, 0600), "openat"));
  check(unlinkat(folder, "beside", 0), "unlinkat");
  check(renameat(folder, "inner", AT_FDCWD, "outer"), "renameat");
  close(folder);
  check(rmdir("folder"), "rmdir");
  int mapped = check(open("outer", O_RDWR), "outer");
  check(ftruncate(mapped, 4096), "ftruncate");
  if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, mapped, 0) == MAP_FAILED) check(-1, "mmap");
  check(fchmod(mapped, 0711), "fchmod");
  check(dup2(mapped, HIGH_DESCRIPTOR), "dup2");
  close(HIGH_DESCRIPTOR);
  close(mapped);
  // What fails is no use.
  if (open("missing", O_RDONLY) >= 0 || unlink("missing") == 0) check(-1, "missing");
  close(check(open("/dev/null", O_WRONLY), "/dev/null"));
  check(mkdir("many", 0700), "many");
  check(mkdir("named", 0700), "named");
  for (int i = 0; i < MANY; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "many/%d", i);
    make(name);
    snprintf(name, sizeof(name), "named/%d", i);
    check(mkfifo(name, 0600), name);
  }
}

static void use_mount(void) {
  check(mkdir("mounted", 0700), "mounted");
  check(mount("none", "mounted", "tmpfs", 0, ""), "mount");
  make("mounted/file");
  check(mkdir("mounted/folder", 0700), "mounted/folder");
  check(umount("mounted"), "umount");
}

static void use_sockets(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(0), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int socket_in = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(socket_in, (struct sockaddr*)&address, sizeof(address)), "bind");
  check(listen(socket_in, 1), "listen");
  int datagram = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(0x0a010203);
  // There may be no way there: that the address was given is what counts only when it succeeds, so to ourselves, too.
  (void)!connect(datagram, (struct sockaddr*)&address, sizeof(address));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check((int)sendto(datagram, "x", 1, 0, (struct sockaddr*)&address, sizeof(address)), "sendto");
  struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int server = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  check(bind(server, (struct sockaddr*)&path, sizeof(path)), "bind");
  check(listen(server, 1), "listen");
  int client = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  check(connect(client, (struct sockaddr*)&path, offsetof(struct sockaddr_un, sun_path) + strlen("socket")), "connect");
  struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0syscarve uses"};
  int nameless = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  check(bind(nameless, (struct sockaddr*)&abstract, sizeof(abstract)), "bind");
}

int main(int count, char** arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: uses FOLDER\n");
    return 2;
  }
  check(chdir(arguments[1]), arguments[1]);
  use_files();
  use_mount();
  use_sockets();
  check(setresgid(65534, 65534, 65534), "setresgid");
  check(setresuid(65534, 65534, 65534), "setresuid");
  return 0;
}
