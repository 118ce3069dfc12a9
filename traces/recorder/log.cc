// SPDX-License-Identifier: MIT
#include "traces/recorder/log.h"

#include <errno.h>
#include <immintrin.h>

#include <algorithm>

#include "traces/recorder/segments.h"

namespace heapwise::recorder {
namespace {

using spool::Code;
using spool::Kind;

struct Event {
  Kind kind;
  unsigned align_log2;
  std::uint64_t address;
  std::uint64_t size;
  std::uint64_t now;
};

// The writer of this thread that nobody is writing to, claimed. Null when a handler interrupted a
// handler that interrupted the writing of an event.
Writer* claim_writer(std::uint64_t key) {
  for (Writer* writer : {&self.writer, &self.nested}) {
    if (writer->key == kBusy) continue;
    const bool stale = writer->key != key;
    writer->key = kBusy;
    compiler_barrier();
    if (stale) writer->cursor = writer->limit = nullptr;
    return writer;
  }
  return nullptr;
}

// With the key by which it was claimed: in the child of a fork in between, that is nobody's.
void release_writer(Writer* writer, std::uint64_t key) {
  compiler_barrier();
  writer->key = key;
}

void count_dropped() {
  spool_of_process.header->dropped_events.fetch_add(1, std::memory_order_relaxed);
}

// Brings the writer's time to `now` and returns the ticks that the next event has to add. A stamp
// taken before an event that was written first (by a signal handler) counts as that event's.
std::uint64_t advance(Writer& writer, std::uint64_t now) {
  now = std::max(now, writer.last);
  const std::uint64_t delta = now - writer.last;
  writer.last = now;
  if (delta < spool::kDeltaLimit) return delta;
  put_word(writer.cursor + 8, now);
  publish(writer, spool::make_extended(Code::clock, 0, 0), 16);
  return 0;
}

void write_extended(Writer& writer, Code code, std::uint64_t value, std::uint64_t argument,
                    std::uint64_t now, std::uint64_t second_argument = 0) {
  const std::uint64_t delta = advance(writer, now);
  const spool::Word word = spool::make_extended(code, value, delta);
  if (spool::argument_count(code) > 0) put_word(writer.cursor + 8, argument);
  if (spool::argument_count(code) > 1) put_word(writer.cursor + 16, second_argument);
  publish(writer, word, spool::event_bytes(word));
}

// Gives the writer room for the largest event. False when there is none to be had.
bool make_room(Writer& writer) {
  while (writer.cursor >= writer.limit) {
    std::uint64_t waited = 0;
    if (!next_segment(writer, &waited)) return false;
    if (waited != 0 && writer.cursor < writer.limit) {
      write_extended(writer, Code::stall, 0, waited, writer.last);
    }
  }
  return true;
}

template <Kind kind>
bool write_compact(Writer& writer, const Event& event, std::uint64_t delta) {
  if (event.kind != kind) return false;
  put_compact<kind>(writer.cursor, event.address, delta, event.size, event.align_log2);
  compiler_barrier();
  writer.cursor += compact_bytes(kind);
  return true;
}

void write_event(Writer& writer, const Event& event) {
  const std::uint64_t delta = advance(writer, event.now);
  if (spool::fits_address(event.address) && (event.size >> 32) == 0) {
    if (write_compact<Kind::malloc>(writer, event, delta) ||
        write_compact<Kind::calloc>(writer, event, delta) ||
        write_compact<Kind::aligned>(writer, event, delta) ||
        write_compact<Kind::free>(writer, event, delta) ||
        write_compact<Kind::realloc_begin>(writer, event, delta) ||
        write_compact<Kind::realloc_end>(writer, event, delta)) {
      return;
    }
  }
  put_word(writer.cursor + 8, event.address);
  put_word(writer.cursor + 16, event.size);
  publish(writer,
          spool::make_extended(Code::wide, spool::wide_value(event.kind, event.align_log2), delta),
          24);
}

// The first event of a thread in this process: it gets its number and says who made it.
void begin_thread(Writer& writer) {
  self.generation = generation;
  const bool known = self.given_number != 0;
  self.number = known ? self.given_number - 1 : take_thread_number();
  const std::uint32_t creator = known ? self.creator : 0;
  self.given_number = 0;
  self.ended = false;
  self.random = 2463534242U + self.number;
  self.countdown = 1 + self.number % 64;
  note_thread_end_later();
  if (make_room(writer)) write_extended(writer, Code::thread_begin, creator, 0, stamp());
}

// What comes after the end of its thread keeps no segment.
void leave_nothing_behind(Writer& claimed) {
  hand_over(claimed);
  Writer& other = &claimed == &self.writer ? self.nested : self.writer;
  if (other.key == process->key.load(std::memory_order_relaxed)) hand_over(other);
}

template <class Write>
void with_writer(Write write) {
  if (!ensure_recording()) return;
  const std::uint64_t key = process->key.load(std::memory_order_relaxed);
  Writer* writer = claim_writer(key);
  if (writer == nullptr) return count_dropped();
  if (self.generation != generation) begin_thread(*writer);
  if (make_room(*writer)) {
    write(*writer);
  } else {
    count_dropped();
  }
  if (self.ended) leave_nothing_behind(*writer);
  release_writer(writer, key);
}

}  // namespace

constinit thread_local ThreadState self{};

[[gnu::cold, gnu::noinline]] void log_slow(Kind kind, std::uint64_t address, std::uint64_t now,
                                           std::size_t size, unsigned align_log2) {
  const int kept = errno;
  with_writer([&](Writer& writer) {
    write_event(writer, Event{kind, align_log2, address, size, now});
  });
  errno = kept;
}

[[gnu::cold, gnu::noinline]] void log_extended(Code code, std::uint64_t value,
                                               std::uint64_t argument,
                                               std::uint64_t second_argument) {
  const int kept = errno;
  const std::uint64_t now = stamp();
  with_writer(
      [&](Writer& writer) { write_extended(writer, code, value, argument, now, second_argument); });
  errno = kept;
}

[[gnu::cold, gnu::noinline]] void announce_thread() {
  const int kept = errno;
  with_writer([](Writer&) {});
  errno = kept;
}

}  // namespace heapwise::recorder
