// SPDX-License-Identifier: MIT
// Recorded order: every recorded thread is a real thread, so caches, arenas and abandoned heaps are
// as in life, and exactly one runs at a time, so that every call meets the heap it met when it was
// recorded. The turn passes through a word per thread.
#include "bench/replay/footprint.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "bench/replay/clock.h"
#include "bench/replay/process_heap.h"
#include "bench/replay/replay.h"
#include "bench/replay/threads.h"

namespace heapwise::replay {
namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};
constexpr unsigned kTurnSpins = 200;
/// Sleeping takes so long to begin and end that less ahead than this is in time.
constexpr std::int64_t kEarly = 50'000;

/// Leaves its lifetime out of the time that the allocator sees.
class Excluded {
 public:
  explicit Excluded(Order& order) : order_(order), since_(real_now_ns()) {}
  ~Excluded() { order_.excluded_ns += real_now_ns() - since_; }
  Excluded(const Excluded&) = delete;
  Excluded& operator=(const Excluded&) = delete;

 private:
  Order& order_;
  std::int64_t since_;
};

void show_time(const Order& order) {
  VirtualClock::offset_ns.store(
      static_cast<std::int64_t>(order.now_ns) - order.excluded_ns - order.slack_ns,
      std::memory_order_relaxed);
}

/// Before each word: moves the allocator's clock there and looks whether anything is due.
struct Ordered {
  Order& order;
  const std::uint32_t* delay;
  std::uint64_t start_ns;

  void operator()(Lane& lane, const plan::Word* at) {
    order.now_ns = start_ns + *delay++;
    show_time(order);
    if (order.word == order.sample_word || order.now_ns > order.due_ns) [[unlikely]] {
      ProcessHeap::cold(lane, at, Reason::pace);
    }
    ++order.word;
  }
};

}  // namespace

/// A function of its own so that a test can find its machine code.
extern "C" [[gnu::noinline]] void heapwise_footprint_loop(Lane* lane, Order* order,
                                                          std::uint64_t start_ns,
                                                          std::uint64_t words) {
  execute<ProcessHeap>(*lane, lane->next, lane->next + words,
                       Ordered{*order, lane->delays, start_ns});
}

namespace {

/// What the allocator's clock has advanced by when the trace's shows `trace_ns`.
std::int64_t allocators_time(const Replay& replay, std::uint64_t trace_ns, std::int64_t spent_ns) {
  const Order& order = replay.order;
  if (replay.clock != ReplayClock::trace) return spent_ns + order.excluded_ns;
  return static_cast<std::int64_t>(trace_ns) + spent_ns - order.slack_ns;
}

/// The program's time for what took the replay `took_ns`, between two points of the reference. A
/// replay alone finds blocks out of the caches that the program had just read, and paid for. So
/// what the reference took too passes at the pace at which it passed in the program, and what is
/// beyond that, a page fault more for instance, as it is.
double time_in_program(const RawReference& reference, const ReferencePoint& from,
                       const ReferencePoint& to, double took_ns) {
  const auto known_ns = static_cast<double>(to.spent_ns - from.spent_ns);
  const auto own_ns = static_cast<double>(to.allocator_ns - from.allocator_ns);
  if (took_ns >= known_ns) return own_ns + (took_ns - known_ns) / reference.at_once;
  return own_ns * took_ns / known_ns;
}

/// At the sample that is due, when the replay has spent so much.
void reckon_slack(Replay& replay, std::int64_t spent_ns) {
  Order& order = replay.order;
  const RawReference* const reference = replay.reference;
  if (reference != nullptr && order.sample > 0 && order.sample < reference->count) {
    const auto* const point = reinterpret_cast<const ReferencePoint*>(reference + 1) + order.sample;
    const auto took_ns = static_cast<double>(spent_ns - order.paced_ns);
    order.slack_ns += static_cast<std::int64_t>(
        took_ns - time_in_program(*reference, point[-1], *point, took_ns));
  }
  order.paced_ns = spent_ns;
}

void take_sample(Replay& replay) {
  Order& order = replay.order;
  RawRun& raw = *replay.raw;
  const plan::PlanSample& due = replay.plan.samples[order.sample];
  const std::int64_t spent_ns = real_now_ns() - order.started_ns - order.excluded_ns;
  reckon_slack(replay, spent_ns);
  const std::int64_t clock_ns = allocators_time(replay, due.time_ns, spent_ns);
  const Excluded excluded(order);
  const Residence rss = replay.sampler.look();
  if (rss.now > raw.peak_rss_bytes) raw.peak_rss_bytes = rss.now;
  if (raw.sample_count < raw.sample_capacity) {
    auto* const samples = reinterpret_cast<RawSample*>(&raw + 1);
    samples[raw.sample_count++] = {due.word,
                                   due.time_ns,
                                   static_cast<std::uint64_t>(clock_ns),
                                   static_cast<std::uint64_t>(spent_ns),
                                   due.live_bytes,
                                   rss.now,
                                   rss.most};
  }
  ++order.sample;
  order.sample_word = order.sample < replay.plan.header->sample_count
                          ? replay.plan.samples[order.sample].word
                          : kNever;
}

void sleep_until_due(Order& order) {
  const std::int64_t now = real_now_ns();
  const std::int64_t due = order.started_ns + static_cast<std::int64_t>(order.now_ns);
  if (due > now + kEarly) {
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
  }
  const std::int64_t reached = (due > now ? due : now) - order.started_ns;
  order.due_ns = static_cast<std::uint64_t>(reached);
}

void await_turn(Lane& lane) {
  for (unsigned spins = 0; lane.turn.load(std::memory_order_acquire) == 0; ++spins) {
    if (spins < kTurnSpins) {
      relax();
    } else {
      futex_wait(lane.turn, 0);
    }
  }
  lane.turn.store(0, std::memory_order_relaxed);
  Order& order = lane.replay->order;
  order.excluded_ns += real_now_ns() - order.handed_ns;
}

void pass_turn(Replay& replay, Lane& to) {
  start_thread(to);
  replay.order.handed_ns = real_now_ns();
  to.turn.store(1, std::memory_order_release);
  futex_wake(to.turn, 1);
}

/// The next thread to run; the main thread once all is done.
Lane& next_lane(Replay& replay) {
  const Order& order = replay.order;
  const bool over = order.run == replay.plan.header->run_count;
  return replay.lanes[over ? 0 : replay.plan.runs[order.run].thread];
}

/// What threads that ended do in their destructors belongs to the order: nobody runs until then.
void bury_leaver(Order& order) {
  if (order.leaver == nullptr) return;
  const Excluded excluded(order);
  bury_thread(*order.leaver);
  order.leaver = nullptr;
}

/// Runs this lane's words up to another lane's. True when the lane's thread has to end.
bool run_turn(Lane& lane) {
  Replay& replay = *lane.replay;
  Order& order = replay.order;
  bury_leaver(order);
  while (order.run < replay.plan.header->run_count &&
         replay.plan.runs[order.run].thread == lane.number) {
    const plan::PlanRun& run = replay.plan.runs[order.run++];
    heapwise_footprint_loop(&lane, &order, run.start_ns, run.words);
    lane.next += run.words;
    lane.delays += run.words;
  }
  if (lane.next != lane.end || lane.ends == 0) return false;
  order.leaver = &lane;
  return true;
}

void allocate_and_free(std::size_t size) {
  void* volatile block = malloc(size);
  if (block != nullptr) *static_cast<volatile char*>(block) = 1;
  free(block);
}

/// What a program does that is all but idle: a few blocks, and nothing stays. Small ones do not get
/// past a thread's cache, and it takes visits to an arena for it to look at the clock.
void tick() {
  for (std::size_t size = 16; size < 65536; size *= 2) allocate_and_free(size);
  for (int visit = 0; visit < 8; ++visit) allocate_and_free(65536);
}

void* footprint_thread(void* argument) {
  Lane& lane = *static_cast<Lane*>(argument);
  Replay& replay = *lane.replay;
  enter_thread(lane);
  while (true) {
    await_turn(lane);
    bool ends = false;
    if (replay.order.phase == Phase::replaying) ends = run_turn(lane);
    if (replay.order.phase == Phase::draining) tick();
    if (replay.order.phase == Phase::over) ends = true;
    if (ends) leave_thread(lane);
    pass_turn(replay, next_lane(replay));
    if (ends) return nullptr;
  }
}

/// Gives every other thread that is alive one turn.
void visit_all(Replay& replay) {
  for (std::uint32_t number = 1; number < replay.plan.header->thread_count; ++number) {
    Lane& lane = replay.lanes[number];
    if (lane.stack == nullptr) continue;
    pass_turn(replay, lane);
    await_turn(replay.lanes[0]);
    if (replay.order.phase == Phase::over) bury_thread(lane);
  }
}

/// Lets the allocator's clock go on to `until_ns` after the last word.
void idle_until(Replay& replay, std::uint64_t until_ns) {
  // Ticks of many threads are spread out, so that a drain takes no longer than a second or two.
  const std::uint64_t step_ns = 10'000'000ULL * (1 + replay.plan.header->thread_count / 64);
  const std::uint64_t end_ns = replay.plan.header->duration_ns + until_ns;
  while (replay.order.now_ns < end_ns) {
    replay.order.now_ns += step_ns;
    show_time(replay.order);
    tick();
    visit_all(replay);
  }
}

void drain(Replay& replay) {
  replay.order.phase = Phase::draining;
  idle_until(replay, 1'000'000'000);
  replay.raw->drain_1s_rss_bytes = replay.sampler.rss_anon_bytes();
  idle_until(replay, 10'000'000'000);
  replay.raw->drain_10s_rss_bytes = replay.sampler.rss_anon_bytes();
}

void begin(Replay& replay) {
  Order& order = replay.order;
  const bool samples = replay.plan.header->sample_count > 0;
  order.sample_word = samples ? replay.plan.samples[0].word : kNever;
  order.due_ns = replay.clock == ReplayClock::recorded ? 0 : kNever;
  replay.raw->sampler = replay.sampler.source();
  replay.raw->before_rss_bytes = replay.sampler.rss_anon_bytes();
  order.started_ns = real_now_ns();
  VirtualClock::offset_ns.store(0);
  VirtualClock::held.store(replay.reference != nullptr);
  VirtualClock::on.store(replay.clock == ReplayClock::trace);
}

std::uint64_t failed_calls(const Replay& replay) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < replay.plan.header->thread_count; ++i) {
    sum += replay.lanes[i].failed_calls;
  }
  return sum;
}

void finish(Replay& replay, std::int64_t cpu_before) {
  Order& order = replay.order;
  bury_leaver(order);
  RawRun& raw = *replay.raw;
  raw.wall_ns = static_cast<std::uint64_t>(real_now_ns() - order.started_ns);
  raw.cpu_ns = static_cast<std::uint64_t>(cpu_now_ns() - cpu_before);
  order.now_ns = replay.plan.header->duration_ns;
  show_time(order);
  while (order.sample < replay.plan.header->sample_count) take_sample(replay);
  raw.last_rss_bytes = replay.sampler.rss_anon_bytes();
  raw.operations = replay.plan.header->operations;
  raw.failed_calls = failed_calls(replay);
  if (replay.clock == ReplayClock::trace) drain(replay);
  VirtualClock::on.store(false);
  raw.threads_started = replay.threads_started.load();
}

}  // namespace

void catch_up(Replay& replay) {
  Order& order = replay.order;
  if (order.now_ns > order.due_ns) sleep_until_due(order);
  while (order.sample_word == order.word) take_sample(replay);
  show_time(order);
}

void touch_of(Replay& replay, std::uint32_t slot, const plan::PlanBig& what) {
  void* const block = replay.lanes[what.size].slots[slot];
  if (block != nullptr) touch(block, what.touch_from, what.touch_to);
}

void note_exit(Replay& replay) {
  const Excluded excluded(replay.order);
  replay.raw->exit_rss_bytes = replay.sampler.rss_anon_bytes();
}

void start_in_time(Lane& starter, Lane& started) {
  if (starter.replay->purpose != Purpose::footprint) return start_thread(started);
  const Excluded excluded(starter.replay->order);
  start_thread(started);
}

void run_footprint(Replay& replay) {
  replay.thread_body = &footprint_thread;
  Lane& main_lane = replay.lanes[0];
  main_lane.started.store(1);
  enter_thread(main_lane);
  const std::int64_t cpu_before = cpu_now_ns();
  begin(replay);
  while (true) {
    run_turn(main_lane);
    Lane& next = next_lane(replay);
    if (&next == &main_lane) break;  // nothing is left: its own words have all been run
    pass_turn(replay, next);
    await_turn(main_lane);
  }
  finish(replay, cpu_before);
  replay.order.phase = Phase::over;
  visit_all(replay);
  leave_thread(main_lane);
}

}  // namespace heapwise::replay
