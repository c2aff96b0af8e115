// SPDX-License-Identifier: Apache-2.0
// calls NUMBER:COUNT[:ARGUMENT,…]… makes each system call NUMBER COUNT times, with these arguments, and zero for those
// that are not given. An argument is a number, or @NUMBER, the address of a 64-bit word of that value. A call's number may
// carry a prefix: "i386:" makes it through int $0x80 from 64-bit code (five arguments), "x32:" sets x32's bit. Prints
// nothing; exits with 0 whatever the calls return.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call_i386.h"

static unsigned long long word;

// How many there are.
static int read_arguments(const char* text, unsigned long arguments[6]) {
  int count = 0;

  while (text && *text && count < 6) {
    char* end;
    const int is_address = *text == '@';
    const unsigned long long value = strtoull(text + is_address, &end, 0);

    if (is_address) word = value;
    arguments[count++] = is_address ? (unsigned long)&word : (unsigned long)value;
    text = *end == ',' ? end + 1 : end;
  }
  return count;
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* text = argv[i];
    const int i386 = strncmp(text, "i386:", 5) == 0;
    const int x32 = strncmp(text, "x32:", 4) == 0;
    unsigned long a[6] = {0};
    long number = 0;
    long count = 1;
    int used = 0;

    text += i386 ? 5 : x32 ? 4 : 0;
    if (sscanf(text, "%ld:%ld:%n", &number, &count, &used) < 1) return 2;
    if (used > 0) read_arguments(text + used, a);
    for (long n = 0; n < count; ++n) {
      if (i386) {
        call_i386_with(number, a);
      } else {
        syscall(x32 ? number | 0x40000000 : number, a[0], a[1], a[2], a[3], a[4], a[5]);
      }
    }
  }
  return 0;
}
