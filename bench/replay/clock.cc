// SPDX-License-Identifier: MIT
#include "bench/replay/clock.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace heapwise::replay {
namespace {

using ClockGettime = int (*)(clockid_t, timespec*);

int by_system_call(clockid_t id, timespec* time) {
  return static_cast<int>(syscall(SYS_clock_gettime, id, time));
}

// An allocator may ask for the time before main, when nothing has been found yet.
std::atomic<ClockGettime> real{&by_system_call};

std::int64_t read_ns(clockid_t id) {
  timespec time{};
  real_clock_gettime(id, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

constinit std::atomic<std::int64_t> VirtualClock::offset_ns{0};
constinit std::atomic<std::int64_t> VirtualClock::latest_ns{0};
constinit std::atomic<bool> VirtualClock::on{false};
constinit std::atomic<bool> VirtualClock::held{false};

int real_clock_gettime(clockid_t id, timespec* time) {
  return real.load(std::memory_order_relaxed)(id, time);
}

void find_real_clock() {
  void* const found = dlsym(RTLD_NEXT, "clock_gettime");
  if (found != nullptr) real.store(reinterpret_cast<ClockGettime>(found));
}

std::int64_t real_now_ns() { return read_ns(CLOCK_MONOTONIC); }

std::int64_t cpu_now_ns() { return read_ns(CLOCK_PROCESS_CPUTIME_ID); }

std::int64_t thread_cpu_now_ns() { return read_ns(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace heapwise::replay
