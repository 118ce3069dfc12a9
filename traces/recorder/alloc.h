// SPDX-License-Identifier: MIT
// Calling the real allocator and writing down that it was called.
//
// An allocation is stamped after the call and a free before it; a reallocation is both, as two
// half-events. So an address is never seen freed after another thread already has it again.
#pragma once

#include <cstddef>
#include <cstdint>

#include "traces/recorder/large.h"
#include "traces/recorder/log.h"
#include "traces/recorder/real.h"

namespace heapwise::recorder {

/// True once in a while: the call that is to be timed.
inline bool time_this_one() { return __builtin_expect(--self.countdown == 0, 0); }

/// Adds one timed call to the totals and says when the next is due.
void count_timed(std::uint64_t allocator_ticks, std::uint64_t recorder_ticks);

void count_failed();

/// The smallest n with 1 << n >= alignment.
inline unsigned log2_ceiling(std::size_t alignment) {
  return alignment <= 1 ? 0
                        : 64U - static_cast<unsigned>(__builtin_clzll(
                                    static_cast<unsigned long long>(alignment - 1)));
}

template <spool::Kind kind, class Call>
[[gnu::cold, gnu::noinline]] void* timed_allocation(Call call, std::size_t size,
                                                    unsigned align_log2) {
  const std::uint64_t before = stamp();
  void* block = call();
  const std::uint64_t after = stamp();
  if (block == nullptr) {
    count_failed();
    return nullptr;
  }
  log_event<kind>(block, after, size, align_log2);
  count_timed(after - before, stamp() - after);
  return block;
}

template <spool::Kind kind, class Call>
inline void* log_plain_allocation(Call call, std::size_t size, unsigned align_log2) {
  if (time_this_one()) return timed_allocation<kind>(call, size, align_log2);
  void* block = call();
  if (__builtin_expect(block == nullptr, 0)) {
    count_failed();
    return nullptr;
  }
  log_event<kind>(block, stamp(), size, align_log2);
  return block;
}

template <spool::Kind kind, class Call>
[[gnu::cold, gnu::noinline]] void* log_large_allocation(Call call, std::size_t size,
                                                        unsigned align_log2) {
  void* block = place_large(size, Growth::none, align_log2);
  if (block == nullptr) return log_plain_allocation<kind>(call, size, align_log2);
  log_event<kind>(block, stamp(), size, align_log2);
  return block;
}

/// Allocates `size` bytes, by `call` unless they are placed elsewhere, and logs it.
template <spool::Kind kind, class Call>
inline void* log_allocation(Call call, std::size_t size, unsigned align_log2 = 0) {
  if (__builtin_expect(is_measured(size), 0)) {
    return log_large_allocation<kind>(call, size, align_log2);
  }
  return log_plain_allocation<kind>(call, size, align_log2);
}

inline void* log_malloc(std::size_t size) {
  return log_allocation<spool::Kind::malloc>([size] { return real.malloc(size); }, size);
}

inline void* log_aligned_alloc(std::size_t alignment, std::size_t size) {
  return log_allocation<spool::Kind::aligned>(
      [alignment, size] { return real.aligned_alloc(alignment, size); }, size,
      log2_ceiling(alignment));
}

void timed_free(void* block);
void free_large(void* block);

inline void log_plain_free(void* block) {
  if (time_this_one()) return timed_free(block);
  log_event<spool::Kind::free>(block, stamp());
  real.free(block);
}

inline void log_free(void* block) {
  if (block == nullptr) return;
  if (__builtin_expect(may_be_placed(block), 0)) return free_large(block);
  log_plain_free(block);
}

}  // namespace heapwise::recorder
