// SPDX-License-Identifier: MIT
// What the replay loop holds in its hands: slots, mailboxes, and the pages of blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/plan/plan.h"

namespace heapwise::replay {

/// Passes one object at a time from one thread to one other: null while empty.
using Mailbox = std::atomic<void*>;

/// Stands in a mailbox for the null of an allocation that failed.
inline void* null_in_mailbox() { return reinterpret_cast<void*>(std::uintptr_t{1}); }

struct Replay;
struct TimeStop;

/// Why the loop leaves for the one function that is not the allocator's.
enum class Reason : unsigned {
  word,  ///< a rare word is to be performed
  wait,  ///< a mailbox is not ready, and spinning did not help
  pace,  ///< a sample is due, or the loop runs ahead of the recording
};

/// One replayed thread. The first line is all that the loop touches.
struct alignas(64) Lane {
  void** slots;
  Mailbox* mailboxes;
  std::uint64_t failed_calls;
  Replay* replay;
  const plan::Word* next;
  const plan::Word* end;
  const std::uint32_t* delays;  ///< of `next`
  std::uint32_t number;
  std::uint32_t ends;

  alignas(64) std::atomic<std::uint32_t> turn;  ///< 1: this thread's turn, in recorded order
  std::atomic<std::int32_t> system_id;          ///< 0 until the thread runs
  std::atomic<std::uint32_t> started;
  unsigned long handle;  ///< pthread_t
  void* stack;
  Lane* next_leaver;
  std::int64_t waited_cpu_ns;         ///< unpaced: CPU time that went into waiting for mailboxes
  std::atomic<std::int64_t> time_ns;  ///< unpaced: trace time of the next word after a stop
  const TimeStop* stops;              ///< unpaced
  const TimeStop* stops_end;
};

constexpr std::uintptr_t kPage = 4096;

/// Writes a byte at `from` and at each page boundary up to `to`, as a program does that fills this
/// part of the block.
inline void touch(void* block, std::uint64_t from, std::uint64_t to) {
  if (from >= to) return;
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(block) + from;
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(block) + to;
  *reinterpret_cast<volatile char*>(begin) = 1;
  for (std::uintptr_t at = (begin | (kPage - 1)) + 1; at < end; at += kPage) {
    *reinterpret_cast<volatile char*>(at) = 1;
  }
}

/// Stores a new block of `size` bytes, or counts that there is none.
inline bool keep(Lane& lane, void*& slot, void* block, std::uint64_t size) {
  slot = block;
  if (block != nullptr) [[likely]]
    return true;
  lane.failed_calls += size != 0 ? 1 : 0;
  return false;
}

/// The same after a realloc, never to nothing. One that fails leaves the old block alone; the words
/// that follow write as far as the new one would have reached, so the old one goes.
template <class World>
inline bool keep_resized(Lane& lane, void*& slot, void* block) {
  if (block != nullptr) [[likely]] {
    slot = block;
    return true;
  }
  World::free(slot);
  slot = nullptr;
  ++lane.failed_calls;
  return false;
}

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace heapwise::replay
