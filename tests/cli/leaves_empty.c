// SPDX-License-Identifier: MIT
// Takes a large block and writes its first byte.
#include <stdlib.h>

int main(void) {
  volatile char* const block = malloc(64 << 20);
  if (block == NULL) return 1;
  block[0] = 1;
  return 0;
}
