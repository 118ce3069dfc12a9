// SPDX-License-Identifier: MIT
#include "traces/recorder/segments.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "traces/recorder/log.h"

namespace heapwise::recorder {
namespace {

using spool::Header;
using spool::SegmentState;

// Waiting is counted in pauses, as the clock may be frozen; a pause takes 15 to 60 ns. An alive
// supervisor gives seconds, so that a machine under load loses nothing.
constexpr std::uint32_t kPausesPerLook = 64;
constexpr std::uint32_t kLooksWithoutHeartbeat = 200'000;
constexpr std::uint32_t kMostLooks = 4'000'000;

// What ended threads left: segment << 32 | offset, or 0 (no segment's offset is 0).
constexpr std::size_t kPartials = 16;
std::atomic<std::uint64_t> partials[kPartials];
// After one wait in vain there is no second one: events are dropped until a segment is free.
std::atomic<bool> gave_up{false};

void use_segment(Writer& writer, std::uint32_t segment, std::size_t offset) {
  unsigned char* base = spool_of_process.segments + segment * spool::kSegmentBytes;
  writer.cursor = base + offset;
  writer.limit = base + spool::kSegmentBytes - spool::kReserve;
}

std::uint32_t segment_of(const Writer& writer) {
  return static_cast<std::uint32_t>(
      static_cast<std::size_t>(writer.cursor - spool_of_process.segments) / spool::kSegmentBytes);
}

void mark_full(Writer& writer) {
  if (writer.cursor == nullptr) return;
  spool_of_process.states[segment_of(writer)].store(SegmentState::full, std::memory_order_release);
  writer.cursor = writer.limit = nullptr;
}

bool take_partial(Writer& writer) {
  for (auto& partial : partials) {
    if (partial.load(std::memory_order_relaxed) == 0) continue;
    const std::uint64_t taken = partial.exchange(0, std::memory_order_acquire);
    if (taken == 0) continue;
    use_segment(writer, static_cast<std::uint32_t>(taken >> 32), taken & 0xffffffffU);
    writer.last = stamp();
    put_word(writer.cursor + 8, writer.last);
    publish(writer, spool::make_extended(spool::Code::run, self.number, 0), 16);
    return true;
  }
  return false;
}

// The supervisor looks at segments of dead processes too: the end mark comes first, and the head
// counts from its last field on.
void begin_segment(Writer& writer, std::uint32_t segment) {
  use_segment(writer, segment, sizeof(spool::SegmentHead));
  put_word(writer.cursor, 0);
  compiler_barrier();
  auto* head = reinterpret_cast<spool::SegmentHead*>(writer.cursor - sizeof(spool::SegmentHead));
  head->sequence = spool_of_process.header->sequence.fetch_add(1, std::memory_order_relaxed);
  head->thread = self.number;
  writer.last = stamp();
  compiler_barrier();
  head->start_ticks = writer.last;
}

bool take_between(Writer& writer, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t i = from; i < to; ++i) {
    auto& state = spool_of_process.states[i];
    SegmentState free = SegmentState::free;
    if (state.load(std::memory_order_relaxed) != SegmentState::free) continue;
    if (!state.compare_exchange_strong(free, SegmentState::in_use, std::memory_order_acquire)) {
      continue;
    }
    spool_of_process.header->hint.store(i + 1, std::memory_order_relaxed);
    begin_segment(writer, i);
    return true;
  }
  return false;
}

// The hint is a race between writers and the supervisor, so its word is not final.
bool take_free(Writer& writer) {
  const Header* header = spool_of_process.header;
  const std::uint32_t limit = header->limit.load(std::memory_order_acquire);
  const std::uint32_t hint = header->hint.load(std::memory_order_relaxed);
  return take_between(writer, hint, limit) || take_between(writer, 0, hint < limit ? hint : limit);
}

bool any_full() {
  const std::uint32_t limit = spool_of_process.header->limit.load(std::memory_order_acquire);
  const auto* const states = spool_of_process.states;
  return std::any_of(states, states + limit, [](const std::atomic<SegmentState>& state) {
    return state.load(std::memory_order_relaxed) == SegmentState::full;
  });
}

/// Tells when there is nothing to wait for: the supervisor went through all spools twice and had
/// neither a full segment to empty nor room for more, so each is another thread's and stays so.
class Prospect {
 public:
  bool is_lost() {
    const std::uint64_t now = session->rounds.load(std::memory_order_acquire);
    if (now == round_) return false;
    round_ = now;
    const std::uint32_t limit = spool_of_process.header->limit.load(std::memory_order_relaxed);
    if (limit != limit_ || any_full()) since_ = now;
    limit_ = limit;
    return now - since_ > kRoundsInVain;
  }

 private:
  // That which is under way, and two whole ones.
  static constexpr std::uint64_t kRoundsInVain = 2;

  std::uint64_t since_ = session->rounds.load(std::memory_order_acquire);
  std::uint64_t round_ = since_;
  std::uint32_t limit_ = spool_of_process.header->limit.load(std::memory_order_relaxed);
};

bool wait_for_free(Writer& writer) {
  Prospect prospect;
  std::uint64_t heartbeat = session->heartbeat.load(std::memory_order_relaxed);
  std::uint32_t looks_since = 0;
  for (std::uint32_t looks = 0; looks < kMostLooks; ++looks) {
    for (std::uint32_t i = 0; i < kPausesPerLook; ++i) _mm_pause();
    if (take_free(writer)) return true;
    if (prospect.is_lost()) break;
    const std::uint64_t now = session->heartbeat.load(std::memory_order_relaxed);
    looks_since = now == heartbeat ? looks_since + 1 : 0;
    heartbeat = now;
    if (looks_since < kLooksWithoutHeartbeat) continue;
    stop_recording();
    break;
  }
  gave_up.store(true, std::memory_order_relaxed);
  return false;
}

}  // namespace

bool next_segment(Writer& writer, std::uint64_t* waited) {
  mark_full(writer);
  if (take_partial(writer)) return true;
  if (take_free(writer)) {
    gave_up.store(false, std::memory_order_relaxed);
    return true;
  }
  if (gave_up.load(std::memory_order_relaxed)) return false;
  const std::uint64_t begun = stamp();
  const bool found = wait_for_free(writer);
  const std::uint64_t ticks = stamp() - begun;
  spool_of_process.header->waited_ticks.fetch_add(ticks, std::memory_order_relaxed);
  if (found) *waited = ticks;
  return found;
}

void hand_over(Writer& writer) {
  if (writer.cursor == nullptr) return;
  if (writer.cursor + 256 < writer.limit) {
    const std::uint32_t segment = segment_of(writer);
    const auto offset = static_cast<std::uint64_t>(writer.cursor - spool_of_process.segments) %
                        spool::kSegmentBytes;
    for (auto& partial : partials) {
      std::uint64_t none = 0;
      if (!partial.compare_exchange_strong(none, static_cast<std::uint64_t>(segment) << 32 | offset,
                                           std::memory_order_release)) {
        continue;
      }
      writer.cursor = writer.limit = nullptr;
      return;
    }
  }
  mark_full(writer);
}

std::uint32_t take_thread_number() {
  return spool_of_process.header->threads.fetch_add(1, std::memory_order_relaxed);
}

void forget_partial_segments() {
  for (auto& partial : partials) partial.store(0, std::memory_order_relaxed);
  gave_up.store(false, std::memory_order_relaxed);
}

}  // namespace heapwise::recorder
