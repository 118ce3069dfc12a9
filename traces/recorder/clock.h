// SPDX-License-Identifier: MIT
// The recorder's clock. Where there are threads every stamp is fenced, so that it is taken neither
// before the calls in front of it are done nor before the loads that led to it: a free by another
// thread must never be stamped before the allocation that it frees. A single thread's events have
// their order anyway, and a fence would make each of its cache misses wait for the one before: that
// costs a program that walks cold objects more than all the rest of recording.
#pragma once

#include <sys/single_threaded.h>
#include <x86intrin.h>

#include <cstdint>

namespace heapwise::recorder {

enum class ClockMode : std::uint32_t {
  tsc,
  monotonic,  ///< no invariant TSC
  frozen,     ///< reading the TSC would be a crash (strict seccomp, PR_SET_TSC): count events
};

/// Of the whole process, so that stamps of all threads can be compared.
extern ClockMode clock_mode;

/// stamp() where the clock is not the TSC.
std::uint64_t slow_stamp();

inline std::uint64_t stamp() {
  if (__builtin_expect(clock_mode != ClockMode::tsc, 0)) return slow_stamp();
  if (__builtin_expect(__libc_single_threaded == 0, 0)) _mm_lfence();
  return __rdtsc();
}

/// Stops reading the clock from now on: stamps go on from here by one per event. thaw_clock()
/// undoes it, for a sandbox that was refused.
void freeze_clock();
void thaw_clock();

/// The least that one stamp costs, in ticks.
std::uint64_t measure_stamp();

}  // namespace heapwise::recorder
