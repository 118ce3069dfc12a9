// SPDX-License-Identifier: MIT
// Calls by which the program changes pages for longer than they are its own. What the kernel takes
// pages from keeps its protection, its advice and its memory policy, and the place of a large block
// is another's later. mlock is not here: the kernel refuses to take locked pages, which shows.
#include <sys/mman.h>

#include "traces/recorder/export.h"
#include "traces/recorder/large.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"

namespace heapwise::recorder {
namespace {

constinit Next<int (*)(void*, std::size_t, int)> next_mprotect("mprotect");
constinit Next<int (*)(void*, std::size_t, int, int)> next_pkey_mprotect("pkey_mprotect");
constinit Next<int (*)(void*, std::size_t, int)> next_madvise("madvise");

}  // namespace

void resolve_pages() {
  next_mprotect.get();
  next_pkey_mprotect.get();
  next_madvise.get();
}

// What only moves pages about, or says how they will be read, does no harm to the next block.
bool is_lasting_advice(int advice) {
  switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_COLD:
    case MADV_PAGEOUT:
      return false;
    default:
      return true;
  }
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

HEAPWISE_EXPORT int mprotect(void* addr, size_t len, int prot) {
  note_changed_pages(addr, len);
  return next_mprotect.get()(addr, len, prot);
}

HEAPWISE_EXPORT int pkey_mprotect(void* addr, size_t len, int prot, int pkey) {
  note_changed_pages(addr, len);
  return next_pkey_mprotect.get()(addr, len, prot, pkey);
}

HEAPWISE_EXPORT int madvise(void* addr, size_t len, int advice) {
  if (is_lasting_advice(advice)) note_changed_pages(addr, len);
  return next_madvise.get()(addr, len, advice);
}
