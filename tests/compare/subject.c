/* SPDX-License-Identifier: MIT */
/* An allocator whose faults are known: glibc's malloc behind a wrapper that wastes time or memory
 * by an amount given when it is compiled. What compares results must find it out.
 *
 *   cc -O2 -shared -fPIC -DWASTE_LOOPS=12 subject.c -o libsubject.so    some ns in each call
 *   cc -O2 -shared -fPIC -DWASTE_PERMILLE=100 subject.c -o libsubject.so  so much more per object
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WASTE_LOOPS
#define WASTE_LOOPS 0
#endif
#ifndef WASTE_PERMILLE
#define WASTE_PERMILLE 0
#endif

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* object);

static void waste_time(void) {
  uint64_t value = 1;
  for (int i = 0; i < WASTE_LOOPS; ++i) {
    value *= 3;
    __asm__ volatile("" : "+r"(value)); /* one multiplication after the other, none left out */
  }
}

static size_t grown(size_t size) {
  waste_time();
  return size > SIZE_MAX / 2000 ? size : size + size * WASTE_PERMILLE / 1000;
}

/* What is asked for in vain must be resident, or it costs no memory. */
static void* touched(char* object, size_t asked, size_t grown_to) {
  if (object != NULL) {
    for (size_t at = asked; at < grown_to; at += 4096) object[at] = 0;
    if (grown_to > asked) object[grown_to - 1] = 0;
  }
  return object;
}

void* malloc(size_t size) {
  const size_t bytes = grown(size);
  return touched(__libc_malloc(bytes), size, bytes);
}

void* calloc(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) {
    errno = ENOMEM;
    return NULL;
  }
  const size_t bytes = grown(count * size);
  return touched(__libc_calloc(1, bytes), count * size, bytes);
}

void* realloc(void* old, size_t size) {
  const size_t bytes = grown(size);
  void* const object = __libc_realloc(old, bytes);
  return size == 0 ? object : touched(object, size, bytes);
}

void* memalign(size_t alignment, size_t size) {
  const size_t bytes = grown(size);
  return touched(__libc_memalign(alignment, bytes), size, bytes);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** object, size_t alignment, size_t size) {
  *object = memalign(alignment, size);
  return *object == NULL ? ENOMEM : 0;
}

void free(void* object) {
  waste_time();
  __libc_free(object);
}
