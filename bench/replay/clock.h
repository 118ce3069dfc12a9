// SPDX-License-Identifier: MIT
// Two clocks: the real one, which the replay measures by, and the one that the allocator sees.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

namespace heapwise::replay {

/// What interposed clocks add to the real time while `on`: the trace's time at the present word,
/// less real time that the recorded program did not spend (sampling, turns, making threads, and
/// what the replay finds slower than the program did). That may be more than has passed since, so
/// the monotonic clock is held where it was last seen until time is there again.
struct VirtualClock {
  // All are constinit where they are defined, which the check does not see.
  static std::atomic<std::int64_t> offset_ns;  // NOLINT(bugprone-dynamic-static-initializers)
  static std::atomic<std::int64_t> latest_ns;  // NOLINT(bugprone-dynamic-static-initializers)
  static std::atomic<bool> on;                 // NOLINT(bugprone-dynamic-static-initializers)
  /// Whether it may be held. Not in runs for speed, whose threads would share what is written.
  static std::atomic<bool> held;  // NOLINT(bugprone-dynamic-static-initializers)
};

/// The system's own clock_gettime, even where the program's name is interposed. Until
/// find_real_clock has been called it is a system call.
int real_clock_gettime(clockid_t id, timespec* time);

/// Finds the C library's function, which needs no system call.
void find_real_clock();

/// Monotonic, for differences only.
std::int64_t real_now_ns();

/// User and system time of all threads so far.
std::int64_t cpu_now_ns();

/// The same of the calling thread alone.
std::int64_t thread_cpu_now_ns();

}  // namespace heapwise::replay
