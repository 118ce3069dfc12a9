// SPDX-License-Identifier: MIT
#include "bench/replay/passing_time.h"

#include "bench/replay/clock.h"
#include "bench/replay/state.h"

namespace heapwise::replay {
namespace {

constexpr std::int64_t kLeastStep = 1'000'000;
constexpr std::int64_t kMostStops = 4096;  // of each lane
/// Each stop looks at all lanes, so of more than these each stops less often by the square, and all
/// of them together look no more often than these do.
constexpr std::int64_t kManyLanes = 64;
constexpr std::int64_t kThrough = INT64_MAX;

/// Where the walk through the recorded order stands in a lane.
struct Cursor {
  std::uint64_t word;
  std::int64_t last_ns;
  TimeStop* next;
};

std::int64_t step_of(const plan::PlanHeader& header) {
  const auto duration = static_cast<std::int64_t>(header.duration_ns);
  const std::int64_t lanes = header.thread_count < kManyLanes ? kManyLanes : header.thread_count;
  const std::int64_t stops = kMostStops * kManyLanes * kManyLanes / (lanes * lanes);
  const std::int64_t step = duration / (stops < 1 ? 1 : stops);
  return step < kLeastStep ? kLeastStep : step;
}

void visit(Lane& lane, Cursor& cursor, std::int64_t time_ns, std::int64_t step) {
  if (cursor.word == 0) {
    lane.time_ns.store(time_ns, std::memory_order_relaxed);
    cursor.last_ns = time_ns;
  } else if (time_ns >= cursor.last_ns + step) {
    *cursor.next++ = {lane.next + cursor.word, time_ns};
    cursor.last_ns = time_ns;
  }
  ++cursor.word;
}

}  // namespace

bool find_stops(Replay& replay) {
  const plan::PlanHeader& header = *replay.plan.header;
  const std::int64_t step = step_of(header);
  const std::uint64_t room = header.duration_ns / static_cast<std::uint64_t>(step) + 1;
  auto* const cursors =
      static_cast<Cursor*>(map_shared(header.thread_count * sizeof(Cursor), false));
  auto* stops =
      static_cast<TimeStop*>(map_shared(header.thread_count * room * sizeof(TimeStop), false));
  if (cursors == nullptr || stops == nullptr) return false;
  for (std::uint32_t number = 0; number < header.thread_count; ++number) {
    Lane& lane = replay.lanes[number];
    lane.stops = cursors[number].next = stops + number * room;
    if (lane.next == lane.end) lane.time_ns.store(kThrough, std::memory_order_relaxed);
  }
  for (std::uint64_t number = 0; number < header.run_count; ++number) {
    const plan::PlanRun& run = replay.plan.runs[number];
    Lane& lane = replay.lanes[run.thread];
    Cursor& cursor = cursors[run.thread];
    const std::uint32_t* const delays = lane.delays + cursor.word;
    for (std::uint32_t word = 0; word < run.words; ++word) {
      visit(lane, cursor, static_cast<std::int64_t>(run.start_ns + delays[word]), step);
    }
  }
  for (std::uint32_t number = 0; number < header.thread_count; ++number) {
    replay.lanes[number].stops_end = cursors[number].next;
  }
  return true;
}

namespace {

void show_least_time(Replay& replay) {
  std::int64_t least = kThrough;
  for (std::uint32_t number = 0; number < replay.plan.header->thread_count; ++number) {
    const std::int64_t one = replay.lanes[number].time_ns.load();
    if (one < least) least = one;
  }
  if (least == kThrough) least = static_cast<std::int64_t>(replay.plan.header->duration_ns);
  std::int64_t shown = VirtualClock::offset_ns.load(std::memory_order_relaxed);
  while (shown < least &&
         !VirtualClock::offset_ns.compare_exchange_weak(shown, least, std::memory_order_relaxed)) {
  }
}

}  // namespace

void begin_time(Replay& replay) {
  VirtualClock::offset_ns.store(0);
  VirtualClock::on.store(replay.clock != ReplayClock::none);
}

void pass_time(Lane& lane, std::int64_t time_ns) {
  // In one order with all others' stores: of two lanes that get here at once, one sees both.
  lane.time_ns.store(time_ns);
  show_least_time(*lane.replay);
}

void end_time(Lane& lane) { pass_time(lane, kThrough); }

}  // namespace heapwise::replay
