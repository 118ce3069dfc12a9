// SPDX-License-Identifier: MIT
// A malloc that gives memory a thousand times and never again, but for what threads are made of
// (calloc).
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#pragma GCC visibility push(default)

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);

static atomic_int given;

static int gives(void) {
  if (atomic_fetch_add(&given, 1) < 1000) return 1;
  errno = ENOMEM;
  return 0;
}

void* malloc(size_t size) { return gives() ? __libc_malloc(size) : NULL; }
void* calloc(size_t count, size_t size) { return __libc_calloc(count, size); }
void* realloc(void* block, size_t size) { return gives() ? __libc_realloc(block, size) : NULL; }
void* memalign(size_t alignment, size_t size) {
  return gives() ? __libc_memalign(alignment, size) : NULL;
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
void free(void* block) { __libc_free(block); }
