// SPDX-License-Identifier: MIT
// glibc's malloc, with its calls counted while a benchmark runs. What is counted goes to standard
// error at the end: "allocations=… reallocations=… frees=…".
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <atomic>

#include "allocators/probe.h"

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);
}

namespace {

thread_local bool counting;
std::atomic<unsigned long> allocations, reallocations, frees;

void count(std::atomic<unsigned long>& calls) {
  if (counting) calls.fetch_add(1, std::memory_order_relaxed);
}

struct AtTheEnd {
  ~AtTheEnd() {
    fprintf(stderr, "allocations=%lu reallocations=%lu frees=%lu\n", allocations.load(),
            reallocations.load(), frees.load());
  }
};
const AtTheEnd at_the_end;

}  // namespace

#define HEAPWISE_EXPORT extern "C" [[gnu::visibility("default")]]

HEAPWISE_EXPORT void* malloc(size_t size) {
  count(allocations);
  return __libc_malloc(size);
}

HEAPWISE_EXPORT void* calloc(size_t nmemb, size_t size) {
  count(allocations);
  return __libc_calloc(nmemb, size);
}

HEAPWISE_EXPORT void* realloc(void* block, size_t size) {
  count(reallocations);
  return __libc_realloc(block, size);
}

HEAPWISE_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  count(allocations);
  return __libc_memalign(alignment, size);
}

HEAPWISE_EXPORT void free(void* block) {
  if (block != nullptr) count(frees);
  __libc_free(block);
}

HEAPWISE_EXPORT void heapwise_null_replays(int on) { counting = on != 0; }

namespace heapwise::probe {

void identify(Identity& identity) { copy_text(identity.version, sizeof identity.version, "0"); }

}  // namespace heapwise::probe
