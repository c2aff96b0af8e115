// SPDX-License-Identifier: Apache-2.0
// calls NUMBER:COUNT… makes each system call NUMBER COUNT times, with zero arguments. A number may carry a prefix:
// "i386:" makes it through int $0x80 from 64-bit code, "x32:" sets x32's bit. Prints nothing; exits with 0 whatever the
// calls return.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call_i386.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* text = argv[i];
    const int i386 = strncmp(text, "i386:", 5) == 0;
    const int x32 = strncmp(text, "x32:", 4) == 0;
    long number = 0;
    long count = 1;

    text += i386 ? 5 : x32 ? 4 : 0;
    if (sscanf(text, "%ld:%ld", &number, &count) < 1) return 2;
    for (long n = 0; n < count; ++n) {
      if (i386) {
        call_i386(number, 0);
      } else {
        syscall(x32 ? number | 0x40000000 : number, 0, 0, 0, 0, 0, 0);
      }
    }
  }
  return 0;
}
