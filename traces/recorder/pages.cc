// SPDX-License-Identifier: MIT
// Calls by which the program changes pages for longer than they are its own. What the kernel takes
// pages from keeps its protection, its advice and its memory policy, and the place of a large block
// is another's later. So does what it maps over them. mlock is not here: the kernel refuses to take
// locked pages, which shows.
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "traces/recorder/export.h"
#include "traces/recorder/large.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"

namespace heapwise::recorder {
namespace {

constinit Next<int (*)(void*, std::size_t, int)> next_mprotect("mprotect");
constinit Next<int (*)(void*, std::size_t, int, int)> next_pkey_mprotect("pkey_mprotect");
constinit Next<int (*)(void*, std::size_t, int)> next_madvise("madvise");
using Map = Next<void* (*)(void*, std::size_t, int, int, int, off64_t)>;
constinit Map next_mmap("mmap");
constinit Map next_mmap64("mmap64");
constinit Next<void* (*)(void*, std::size_t, std::size_t, int, void*)> next_mremap("mremap");
constinit Next<void* (*)(int, const void*, int)> next_shmat("shmat");

// Looking the function up may allocate, and an allocator maps memory for that: until it is known
// the kernel is asked.
void* map(Map& next, void* at, std::size_t bytes, int protection, int flags, int fd,
          off64_t offset) {
  if ((flags & MAP_FIXED) != 0) note_changed_pages(at, bytes);
  if (next.known() != nullptr) return next.known()(at, bytes, protection, flags, fd, offset);
  const long mapped =
      system_call(SYS_mmap, argument(at), static_cast<long>(bytes), protection, flags, fd, offset);
  if (mapped >= 0 || mapped < -4095) return reinterpret_cast<void*>(mapped);
  errno = static_cast<int>(-mapped);
  return MAP_FAILED;
}

std::size_t segment_bytes(int id) {
  shmid_ds about{};
  return shmctl(id, IPC_STAT, &about) == 0 ? about.shm_segsz : 0;
}

}  // namespace

void resolve_pages() {
  next_mprotect.get();
  next_pkey_mprotect.get();
  next_madvise.get();
  next_mmap.get();
  next_mmap64.get();
  next_mremap.get();
  next_shmat.get();
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

HEAPWISE_EXPORT void* mmap(void* addr, size_t len, int prot, int flags, int fd, off_t offset) {
  return map(next_mmap, addr, len, prot, flags, fd, offset);
}

HEAPWISE_EXPORT void* mmap64(void* addr, size_t len, int prot, int flags, int fd, off64_t offset) {
  return map(next_mmap64, addr, len, prot, flags, fd, offset);
}

HEAPWISE_EXPORT void* mremap(void* addr, size_t old_len, size_t new_len, int flags, ...) {
  va_list list;
  va_start(list, flags);
  void* const to = va_arg(list, void*);  // what the kernel ignores where there is none
  va_end(list);
  if ((flags & MREMAP_FIXED) != 0) note_changed_pages(to, new_len);
  return next_mremap.get()(addr, old_len, new_len, flags, to);
}

HEAPWISE_EXPORT void* shmat(int shmid, const void* shmaddr, int shmflg) {
  if ((shmflg & SHM_REMAP) != 0) note_changed_pages(shmaddr, segment_bytes(shmid));
  return next_shmat.get()(shmid, shmaddr, shmflg);
}

HEAPWISE_EXPORT int pkey_mprotect(void* addr, size_t len, int prot, int pkey) {
  note_changed_pages(addr, len);
  return next_pkey_mprotect.get()(addr, len, prot, pkey);
}

HEAPWISE_EXPORT int madvise(void* addr, size_t len, int advice) {
  if (is_lasting_advice(advice)) note_changed_pages(addr, len);
  return next_madvise.get()(addr, len, advice);
}
