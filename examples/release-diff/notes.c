// SPDX-License-Identifier: Apache-2.0
// A small service in two releases: it keeps notes in a file. RELEASE 2 also sends them to whoever listens on this machine.
//
//   notes FILE add TEXT
//   notes FILE list
//   notes FILE share PORT      (release 2)
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int add(const char* file, const char* text) {
  int notes = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (notes < 0 || dprintf(notes, "%s\n", text) < 0) return 1;
  return fsync(notes) | close(notes);
}

// Copies the notes to `to`.
static int copy(const char* file, int to) {
  char text[4096];
  int notes = open(file, O_RDONLY);
  ssize_t size;
  if (notes < 0) return 1;
  while ((size = read(notes, text, sizeof text)) > 0) {
    if (write(to, text, (size_t)size) != size) return 1;
  }
  return close(notes);
}

#if RELEASE >= 2
static int share(const char* file, const char* port) {
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int out = socket(AF_INET, SOCK_DGRAM, 0);
  if (out < 0 || connect(out, (struct sockaddr*)&peer, sizeof peer) != 0) return 1;
  return copy(file, out) | close(out);
}
#endif

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[2], "add") == 0) return add(argv[1], argv[3]);
  if (argc == 3 && strcmp(argv[2], "list") == 0) return copy(argv[1], STDOUT_FILENO);
#if RELEASE >= 2
  if (argc == 4 && strcmp(argv[2], "share") == 0) return share(argv[1], argv[3]);
#endif
  fprintf(stderr, "usage: notes FILE add TEXT | list | share PORT\n");
  return 2;
}
