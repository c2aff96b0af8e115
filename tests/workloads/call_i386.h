// SPDX-License-Identifier: Apache-2.0
// A 32-bit call from 64-bit code, through int $0x80, with the same value in the five arguments that registers of 32-bit
// code hold. Does nothing on other architectures than x86_64.
#pragma once

static inline void call_i386(long number, long argument) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(argument), "c"(argument), "d"(argument), "S"(argument), "D"(argument)
                   : "memory", "r8", "r9", "r10", "r11");
#else
  (void)number;
  (void)argument;
#endif
}

// The same with five arguments of their own; all of a register goes to the filter, the lower half to the call.
static inline void call_i386_with(long number, const unsigned long arguments[5]) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]), "S"(arguments[3]),
                     "D"(arguments[4])
                   : "memory", "r8", "r9", "r10", "r11");
#else
  (void)number;
  (void)arguments;
#endif
}
