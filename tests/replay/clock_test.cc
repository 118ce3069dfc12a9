// SPDX-License-Identifier: MIT
// The clock that the allocator sees, as it stands before the C library's in a runner.
#include "bench/replay/clock.h"

#include <gtest/gtest.h>

namespace heapwise::testing {
namespace {

using replay::VirtualClock;

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t seen_ns(clockid_t id) {
  timespec time{};
  EXPECT_EQ(clock_gettime(id, &time), 0);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

class ClockOfTheAllocator : public ::testing::Test {
 protected:
  // Whoever runs the tests reads the clock too, so it is moved for as long as a test looks at it.
  ClockOfTheAllocator() {
    VirtualClock::latest_ns.store(0);
    VirtualClock::on.store(true);
  }
  ~ClockOfTheAllocator() override {
    VirtualClock::on.store(false);
    VirtualClock::held.store(false);
    VirtualClock::offset_ns.store(0);
  }
  static void move_to(std::int64_t offset_ns) { VirtualClock::offset_ns.store(offset_ns); }
};

TEST_F(ClockOfTheAllocator, StandsAheadOfTheRealOneByTheOffset) {
  move_to(100 * kSecond);
  const std::int64_t before = replay::real_now_ns();
  const std::int64_t seen = seen_ns(CLOCK_MONOTONIC);
  const std::int64_t after = replay::real_now_ns();
  EXPECT_GE(seen, before + 100 * kSecond);
  EXPECT_LE(seen, after + 100 * kSecond);
}

TEST_F(ClockOfTheAllocator, IsHeldWhereItWasSeenWhenTimeIsTakenBack) {
  VirtualClock::held.store(true);
  move_to(100 * kSecond);
  const std::int64_t seen = seen_ns(CLOCK_MONOTONIC);
  move_to(0);
  EXPECT_EQ(seen_ns(CLOCK_MONOTONIC), seen);
  EXPECT_EQ(seen_ns(CLOCK_MONOTONIC_COARSE), seen);
}

TEST_F(ClockOfTheAllocator, GoesOnOnceTimeIsThereAgain) {
  VirtualClock::held.store(true);
  move_to(100 * kSecond);
  const std::int64_t seen = seen_ns(CLOCK_MONOTONIC);
  move_to(0);
  seen_ns(CLOCK_MONOTONIC);
  move_to(200 * kSecond);
  EXPECT_GE(seen_ns(CLOCK_MONOTONIC), seen + 100 * kSecond);
}

TEST_F(ClockOfTheAllocator, IsNotHeldInRunsForSpeed) {
  move_to(100 * kSecond);
  const std::int64_t seen = seen_ns(CLOCK_MONOTONIC);
  move_to(0);
  EXPECT_LT(seen_ns(CLOCK_MONOTONIC), seen);
}

TEST_F(ClockOfTheAllocator, IsNotMovedWhereItCountsProcessorTime) {
  move_to(100 * kSecond);
  EXPECT_LT(seen_ns(CLOCK_PROCESS_CPUTIME_ID), 100 * kSecond);
}

TEST_F(ClockOfTheAllocator, IsTheRealOneWhileItIsOff) {
  move_to(100 * kSecond);
  VirtualClock::on.store(false);
  EXPECT_LT(seen_ns(CLOCK_MONOTONIC), replay::real_now_ns() + kSecond);
}

}  // namespace
}  // namespace heapwise::testing
