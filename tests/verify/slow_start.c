// SPDX-License-Identifier: MIT
// A program that is long in the dynamic linker's hands, and then holds memory until its end; or,
// with ENDS_AT_ONCE, ends before anybody can look at it.
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

static void sleep_ms(long ms) {
  const struct timespec time = {0, ms * 1000000};
  long ended;
  __asm__ volatile("syscall"
                   : "=a"(ended)
                   : "0"((long)SYS_nanosleep), "D"(&time), "S"(0L)
                   : "rcx", "r11", "memory");
}

static int answer(void) { return 42; }

/// Called while the program is relocated, when no function of libc can be.
static int (*choose(void))(void) {
  sleep_ms(400);
  return answer;
}

int chosen(void) __attribute__((ifunc("choose")));

#ifdef ENDS_AT_ONCE
int main(void) {
  char* volatile held = malloc(100);
  free(held);
  return chosen() == 42 ? 0 : 1;
}
#else
int main(void) {
  char* const held = malloc(8 << 20);
  memset(held, 1, 8 << 20);
  sleep_ms(200);
  return chosen() + held[5] == 43 ? 0 : 1;
}
#endif
