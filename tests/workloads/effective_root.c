// SPDX-License-Identifier: Apache-2.0
// effective_root: prints its user and its effective user, and ends with 0 when the latter is root, otherwise with 1.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  printf("%d %d\n", (int)getuid(), (int)geteuid());
  return geteuid() == 0 ? 0 : 1;
}
