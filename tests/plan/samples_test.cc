// SPDX-License-Identifier: MIT
#include "bench/plan/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwise::plan {
namespace {

TEST(Samples, StandAtAboutAThousandEvenPointsHoweverManyOpsThereAre) {
  constexpr std::uint64_t kDuration = 1'000'000;
  Samples samples(kDuration);
  for (std::uint64_t time = 0; time <= kDuration; ++time) samples.before_op(time, time, 0);
  EXPECT_GE(samples.all().size(), 1000);
  EXPECT_LE(samples.all().size(), 1002);
}

TEST(Samples, SeeTheBeginningAndTheEndOfAPause) {
  Samples samples(10'000'000);
  samples.before_op(0, 0, 0);
  samples.before_op(1, 5, 100);  // what this op changes lasts for the whole pause
  samples.before_op(2, 9'000'000, 7);
  const auto& all = samples.all();
  ASSERT_EQ(all.size(), 3);
  EXPECT_EQ(all[1].time_ns, 5);
  EXPECT_EQ(all[1].live_bytes, 7);
  EXPECT_EQ(all[2].time_ns, 9'000'000);
  EXPECT_EQ(all[1].word, 2);
  EXPECT_EQ(all[2].word, 2);
}

TEST(Samples, SeeEveryNewHeightOfLiveBytesBetweenThePoints) {
  Samples samples(1'000'000'000);
  std::uint64_t live = 0;
  for (std::uint64_t word = 0; word < 1000; ++word) {
    samples.before_op(word, word, live);
    live += 100'000;
  }
  // From 6.4 MB on, 1 % is more than 64 KiB: heights get rarer, and none is missed by more.
  std::uint64_t before = 0;
  for (const PlanSample& sample : samples.all()) {
    EXPECT_LE(sample.live_bytes, before + before / 100 + (64 << 10) + 100'000);
    before = sample.live_bytes;
  }
  EXPECT_GT(before, 98'000'000);
  EXPECT_LT(samples.all().size(), 700);
}

TEST(Samples, DoNotCareForALowerLiveHeap) {
  Samples samples(1'000'000'000);
  samples.before_op(0, 0, 10 << 20);
  for (std::uint64_t word = 1; word < 100; ++word) samples.before_op(word, word, 9 << 20);
  EXPECT_EQ(samples.all().size(), 1);
}

TEST(Samples, ThatAreForcedStandWhereTheyAreWanted) {
  Samples samples(1'000'000'000);
  samples.before_op(0, 0, 0);
  samples.force(1, 500, 42);
  samples.force(1, 500, 42);
  ASSERT_EQ(samples.all().size(), 2);
  EXPECT_EQ(samples.all()[1].live_bytes, 42);
}

}  // namespace
}  // namespace heapwise::plan
