// SPDX-License-Identifier: MIT
// What a census counts at the moment of the most live bytes.
#include "traces/census.h"

#include <gtest/gtest.h>

#include "tests/traces/support.h"

namespace heapwise::test {
namespace {

constexpr std::uint64_t kThreshold = 5000;
constexpr ThreadId kFirst{0};

class CensusTest : public ::testing::Test {
 protected:
  ObjectId allocate(std::uint64_t size) {
    return writer_.allocate(kFirst, 0, OpKind::malloc, size, 0);
  }
  void reallocate(ObjectId object, std::uint64_t size) {
    writer_.reallocate(kFirst, 0, object, size);
  }
  void free(ObjectId object) { writer_.free(kFirst, 0, object); }
  void expect_at_peak(std::uint64_t small, std::uint64_t middling, std::uint64_t large) {
    ASSERT_TRUE(writer_.finish());
    const auto census = take_census(path_, kThreshold);
    ASSERT_TRUE(census);
    EXPECT_EQ(census->peak_live_bytes, small + middling + large);
    EXPECT_EQ(census->middling_bytes, middling);
    EXPECT_EQ(census->large_bytes, large);
  }

  Folder folder_;
  std::string path_ = folder_ / "t.hwt";
  TraceWriter writer_ = *TraceWriter::create(path_, {});
};

TEST_F(CensusTest, BlocksAreTakenForWhatTheirSizeSaysFromEachBoundOn) {
  allocate(kMiddlingBytes - 1);
  allocate(kMiddlingBytes);
  allocate(kThreshold - 1);
  allocate(kThreshold);
  expect_at_peak(kMiddlingBytes - 1, kMiddlingBytes + kThreshold - 1, kThreshold);
}

TEST_F(CensusTest, WhatCountsIsWhatLivedAtThePeakAndNotBeforeOrLater) {
  free(allocate(9000));
  const ObjectId large = allocate(20'000);
  allocate(2000);
  free(large);
  allocate(3000);
  expect_at_peak(0, 2000, 20'000);
}

TEST_F(CensusTest, ABlockThatGrowsPastABoundIsThenOfTheOtherKind) {
  const ObjectId object = allocate(100);
  reallocate(object, 4000);
  reallocate(object, 6000);
  expect_at_peak(0, 0, 6000);
}

TEST_F(CensusTest, ABlockThatShrinksBelowABoundIsOfTheOtherKindFromThenOn) {
  const ObjectId object = allocate(6000);
  reallocate(object, 4000);
  allocate(7000);
  reallocate(object, 100);
  allocate(4900);
  expect_at_peak(100, 4900, 7000);
}

TEST_F(CensusTest, CallsThatSteerTheAllocatorAreCounted) {
  writer_.trim(kFirst, 0, 0);
  writer_.trim(kFirst, 0, 0);
  writer_.mallopt(kFirst, 0, -3, 1 << 20);
  ASSERT_TRUE(writer_.finish());
  const auto census = take_census(path_, kThreshold);
  ASSERT_TRUE(census);
  EXPECT_EQ(census->trims, 2U);
  EXPECT_EQ(census->mallopts, 1U);
}

TEST(Census, OfAMissingTraceIsAnError) { EXPECT_FALSE(take_census("/nowhere.hwt", kThreshold)); }

}  // namespace
}  // namespace heapwise::test
