// SPDX-License-Identifier: MIT
// An allocator that a program dies of when it is preloaded: it works until the program is perl.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

extern void* __libc_malloc(size_t size);

__attribute__((visibility("default"))) void* malloc(size_t size) {
  const char* name = program_invocation_short_name;
  if (name != NULL && strcmp(name, "perl") == 0) raise(SIGSEGV);
  return __libc_malloc(size);
}
