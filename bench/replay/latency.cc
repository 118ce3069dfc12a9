// SPDX-License-Identifier: MIT
// The throughput run again, each call between two readings of the clock. A run of its own, as this
// takes longer than most calls do. What the program does with a block (the touching of its pages)
// and the waiting for other threads stand outside of the readings.
#include "bench/replay/latency.h"

#include <stdlib.h>

#include "bench/replay/big_block.h"
#include "bench/replay/process_heap.h"
#include "bench/replay/replay.h"

namespace heapwise::replay {
namespace {

/// Of all lanes, in shared memory of which only what is used becomes resident.
LaneLatency* the_latencies;

/// The calling thread's own. The first threads' variables of an executable need no allocation.
[[gnu::tls_model("initial-exec")]] thread_local LaneLatency* mine;

/// The World whose every call is timed.
struct TimedHeap {
  static void* malloc(std::size_t size) {
    const std::uint64_t before = stamp();
    void* const block = ::malloc(size);
    mine->add(CallKind::malloc, before, stamp());
    return block;
  }
  static void* calloc(std::size_t count, std::size_t size) {
    const std::uint64_t before = stamp();
    void* const block = ::calloc(count, size);
    mine->add(CallKind::calloc, before, stamp());
    return block;
  }
  static void* realloc(void* block, std::size_t size) {
    const std::uint64_t before = stamp();
    void* const moved = ::realloc(block, size);
    mine->add(CallKind::realloc, before, stamp());
    return moved;
  }
  static void* aligned(std::uint32_t align_log2, std::size_t size) {
    const std::uint64_t before = stamp();
    void* const block = allocate_aligned(align_log2, size);
    mine->add(CallKind::aligned, before, stamp());
    return block;
  }
  static void free(void* block) {
    const std::uint64_t before = stamp();
    ::free(block);
    mine->add(CallKind::free, before, stamp());
  }
  static void cold(Lane& lane, const plan::Word* at, Reason reason);
};

void TimedHeap::cold(Lane& lane, const plan::Word* at, Reason reason) {
  if (reason == Reason::word && plan::code_of(*at) == plan::Code::big) {
    perform_big<TimedHeap>(lane, lane.slots[plan::slot_of(*at)],
                           lane.replay->plan.bigs[plan::operand_of(*at)]);
  } else {
    heapwise_replay_cold(&lane, at, reason);
  }
}

void latency_loop(Lane* lane) {
  mine = &the_latencies[lane->number];
  execute<TimedHeap>(*lane, lane->next, lane->end, Unpaced{});
}

void add_up(const Replay& replay, RawLatency& raw) {
  for (std::uint32_t number = 0; number < replay.plan.header->thread_count; ++number) {
    const LaneLatency& lane = the_latencies[number];
    raw.backwards += lane.backwards;
    for (std::uint32_t kind = 0; kind < kCallKinds; ++kind) {
      if (lane.max_ticks[kind] > raw.max_ticks[kind]) raw.max_ticks[kind] = lane.max_ticks[kind];
      raw.sum_ticks[kind] += lane.sum_ticks[kind];
      for (std::uint32_t step = 0; step < kLatencySteps; ++step) {
        raw.counts[kind][step] += lane.counts[kind][step];
      }
    }
  }
}

RawLatency* raw_latency(RawRun* raw) {
  return reinterpret_cast<RawLatency*>(reinterpret_cast<RawSample*>(raw + 1) +
                                       raw->sample_capacity);
}

}  // namespace

std::uint64_t cost_of_stamping() {
  constexpr std::uint32_t kPairs = 4096;
  static LaneLatency pairs;
  for (std::uint32_t i = 0; i < kPairs; ++i) {
    const std::uint64_t before = stamp();
    pairs.add(CallKind::malloc, before, stamp());
  }
  std::uint32_t seen = 0;
  for (std::uint32_t step = 0; step < kLatencySteps; ++step) {
    seen += pairs.counts[0][step];
    if (2 * seen >= kPairs) return latency_floor(step);
  }
  return 0;
}

bool run_latency(Replay& replay) {
  the_latencies = static_cast<LaneLatency*>(
      map_shared(replay.plan.header->thread_count * sizeof(LaneLatency), false));
  if (the_latencies == nullptr) return false;
  RawLatency own{};
  RawLatency& raw = replay.raw->latency_bytes == sizeof own ? *raw_latency(replay.raw) : own;
  raw.stamp_ticks = cost_of_stamping();
  const std::int64_t before_ns = real_now_ns();
  const std::uint64_t before = stamp();
  run_unpaced(replay, &latency_loop);
  raw.ticks = stamp() - before;
  raw.ns = static_cast<std::uint64_t>(real_now_ns() - before_ns);
  add_up(replay, raw);
  return true;
}

}  // namespace heapwise::replay
