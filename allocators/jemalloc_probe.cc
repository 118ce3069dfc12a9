// SPDX-License-Identifier: MIT
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/probe.h"

namespace heapwise::probe {
namespace {

/// What jemalloc says this thread has allocated so far.
uint64_t allocated_bytes() {
  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  return mallctl("thread.allocated", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
}

}  // namespace

void identify(Identity& identity) {
  const char* version = "unknown";
  size_t size = sizeof(const char*);
  mallctl("version", &version, &size, nullptr, 0);
  copy_text(identity.version, sizeof identity.version, version);
  char* const commit = strchr(identity.version, '-');  // as in "5.3.0-0-g54eaed1"
  if (commit != nullptr) *commit = '\0';
  if (!malloc_comes_with(reinterpret_cast<const void*>(&mallctl), identity)) return;
  const uint64_t before = allocated_bytes();
  void* volatile block = malloc(4096);
  const bool counted = allocated_bytes() >= before + 4096;
  free(block);
  if (!counted) identity.refusal = "jemalloc does not count what malloc hands out";
}

}  // namespace heapwise::probe
