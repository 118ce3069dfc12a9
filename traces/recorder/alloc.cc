// SPDX-License-Identifier: MIT
// The malloc family as the program calls it.
#include "traces/recorder/alloc.h"

#include <errno.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>

#include "traces/recorder/export.h"

namespace heapwise::recorder {

using spool::Code;
using spool::Kind;

namespace {

// A timed call that was interrupted by something else says nothing; 100 us are more than any call
// that was not.
constexpr std::uint64_t kLongestTimed = 1U << 18;

std::size_t whole_pages(std::size_t size) {
  return (size + spool::kPage - 1) & ~(spool::kPage - 1);
}

void end_realloc(void* block, std::size_t size) {
  if (block != nullptr) {
    log_event<Kind::realloc_end>(block, stamp(), size);
  } else if (size == 0) {
    log_extended(Code::realloc_freed);
  } else {
    log_extended(Code::realloc_failed);
    count_failed();
  }
}

void* free_by_realloc(void* block) {
  log_touched(block);
  log_event<Kind::realloc_begin>(block, stamp());
  log_extended(Code::realloc_freed);
  release_large(block);
  return nullptr;
}

// A block that outgrew its place, or that shrinks where nothing can be given back.
void* move_placed(void* block, std::size_t size) {
  void* const placed = place_large(size, Growth::expected, 0, placed_size(block));
  void* const moved = placed != nullptr ? placed : real.malloc(size);
  log_touched(block);
  log_event<Kind::realloc_begin>(block, stamp());
  end_realloc(moved, size);
  if (moved == nullptr) return nullptr;
  if (placed != nullptr) {
    copy_touched(moved, block, size);
  } else {
    std::memcpy(moved, block, std::min(size, placed_usable_size(block)));
  }
  release_large(block);
  return moved;
}

void* realloc_placed(void* block, std::size_t size) {
  if (size == 0) return free_by_realloc(block);
  if (!resize_large(block, size)) return move_placed(block, size);
  log_event<Kind::realloc_begin>(block, stamp());
  log_event<Kind::realloc_end>(block, stamp(), size);
  return block;
}

// A block of libc's that has become large: from now on its pages are counted.
void* place_grown(void* block, std::size_t size) {
  void* placed = place_large(size, Growth::expected, 0);
  if (placed == nullptr) return nullptr;
  log_event<Kind::realloc_begin>(block, stamp());
  log_event<Kind::realloc_end>(placed, stamp(), size);
  std::memcpy(placed, block, std::min(size, real.malloc_usable_size(block)));
  real.free(block);
  return placed;
}

void* log_plain_realloc(void* block, std::size_t size) {
  log_event<Kind::realloc_begin>(block, stamp());
  void* moved = real.realloc(block, size);
  end_realloc(moved, size);
  return moved;
}

[[gnu::cold, gnu::noinline]] void* log_large_realloc(void* block, std::size_t size) {
  if (is_placed(block)) return realloc_placed(block, size);
  void* placed = is_large(size) ? place_grown(block, size) : nullptr;
  return placed != nullptr ? placed : log_plain_realloc(block, size);
}

void* log_realloc(void* block, std::size_t size) {
  if (block == nullptr) {
    return log_allocation<Kind::malloc>([size] { return real.realloc(nullptr, size); }, size);
  }
  if (__builtin_expect(is_large(size) || may_be_placed(block), 0)) {
    return log_large_realloc(block, size);
  }
  return log_plain_realloc(block, size);
}

// What posix_memalign takes.
bool is_alignment(std::size_t alignment) {
  return alignment % sizeof(void*) == 0 && alignment != 0 && (alignment & (alignment - 1)) == 0;
}

}  // namespace

[[gnu::cold, gnu::noinline]] void count_timed(std::uint64_t allocator_ticks,
                                              std::uint64_t recorder_ticks) {
  // Not every 64th event exactly, as programs repeat themselves too.
  self.random ^= self.random << 13;
  self.random ^= self.random >> 17;
  self.random ^= self.random << 5;
  self.countdown = 32 + self.random % 64;
  note_activity();
  if (!is_recording() || std::max(allocator_ticks, recorder_ticks) > kLongestTimed) return;
  spool::Header* header = spool_of_process.header;
  header->timed_events.fetch_add(1, std::memory_order_relaxed);
  header->allocator_ticks.fetch_add(allocator_ticks, std::memory_order_relaxed);
  header->recorder_ticks.fetch_add(recorder_ticks, std::memory_order_relaxed);
  log_extended(spool::Code::timed, 0, allocator_ticks << 32 | recorder_ticks);
}

[[gnu::cold, gnu::noinline]] void count_failed() {
  if (!is_recording()) return;
  spool_of_process.header->failed_allocations.fetch_add(1, std::memory_order_relaxed);
}

[[gnu::cold, gnu::noinline]] void timed_free(void* block) {
  const std::uint64_t before = stamp();
  log_event<Kind::free>(block, before);
  const std::uint64_t logged = stamp();
  real.free(block);
  count_timed(stamp() - logged, logged - before);
}

[[gnu::cold, gnu::noinline]] void free_large(void* block) {
  if (!is_placed(block)) return log_plain_free(block);
  log_touched(block);
  log_event<Kind::free>(block, stamp());
  release_large(block);
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

HEAPWISE_EXPORT void* malloc(size_t size) { return log_malloc(size); }

HEAPWISE_EXPORT void* calloc(size_t nmemb, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(nmemb, size, &bytes)) return real.calloc(nmemb, size);
  return log_allocation<Kind::calloc>([=] { return real.calloc(nmemb, size); }, bytes);
}

HEAPWISE_EXPORT void free(void* ptr) { log_free(ptr); }

HEAPWISE_EXPORT void cfree(void* ptr) { log_free(ptr); }

HEAPWISE_EXPORT void* realloc(void* ptr, size_t size) { return log_realloc(ptr, size); }

HEAPWISE_EXPORT void* reallocarray(void* ptr, size_t nmemb, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(nmemb, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return log_realloc(ptr, bytes);
}

HEAPWISE_EXPORT int posix_memalign(void** memptr, size_t alignment, size_t size) {
  int error = 0;
  if (!is_alignment(alignment)) {
    count_failed();
    return EINVAL;
  }
  void* block = log_allocation<Kind::aligned>(
      [&]() -> void* {
        void* at = nullptr;
        error = real.posix_memalign(&at, alignment, size);
        return error == 0 ? at : nullptr;
      },
      size, log2_ceiling(alignment));
  if (error == 0) *memptr = block;
  return error;
}

HEAPWISE_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  return log_aligned_alloc(alignment, size);
}

HEAPWISE_EXPORT void* memalign(size_t alignment, size_t size) {
  return log_allocation<Kind::aligned>([=] { return real.memalign(alignment, size); }, size,
                                       log2_ceiling(alignment));
}

HEAPWISE_EXPORT void* valloc(size_t size) {
  return log_allocation<Kind::aligned>([=] { return real.valloc(size); }, size,
                                       log2_ceiling(heapwise::spool::kPage));
}

HEAPWISE_EXPORT void* pvalloc(size_t size) {
  return log_allocation<Kind::aligned>([=] { return real.pvalloc(size); }, whole_pages(size),
                                       log2_ceiling(heapwise::spool::kPage));
}

HEAPWISE_EXPORT size_t malloc_usable_size(void* ptr) {
  if (is_recording()) {
    spool_of_process.header->usable_size_calls.fetch_add(1, std::memory_order_relaxed);
  }
  if (may_be_placed(ptr) && is_placed(ptr)) return placed_usable_size(ptr);
  return real.malloc_usable_size(ptr);
}

HEAPWISE_EXPORT int malloc_trim(size_t pad) {
  log_extended(Code::trim, 0, pad);
  return real.malloc_trim(pad);
}

HEAPWISE_EXPORT int mallopt(int param, int val) {
  log_extended(Code::mallopt, 0,
               static_cast<std::uint64_t>(static_cast<std::uint32_t>(param)) << 32 |
                   static_cast<std::uint32_t>(val));
  return real.mallopt(param, val);
}
