// SPDX-License-Identifier: MIT
#include "traces/recorder/clock.h"

#include <time.h>

#include <algorithm>
#include <atomic>

#include "traces/recorder/process.h"

namespace heapwise::recorder {

ClockMode clock_mode = ClockMode::tsc;
constinit std::atomic<const ThreadState*> lone_thread{nullptr};

namespace {

// Of note_activity(), in each of which some 64 events are behind: enough that becoming the lone
// thread, and ceasing to be it, costs nothing beside them.
constexpr std::uint32_t kAlone = 16;
constinit std::atomic<const ThreadState*> last_active{nullptr};
constinit std::atomic<std::uint32_t> times_active{0};

// So long that an event which another thread had begun is over.
constexpr std::uint64_t kOthersEvent = 4096;

ClockMode thawed_mode = ClockMode::tsc;
std::atomic<std::uint64_t> frozen_ticks{0};

}  // namespace

std::uint64_t slow_stamp() {
  if (clock_mode == ClockMode::frozen) {
    return frozen_ticks.fetch_add(1, std::memory_order_relaxed);
  }
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

[[gnu::cold, gnu::noinline]] void end_loneliness() {
  last_active.store(&self, std::memory_order_relaxed);
  lone_thread.exchange(nullptr);
}

[[gnu::cold, gnu::noinline]] void note_activity() {
  if (clock_mode != ClockMode::tsc || __libc_single_threaded != 0) return;
  if (last_active.load(std::memory_order_relaxed) != &self) {
    last_active.store(&self, std::memory_order_relaxed);
    times_active.store(0, std::memory_order_relaxed);
    return;
  }
  if (lone_thread.load(std::memory_order_relaxed) != nullptr) return;
  if (times_active.fetch_add(1, std::memory_order_relaxed) < kAlone) return;
  const ThreadState* nobody = nullptr;
  if (!lone_thread.compare_exchange_strong(nobody, &self)) return;
  const std::uint64_t began = __rdtsc();
  while (__rdtsc() - began < kOthersEvent) _mm_pause();
  _mm_lfence();
}

bool freeze_clock() {
  if (clock_mode == ClockMode::frozen) return false;
  frozen_ticks.store(stamp(), std::memory_order_relaxed);
  thawed_mode = clock_mode;
  clock_mode = ClockMode::frozen;
  if (is_recording()) spool_of_process.header->flags.fetch_or(spool::kClockFrozen);
  return true;
}

void thaw_clock() {
  if (clock_mode == ClockMode::frozen) clock_mode = thawed_mode;
}

void undo_freeze() {
  thaw_clock();
  if (is_recording()) spool_of_process.header->flags.fetch_and(~std::uint32_t{spool::kClockFrozen});
}

std::uint64_t measure_stamp() {
  std::uint64_t least = ~0ULL;
  for (int i = 0; i < 16; ++i) {
    const std::uint64_t before = stamp();
    least = std::min(least, stamp() - before);
  }
  return least;
}

}  // namespace heapwise::recorder
