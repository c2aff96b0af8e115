// SPDX-License-Identifier: Apache-2.0
// ask [wait] NUMBER...: makes each system call NUMBER with every argument -1 and writes "NUMBER RESULT" in a line. With
// "wait" it then reads its input to the end.
#include "nolibc.h"

static char line[64];

static int digits(char* at, unsigned long value) {
  int length = 0;
  for (unsigned long rest = value; length == 0 || rest > 0; rest /= 10) ++length;
  for (int i = length; i > 0; value /= 10) at[--i] = (char)('0' + value % 10);
  return length;
}

__attribute__((used, noreturn)) void start(long* stack) {
  const long count = stack[0];
  int wait = 0;
  for (long i = 1; i < count; ++i) {
    const char* text = (const char*)stack[1 + i];
    if (*text == 'w') {
      wait = 1;
      continue;
    }
    long number = 0;
    while (*text >= '0' && *text <= '9') number = number * 10 + (*text++ - '0');
    const long result = call6(number, -1, -1, -1, -1, -1, -1);
    int length = digits(line, (unsigned long)number);
    line[length++] = ' ';
    if (result < 0) line[length++] = '-';
    length += digits(line + length, (unsigned long)(result < 0 ? -result : result));
    line[length++] = '\n';
    call3(__NR_write, 1, (long)line, length);
  }
  while (wait && call3(__NR_read, 0, (long)line, sizeof(line)) > 0) continue;
  for (;;) call3(__NR_exit_group, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  mov %rsp, %rdi\n  call start\n");
#else
__asm__(".globl _start\n_start:\n  mov x0, sp\n  bl start\n");
#endif
