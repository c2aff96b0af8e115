// SPDX-License-Identifier: Apache-2.0
// uses FOLDER [i386 | unmapped | hostile]: uses files, addresses and ids in known ways, all files below FOLDER, which is empty. To be started
// as root, who also mounts, or as user and group 65534, as which it ends. tests/bpf/hardening_test.cc says what is used how. With another
// word, only: addresses in 32-bit calls; one that is not in memory any more when its call ends; or names that are hard to read, and a pipe
// that nobody writes to.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "call_i386.h"

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

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void use_messages(void) {
  int datagram = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  struct iovec byte = {"x", 1};
  struct sockaddr_in one = loopback(54);
  struct msghdr message = {.msg_name = &one, .msg_namelen = sizeof(one), .msg_iov = &byte, .msg_iovlen = 1};
  check((int)sendmsg(datagram, &message, 0), "sendmsg");
  // What fails goes nowhere: neither this nor the last of these.
  struct sockaddr_in wrong = loopback(55);
  message.msg_name = &wrong;
  message.msg_namelen = 4;
  if (sendmsg(datagram, &message, 0) >= 0) check(-1, "sendmsg of a wrong address");
  static struct sockaddr_in names[1024];
  static struct mmsghdr messages[1024];
  for (int i = 0; i < 1024; ++i) {
    names[i] = loopback(i < 2 ? 56 + i : i < 1023 ? 58 : 59);
    messages[i].msg_hdr =
        (struct msghdr){.msg_name = &names[i], .msg_namelen = sizeof(names[i]), .msg_iov = &byte, .msg_iovlen = 1};
  }
  if (sendmmsg(datagram, messages, 1024, 0) != 1024) check(-1, "sendmmsg");
  names[1] = loopback(60);
  messages[1].msg_hdr.msg_namelen = 4;
  if (sendmmsg(datagram, messages, 2, 0) != 1) check(-1, "sendmmsg of a wrong address");
  // Without a name: where the socket is connected to. And a path that the kernel ends, not the program.
  struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "datagrams"};
  int receiver = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  check(bind(receiver, (struct sockaddr*)&path, sizeof(path)), "bind");
  strcpy(path.sun_path, "datagrams beyond the end");
  int sender = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  message.msg_name = &path;
  message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen("datagrams");
  check((int)sendmsg(sender, &message, 0), "sendmsg to a path");
  one = loopback(61);
  check(connect(datagram, (struct sockaddr*)&one, sizeof(one)), "connect");
  message.msg_name = NULL;
  message.msg_namelen = 0;
  check((int)sendmsg(datagram, &message, 0), "sendmsg without a name");
}

#if defined(__x86_64__)
// As the kernel reads them from a 32-bit program: struct compat_msghdr and compat_mmsghdr.
struct narrow_message {
  unsigned name, length, vector, count, control, control_length, flags;
};
struct narrow {
  struct sockaddr_in names[6];
  unsigned byte[2];
  struct {
    struct narrow_message message;
    unsigned sent;
  } messages[4];
  unsigned arguments[6];
};

static void use_i386(void) {
  struct narrow* low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) check(-1, "mmap");
  const unsigned descriptor = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  low->byte[0] = (unsigned)(unsigned long)low;
  low->byte[1] = 1;
  for (int i = 0; i < 6; ++i) low->names[i] = loopback(70 + i);
  for (int i = 0; i < 4; ++i) {
    low->messages[i].message = (struct narrow_message){.name = (unsigned)(unsigned long)&low->names[i],
                                                       .length = sizeof(low->names[i]),
                                                       .vector = (unsigned)(unsigned long)low->byte,
                                                       .count = 1};
  }
  // sendmsg, and sendmmsg of two.
  call_i386_with(370, (unsigned long[]){descriptor, (unsigned long)&low->messages[0], 0, 0, 0});
  call_i386_with(345, (unsigned long[]){descriptor, (unsigned long)&low->messages[1], 2, 0, 0});
  // socketcall: sendmsg, sendto and bind.
  low->arguments[0] = descriptor;
  low->arguments[1] = (unsigned)(unsigned long)&low->messages[3];
  call_i386_with(102, (unsigned long[]){16, (unsigned long)low->arguments, 0, 0, 0});
  low->arguments[1] = low->byte[0];
  low->arguments[2] = 1;
  low->arguments[4] = (unsigned)(unsigned long)&low->names[4];
  low->arguments[5] = sizeof(low->names[4]);
  call_i386_with(102, (unsigned long[]){11, (unsigned long)low->arguments, 0, 0, 0});
  low->arguments[0] = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  low->arguments[1] = (unsigned)(unsigned long)&low->names[5];
  low->arguments[2] = sizeof(low->names[5]);
  call_i386_with(102, (unsigned long[]){2, (unsigned long)low->arguments, 0, 0, 0});
}
#endif

static int full_queue;
static _Atomic int sender_id;

static void* send_to_full_queue(void* message) {
  sender_id = gettid();
  check((int)sendmsg(full_queue, message, 0), "sendmsg");
  return NULL;
}

// The kernel has the address since the call began; its page is gone when it ends.
static void use_unmapped(void) {
  struct sockaddr_un* path = mmap(NULL, sizeof(*path), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (path == MAP_FAILED) check(-1, "mmap");
  *path = (struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "full"};
  int receiver = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  check(bind(receiver, (struct sockaddr*)path, sizeof(*path)), "bind");
  full_queue = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  struct iovec byte = {"x", 1};
  struct msghdr message = {.msg_name = path, .msg_namelen = sizeof(*path), .msg_iov = &byte, .msg_iovlen = 1};
  while (sendmsg(full_queue, &message, MSG_DONTWAIT) >= 0) continue;
  pthread_t sender;
  if (pthread_create(&sender, NULL, send_to_full_queue, &message) != 0) check(-1, "pthread_create");
  // Its call can be read once it waits.
  char name[64], text[64] = "";
  long number = -1;
  while (number != SYS_sendmsg) {
    snprintf(name, sizeof(name), "/proc/self/task/%d/syscall", sender_id);
    int file = open(name, O_RDONLY);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof(text) - 1);
    text[length < 0 ? 0 : length] = '\0';
    if (sscanf(text, "%ld", &number) != 1) number = -1;
    if (file >= 0) close(file);
  }
  check(munmap(path, sizeof(*path)), "munmap");
  while (recv(receiver, text, sizeof(text), MSG_DONTWAIT) >= 0) continue;
  if (pthread_join(sender, NULL) != 0) check(-1, "pthread_join");
}

static void fails(int result, const char* what) {
  if (result < 0) return;
  fprintf(stderr, "uses: %s has not failed\n", what);
  exit(99);
}

static void use_hostile(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (two == MAP_FAILED) check(-1, "mmap");
  check(munmap(two + page, page), "munmap");
  // One that ends with its page, and one that would go on behind it.
  make(memcpy(two + page - sizeof("edge"), "edge", sizeof("edge")));
  memcpy(two + page - 4, "lost", 4);
  fails(open(two + page - 4, O_WRONLY | O_CREAT, 0600), "a name without an end");
  fails(open((const char*)8, O_RDONLY), "a name that is nowhere");
  static char most[4097];
  memset(most, '/', 4096);
  memcpy(most + 4096 - 4, "long", 4);
  fails(open(most, O_WRONLY | O_CREAT, 0600), "a name of 4096 bytes");
  memset(most, '/', 4096);
  memcpy(most + 4095 - 8, "dev/null", 9);
  close(check(open(most, O_RDONLY), "a name of 4095 bytes"));
  check(mkfifo("silent", 0600), "mkfifo");
  close(check(open("silent", O_RDWR), "a pipe"));
  check(symlink("made/by-link", "to-nothing"), "symlink");
  check(mkdir("made", 0700), "mkdir");
  make("to-nothing");
  check(symlink("turning", "turning"), "symlink");
  fails(open("turning", O_WRONLY | O_CREAT, 0600), "a link to itself");
  check(mkdir("gone", 0700), "mkdir");
  check(chdir("gone"), "chdir");
  check(rmdir("../gone"), "rmdir");
  fails(open("file", O_WRONLY | O_CREAT, 0600), "a file in a folder that is gone");
  fails(mkdir("folder", 0700), "a folder in one that is gone");
  close(check(open(".", O_RDONLY | O_DIRECTORY), "a folder that is gone"));
  fails(openat(77, "file", O_WRONLY | O_CREAT, 0600), "a file beside no descriptor");
}

int main(int count, char** arguments) {
  if (count != 2 && count != 3) {
    fprintf(stderr, "usage: uses FOLDER [i386 | unmapped | hostile]\n");
    return 2;
  }
  check(chdir(arguments[1]), arguments[1]);
  if (count == 3) {
#if defined(__x86_64__)
    if (strcmp(arguments[2], "i386") == 0) use_i386();
#endif
    if (strcmp(arguments[2], "unmapped") == 0) use_unmapped();
    if (strcmp(arguments[2], "hostile") == 0) use_hostile();
    return 0;
  }
  use_files();
  if (geteuid() == 0) use_mount();
  use_sockets();
  use_messages();
  check(setresgid(65534, 65534, 65534), "setresgid");
  check(setresuid(65534, 65534, 65534), "setresuid");
  return 0;
}
