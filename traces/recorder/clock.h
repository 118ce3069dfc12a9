// SPDX-License-Identifier: MIT
// The recorder's clock. Where several threads allocate every stamp is fenced, so that it is taken
// neither before the calls in front of it are done nor before the loads that led to it: a free by
// another thread must never be stamped before the allocation that it frees. A single thread's
// events have their order anyway, and a fence would make each of its cache misses wait for the one
// before: that costs a program that walks cold objects more than all the rest of recording.
//
// Servers have threads that hardly ever allocate. So a thread that is the only one to do so for a
// while leaves the fence out, until another logs an event. What it gets from the other by then, a
// block or a pointer, it loads after the other's event ended that, and loads keep their order: so
// it sees in time that the fence is due again.
#pragma once

#include <sys/single_threaded.h>
#include <x86intrin.h>

#include <atomic>
#include <cstdint>

#include "traces/recorder/thread_state.h"

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

/// The thread that needs no fence; null when all do.
extern std::atomic<const ThreadState*> lone_thread;

/// The calling thread is not, or no longer, the only one.
void end_loneliness();

/// To be called once in a while by each thread that logs events: makes the one that was alone with
/// it for long the lone thread.
void note_activity();

inline std::uint64_t stamp() {
  if (__builtin_expect(clock_mode != ClockMode::tsc, 0)) return slow_stamp();
  if (__libc_single_threaded == 0) {
    const ThreadState* lone = lone_thread.load(std::memory_order_relaxed);
    if (lone != &self) {
      if (__builtin_expect(lone != nullptr, 0)) end_loneliness();
      _mm_lfence();
    }
  }
  return __rdtsc();
}

/// Stops reading the clock from now on: stamps go on from here by one per event, and the spool says
/// so. False when it stands still already.
bool freeze_clock();

/// Reads the clock again. What was stamped meanwhile stays wrong, and said to be so.
void thaw_clock();

/// For what was refused and so froze nothing after all: as if it had not been tried.
void undo_freeze();

/// The least that one stamp costs, in ticks.
std::uint64_t measure_stamp();

}  // namespace heapwise::recorder
