// SPDX-License-Identifier: MIT
#include "traces/recorder/clock.h"

#include <time.h>

#include <algorithm>
#include <atomic>

namespace heapwise::recorder {

ClockMode clock_mode = ClockMode::tsc;

namespace {

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

void freeze_clock() {
  if (clock_mode == ClockMode::frozen) return;
  frozen_ticks.store(stamp(), std::memory_order_relaxed);
  thawed_mode = clock_mode;
  clock_mode = ClockMode::frozen;
}

void thaw_clock() { clock_mode = thawed_mode; }

std::uint64_t measure_stamp() {
  std::uint64_t least = ~0ULL;
  for (int i = 0; i < 16; ++i) {
    const std::uint64_t before = stamp();
    least = std::min(least, stamp() - before);
  }
  return least;
}

}  // namespace heapwise::recorder
