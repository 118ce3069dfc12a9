// SPDX-License-Identifier: MIT
// Everything that happens rarely in a replay, out of the loop's way.
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "bench/replay/big_block.h"
#include "bench/replay/clock.h"
#include "bench/replay/footprint.h"
#include "bench/replay/process_heap.h"
#include "bench/replay/threads.h"

namespace heapwise::replay {
namespace {

/// A thread that waits lets others run for so long; then it naps, each time for a part of what it
/// has waited, so that no wait becomes longer by more than that part.
constexpr std::int64_t kYieldNs = 50'000;
constexpr std::int64_t kNapPart = 8;
constexpr std::int64_t kLongestNapNs = 1'000'000;

void rest(std::int64_t waited_ns) {
  if (waited_ns < kYieldNs) {
    sched_yield();
    return;
  }
  const std::int64_t part = waited_ns / kNapPart;
  const timespec nap{0, part < kLongestNapNs ? part : kLongestNapNs};
  nanosleep(&nap, nullptr);
}

/// In the program this thread slept until it was woken up. So it takes no processor from those
/// that it waits for, and its CPU time is not counted.
void wait_for_mailbox(Lane& lane, plan::Word word) {
  const Mailbox& box = lane.mailboxes[plan::operand_of(word)];
  const bool full = plan::code_of(word) == plan::Code::take;
  const std::int64_t began = real_now_ns();
  const std::int64_t cpu_before = thread_cpu_now_ns();
  while ((box.load(std::memory_order_acquire) != nullptr) != full) rest(real_now_ns() - began);
  lane.waited_cpu_ns += thread_cpu_now_ns() - cpu_before;
}

// Another thread's block may be gone by now when the threads run as they like.
void perform_touch(Lane& lane, std::uint32_t slot, const plan::PlanBig& big) {
  if (static_cast<plan::Code>(big.base_code) == plan::Code::touch) {
    if (lane.slots[slot] != nullptr) touch(lane.slots[slot], big.touch_from, big.touch_to);
  } else if (lane.replay->purpose == Purpose::footprint) {
    touch_of(*lane.replay, slot, big);
  }
}

void perform(Lane& lane, plan::Word word) {
  Replay& replay = *lane.replay;
  const std::uint32_t operand = plan::operand_of(word);
  const plan::PlanBig* const bigs = replay.plan.bigs;
  switch (plan::code_of(word)) {
    case plan::Code::big:
      perform_big<ProcessHeap>(lane, lane.slots[plan::slot_of(word)], bigs[operand]);
      break;
    case plan::Code::touch_of:
      perform_touch(lane, plan::slot_of(word), bigs[operand]);
      break;
    case plan::Code::start:
      start_in_time(lane, replay.lanes[operand]);
      break;
    case plan::Code::trim:
      malloc_trim(operand);
      break;
    case plan::Code::mallopt:
      mallopt(static_cast<int>(bigs[operand].size), static_cast<int>(bigs[operand].touch_to));
      break;
    case plan::Code::exit_begin:
      if (replay.purpose == Purpose::footprint) note_exit(replay);
      break;
    default:
      break;  // `end` tells the plan's readers; the lane knows it
  }
}

}  // namespace

extern "C" void heapwise_replay_cold(Lane* lane, const plan::Word* at, Reason reason) {
  switch (reason) {
    case Reason::word:
      return perform(*lane, *at);
    case Reason::wait:
      return wait_for_mailbox(*lane, *at);
    case Reason::pace:
      return catch_up(*lane->replay);
  }
}

}  // namespace heapwise::replay
