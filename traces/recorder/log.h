// SPDX-License-Identifier: MIT
// The event path. What is here runs with every call of the program to malloc and free: no lock, no
// loop, no call, no system call. All else is behind log_slow().
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "traces/recorder/clock.h"
#include "traces/recorder/process.h"
#include "traces/recorder/spool.h"
#include "traces/recorder/thread_state.h"

namespace heapwise::recorder {

/// Orders stores as a signal handler of this thread, or a reader after its death, sees them.
inline void compiler_barrier() { asm volatile("" ::: "memory"); }

/// An event that found no room, or does not fit a compact one, or stands before the thread's first.
void log_slow(spool::Kind kind, std::uint64_t address, std::uint64_t now, std::size_t size,
              unsigned align_log2);

/// An event of another kind than those of spool::Kind, stamped now.
void log_extended(spool::Code code, std::uint64_t value = 0, std::uint64_t argument = 0,
                  std::uint64_t second_argument = 0);

/// Makes sure that the calling thread, and this process, has begun.
void announce_thread();

/// Bytes of a compact event of this kind.
constexpr std::size_t compact_bytes(spool::Kind kind) {
  return spool::event_bytes(spool::make_word(kind, 0, 0));
}

inline void put_word(unsigned char* at, spool::Word word) { std::memcpy(at, &word, sizeof word); }
inline void put_half(unsigned char* at, std::size_t value) {
  const auto half = static_cast<std::uint32_t>(value);
  std::memcpy(at, &half, sizeof half);
}

/// Writes a compact event whole: first the end mark behind it, last the word that makes it valid.
template <spool::Kind kind>
inline void put_compact(unsigned char* at, std::uint64_t address, std::uint64_t delta,
                        std::size_t size, unsigned align_log2) {
  constexpr std::size_t bytes = compact_bytes(kind);
  put_word(at + bytes, 0);
  if constexpr (bytes > 8) put_half(at + 8, size);
  if constexpr (bytes > 12) put_half(at + 12, align_log2);
  compiler_barrier();
  put_word(at, spool::make_word(kind, address, delta));
}

/// Makes an event valid whose arguments stand behind the cursor, and moves on.
inline void publish(Writer& writer, spool::Word word, std::size_t bytes) {
  put_word(writer.cursor + bytes, 0);
  compiler_barrier();
  put_word(writer.cursor, word);
  compiler_barrier();
  writer.cursor += bytes;
}

template <spool::Kind kind>
inline void log_event(const void* block, std::uint64_t now, std::size_t size = 0,
                      unsigned align_log2 = 0) {
  const auto address = reinterpret_cast<std::uint64_t>(block);
  Writer& writer = self.writer;
  const std::uint64_t key = process->key.load(std::memory_order_relaxed);
  if (__builtin_expect(writer.key == key, 1)) {
    writer.key = kBusy;
    compiler_barrier();
    unsigned char* at = writer.cursor;
    const std::uint64_t delta = now - writer.last;
    if (__builtin_expect(at < writer.limit && delta < spool::kDeltaLimit &&
                             spool::fits_address(address) && (size >> 32) == 0,
                         1)) {
      put_compact<kind>(at, address, delta, size, align_log2);
      compiler_barrier();
      writer.cursor = at + compact_bytes(kind);
      writer.last = now;
      compiler_barrier();
      writer.key = key;
      return;
    }
    compiler_barrier();
    writer.key = key;
  }
  log_slow(kind, address, now, size, align_log2);
}

}  // namespace heapwise::recorder
