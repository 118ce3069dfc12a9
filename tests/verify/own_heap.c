// SPDX-License-Identifier: MIT
// A program that keeps its memory in a heap of its own: address space reserved and left out of core
// dumps, parts of it put into use and back into them. malloc gives 8 MiB, half of which stay out.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MIB ((size_t)1 << 20)

int main(void) {
  const struct timespec while_it_is_looked_at = {0, 200000000};
  char* const own =
      mmap(NULL, 4096 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (own == MAP_FAILED || madvise(own, 4096 * MIB, MADV_DONTDUMP) != 0) return 1;
  if (mprotect(own, 40 * MIB, PROT_READ | PROT_WRITE) != 0) return 1;
  if (madvise(own, 40 * MIB, MADV_DODUMP) != 0) return 1;
  memset(own, 1, 40 * MIB);
  char* const held = malloc(4 * MIB);
  memset(held, 1, 4 * MIB);
  // What a program keeps out of its core dumps may be malloc's all the same.
  char* const secret = aligned_alloc(4096, 4 * MIB);
  if (madvise(secret, 4 * MIB, MADV_DONTDUMP) != 0) return 1;
  memset(secret, 1, 4 * MIB);
  nanosleep(&while_it_is_looked_at, NULL);
  return own[5] + held[5] + secret[5] == 3 ? 0 : 1;
}
