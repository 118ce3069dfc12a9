// SPDX-License-Identifier: MIT
// Everything a replay holds, in shared mappings that do not count as heap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/plan/plan.h"
#include "bench/replay/raw_run.h"
#include "bench/replay/sampler.h"
#include "bench/replay/slots.h"

namespace heapwise::replay {

/// A plan as it lies in memory.
struct PlanView {
  const plan::PlanHeader* header;
  const plan::Word* words;
  const std::uint32_t* delays;
  const plan::PlanThread* threads;
  const plan::PlanRun* runs;
  const plan::PlanBig* bigs;
  const plan::PlanSample* samples;
};

/// Looks at `size` bytes as a plan. False, with `problem` set to a sentence, when they are none.
bool view_plan(const void* bytes, std::size_t size, PlanView& view, const char*& problem);

/// What a thread does with its turn. All that is left to do when it is over is to end.
enum class Phase : std::uint32_t { replaying, draining, over };

/// Where a replay in recorded order stands. Only the thread whose turn it is looks at it, so the
/// turn's own synchronisation guards it all.
struct Order {
  std::uint64_t run;          ///< the next one
  std::uint64_t word;         ///< number of the next word
  std::uint64_t sample;       ///< the next one
  std::uint64_t sample_word;  ///< and the word it stands before
  std::uint64_t due_ns;       ///< words of later trace time wait; the largest number: none do
  std::uint64_t now_ns;       ///< trace time of the present word
  std::int64_t started_ns;    ///< real time of the first word
  std::int64_t excluded_ns;   ///< real time since then that the program did not spend
  std::int64_t slack_ns;      ///< of the rest, what the program would not have spent either
  std::int64_t paced_ns;      ///< the rest, where slack_ns was reckoned last
  std::int64_t handed_ns;     ///< real time when the turn was passed on
  Lane* leaver;               ///< a thread that has ended and may still be in its destructors
  Phase phase;
};

struct Replay {
  PlanView plan;
  RawRun* raw;
  const RawReference* reference;  ///< footprint, clock `trace`; null: time is what the replay takes
  Purpose purpose;
  ReplayClock clock;
  bool sizes_known;     ///< the allocator has a malloc_usable_size of its own
  unsigned processors;  ///< unpaced: that all threads together run on; 0: on all
  Sampler sampler;
  Lane* lanes;
  Mailbox* mailboxes;
  void* (*thread_body)(void* lane);
  void (*lane_loop)(Lane* lane);  ///< unpaced: runs all words of a lane
  Order order;

  alignas(64) std::atomic<std::uint32_t> over;  ///< throughput: 1 once the run is measured
  std::atomic<std::uint32_t> finished;          ///< lanes that are through
  std::atomic<std::uint32_t> threads_started;
  std::atomic<Lane*> leavers;  ///< throughput: ended threads that nobody has joined yet
};

/// Maps slots, mailboxes and lanes for the plan. `replay` must be zeroed but for plan, raw,
/// purpose, clock and processors. False when the system has no memory. Nothing is ever unmapped:
/// the process ends.
bool prepare(Replay& replay);

/// Anonymous shared memory, zeroed; null when there is none. With `now` its pages are there at
/// once.
void* map_shared(std::size_t size, bool now);

/// These run the whole plan on the calling thread (the first recorded thread) and on threads they
/// start, and fill replay.raw but for `finished`. Call one of them, once.
void run_footprint(Replay& replay);
void run_throughput(Replay& replay);

/// What a throughput run does, with a loop of the caller's.
void run_unpaced(Replay& replay, void (*lane_loop)(Lane* lane));

/// A throughput run whose every call is timed; fills the RawLatency behind replay.raw where there
/// is room for it. False when the system has no memory for the histograms.
bool run_latency(Replay& replay);

/// The one function that the loop calls beside the allocator's.
extern "C" void heapwise_replay_cold(Lane* lane, const plan::Word* at, Reason reason);

}  // namespace heapwise::replay
