// SPDX-License-Identifier: MIT
// The clock of a latency run and the histograms that it fills. No memory of the heap's.
#pragma once

#include <cstdint>

#include "bench/replay/clock.h"
#include "bench/replay/raw_run.h"

namespace heapwise::replay {

/// The processor's own counter, read when all that stands before it has been done and before
/// anything behind it begins: what the processor does ahead of time would otherwise be charged to
/// the neighbour. Never cpuid, which in a virtual machine costs more than any call.
inline std::uint64_t stamp() {
#if defined(__x86_64__)
  std::uint32_t low = 0, high = 0;
  asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
  return std::uint64_t{high} << 32 | low;
#elif defined(__aarch64__)
  std::uint64_t ticks = 0;
  asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks) : : "memory");
  return ticks;
#else
  return static_cast<std::uint64_t>(real_now_ns());
#endif
}

/// What one thread's calls took. Filled by that thread alone; all are added up when it is over.
struct LaneLatency {
  std::uint64_t backwards;
  std::uint64_t max_ticks[kCallKinds];
  std::uint64_t sum_ticks[kCallKinds];
  std::uint32_t counts[kCallKinds][kLatencySteps];

  void add(CallKind kind, std::uint64_t before, std::uint64_t after) {
    if (after < before) {
      ++backwards;
      return;
    }
    const auto row = static_cast<std::uint32_t>(kind);
    const std::uint64_t ticks = after - before;
    if (ticks > max_ticks[row]) max_ticks[row] = ticks;
    sum_ticks[row] += ticks;
    ++counts[row][latency_step(ticks)];
  }
};

/// The median of what two readings show that have nothing between them.
std::uint64_t cost_of_stamping();

}  // namespace heapwise::replay
