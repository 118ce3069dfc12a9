// SPDX-License-Identifier: MIT
// As fast as the hand-overs allow: all threads at once, nothing sampled, no futex between the first
// word and the last. The allocator's clock goes on between a few thousand pieces of the loop.
#include <limits.h>
#include <sys/prctl.h>

#include "bench/replay/asked_heap.h"
#include "bench/replay/clock.h"
#include "bench/replay/passing_time.h"
#include "bench/replay/process_heap.h"
#include "bench/replay/processors.h"
#include "bench/replay/replay.h"
#include "bench/replay/threads.h"

namespace heapwise::replay {

constinit std::uint64_t AskedHeap::per_operation = 0;
constinit thread_local std::uint64_t AskedHeap::due = 0;

/// A function of its own so that a test can find its machine code.
extern "C" [[gnu::noinline]] void heapwise_throughput_loop(Lane* lane) {
  execute<ProcessHeap>(*lane, lane->next, lane->end, Unpaced{});
}

/// The same for a program that keeps asking how large its blocks really are.
extern "C" [[gnu::noinline]] void heapwise_asking_loop(Lane* lane) {
  execute<AskedHeap>(*lane, lane->next, lane->end, Unpaced{});
}

namespace {

/// Calls of malloc_usable_size for each operation from which on they are made. Fewer cost less than
/// can be measured.
constexpr std::uint64_t kLeastAskedPart = 64;

bool asks(const Replay& replay) {
  const plan::PlanHeader& header = *replay.plan.header;
  return replay.sizes_known && header.operations > 0 &&
         header.usable_size_calls >= header.operations / kLeastAskedPart;
}

void await_value(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  for (std::uint32_t now = word.load(); now != value; now = word.load()) futex_wait(word, now);
}

void announce(std::atomic<std::uint32_t>& word) {
  word.fetch_add(1);
  futex_wake(word, INT_MAX);
}

void run_until(Lane& lane, const plan::Word* until) {
  lane.end = until;
  lane.replay->lane_loop(&lane);
  lane.next = until;
}

/// Runs a lane from stop to stop and tells that it is through.
void run_lane(Lane& lane) {
  const plan::Word* const end = lane.end;
  for (const TimeStop* stop = lane.stops; stop != lane.stops_end; ++stop) {
    run_until(lane, stop->before);
    pass_time(lane, stop->time_ns);
  }
  run_until(lane, end);
  end_time(lane);
  announce(lane.replay->finished);
}

void* throughput_thread(void* argument) {
  Lane& lane = *static_cast<Lane*>(argument);
  Replay& replay = *lane.replay;
  enter_thread(lane);
  run_lane(lane);
  leave_thread(lane);
  if (lane.ends != 0) {
    ask_for_burial(lane);
  } else {
    await_value(replay.over, 1);  // idle, but alive
  }
  return nullptr;
}

void report(Replay& replay, std::int64_t wall_ns, std::int64_t cpu_ns) {
  RawRun& raw = *replay.raw;
  raw.wall_ns = static_cast<std::uint64_t>(wall_ns);
  raw.operations = replay.plan.header->operations;
  for (std::uint32_t i = 0; i < replay.plan.header->thread_count; ++i) {
    raw.failed_calls += replay.lanes[i].failed_calls;
    cpu_ns -= replay.lanes[i].waited_cpu_ns;
  }
  raw.cpu_ns = cpu_ns > 0 ? static_cast<std::uint64_t>(cpu_ns) : 0;
  raw.threads_started = replay.threads_started.load();
}

/// Leaves no thread behind, so that a process may go on after the run.
void join_all(Replay& replay) {
  announce(replay.over);
  for (std::uint32_t number = 1; number < replay.plan.header->thread_count; ++number) {
    bury_thread(replay.lanes[number]);
  }
}

}  // namespace

void run_throughput(Replay& replay) {
  if (!asks(replay)) return run_unpaced(replay, &heapwise_throughput_loop);
  const plan::PlanHeader& header = *replay.plan.header;
  AskedHeap::per_operation = header.usable_size_calls * AskedHeap::kOne / header.operations;
  run_unpaced(replay, &heapwise_asking_loop);
}

void run_unpaced(Replay& replay, void (*lane_loop)(Lane* lane)) {
  replay.lane_loop = lane_loop;
  replay.thread_body = &throughput_thread;
  Lane& main_lane = replay.lanes[0];
  main_lane.started.store(1);
  enter_thread(main_lane);
  prctl(PR_SET_TIMERSLACK, 1UL);  // of all threads: naps take as long as they are to
  replay.raw->before_rss_bytes = replay.sampler.rss_anon_bytes();
  const ProcessorLimit limit(replay.processors);
  begin_time(replay);
  const std::int64_t cpu_before = cpu_now_ns();
  const std::int64_t before = real_now_ns();
  run_lane(main_lane);
  await_value(replay.finished, replay.plan.header->thread_count);
  report(replay, real_now_ns() - before, cpu_now_ns() - cpu_before);
  replay.raw->last_rss_bytes = replay.sampler.rss_anon_bytes();
  VirtualClock::on.store(false);
  leave_thread(main_lane);
  join_all(replay);
}

}  // namespace heapwise::replay
