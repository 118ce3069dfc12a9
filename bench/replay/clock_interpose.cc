// SPDX-License-Identifier: MIT
// Stands before the C library's clocks for everything in the runner, the allocator above all: decay
// and purge go by them, so a replay that ran in a tenth of the time would keep memory that the
// program gives back. Clocks of CPU time stay as they are.
#include <sys/time.h>
#include <time.h>

#include "bench/replay/clock.h"

namespace {

using heapwise::replay::real_clock_gettime;
using heapwise::replay::VirtualClock;

constexpr std::int64_t kSecond = 1'000'000'000;

/// The clock to read for `id`, or -1 for one that is not moved. A coarse clock lags behind by a
/// tick; moved by an offset that changes at every word it would go back, so the fine one serves.
clockid_t moved_clock(clockid_t id) {
  switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      return CLOCK_REALTIME;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
      return CLOCK_MONOTONIC;
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
      return id;
    default:
      return -1;
  }
}

std::int64_t not_before_latest(std::int64_t now) {
  std::int64_t latest = VirtualClock::latest_ns.load(std::memory_order_relaxed);
  while (latest < now &&
         !VirtualClock::latest_ns.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {
  }
  return latest < now ? now : latest;
}

int read_clock(clockid_t id, timespec* time) {
  const clockid_t moved = moved_clock(id);
  if (moved < 0 || !VirtualClock::on.load(std::memory_order_relaxed)) {
    return real_clock_gettime(id, time);
  }
  const int status = real_clock_gettime(moved, time);
  if (status != 0) return status;
  std::int64_t now = std::int64_t{time->tv_sec} * kSecond + time->tv_nsec +
                     VirtualClock::offset_ns.load(std::memory_order_relaxed);
  if (moved == CLOCK_MONOTONIC && VirtualClock::held.load(std::memory_order_relaxed)) {
    now = not_before_latest(now);
  }
  time->tv_sec = now / kSecond;
  time->tv_nsec = now % kSecond;
  return 0;
}

}  // namespace

#define HEAPWISE_EXPORT extern "C" [[gnu::visibility("default")]]

HEAPWISE_EXPORT int clock_gettime(clockid_t clock_id, timespec* tp) noexcept {
  return read_clock(clock_id, tp);
}

HEAPWISE_EXPORT int gettimeofday(timeval* tv, void* /*tz*/) noexcept {
  timespec fine{};
  const int status = read_clock(CLOCK_REALTIME, &fine);
  tv->tv_sec = fine.tv_sec;
  tv->tv_usec = fine.tv_nsec / 1000;
  return status;
}

HEAPWISE_EXPORT time_t time(time_t* timer) noexcept {
  timespec fine{};
  read_clock(CLOCK_REALTIME, &fine);
  if (timer != nullptr) *timer = fine.tv_sec;
  return fine.tv_sec;
}
