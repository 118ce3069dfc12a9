// SPDX-License-Identifier: MIT
#include "results/statistics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

namespace heapwise {
namespace {

TEST(Median, IsTheMiddleOfAnOddNumber) { EXPECT_EQ(median({9, 1, 5}), 5); }

TEST(Median, IsBetweenTheTwoInTheMiddleOfAnEvenNumber) { EXPECT_EQ(median({1, 10, 4, 2}), 3); }

TEST(Median, OfOneIsThatOne) { EXPECT_EQ(median({7.5}), 7.5); }

TEST(Median, DoesNotOverflowNearTheLargestNumbers) {
  EXPECT_EQ(median({1.7e308, 1.7e308}), 1.7e308);
}

TEST(FastestThird, IsTheMeanOfTheSmallestThirdRoundedUp) {
  EXPECT_EQ(fastest_third({8}), 8);
  EXPECT_EQ(fastest_third({8, 3, 5}), 3);
  EXPECT_EQ(fastest_third({8, 3, 5, 4}), 3.5);
  EXPECT_EQ(fastest_third({9, 3, 8, 5, 6, 4, 7, 10, 11}), 4);
}

TEST(MedianAbsoluteDeviation, MatchesTheHandComputedOne) {
  // Median 2; distances 1, 1, 0, 0, 2, 4, 7 sorted 0 0 1 1 2 4 7.
  EXPECT_EQ(median_absolute_deviation({1, 1, 2, 2, 4, 6, 9}), 1);
}

TEST(MedianAbsoluteDeviation, IsNotMovedByOneOutlier) {
  EXPECT_EQ(median_absolute_deviation({10, 11, 12, 13, 1'000'000}), 1);
}

TEST(MedianInterval, OfOneOrTwoValuesIsTheValuesThemselves) {
  const Interval one = median_interval({5});
  EXPECT_EQ(one.low, 5);
  EXPECT_EQ(one.high, 5);
  const Interval two = median_interval({8, 4});
  EXPECT_EQ(two.median, 6);
  EXPECT_EQ(two.low, 4);
  EXPECT_EQ(two.high, 8);
}

TEST(MedianInterval, OfThreeReachesFromLeastToMost) {
  // 26 % of all resamples of three have the least value as their median, so 2.5 % cuts nothing.
  const Interval interval = median_interval({3, 1, 2});
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 3);
}

TEST(MedianInterval, OfManyLeavesTheExtremesOut) {
  std::vector<double> values(101);
  std::iota(values.begin(), values.end(), 1);
  const Interval interval = median_interval(values);
  // The order statistics that bound the median of 101 values with 95 % are the 41st and the 61st.
  EXPECT_NEAR(interval.low, 41, 3);
  EXPECT_NEAR(interval.high, 61, 3);
}

TEST(MedianInterval, IsTheSameWhateverTheOrderOfTheValues) {
  std::vector<double> values = {5.5, 1.25, 9, 4, 4, 7, 3, 2.125};
  const Interval forward = median_interval(values);
  std::reverse(values.begin(), values.end());
  const Interval backward = median_interval(values);
  EXPECT_EQ(forward.low, backward.low);
  EXPECT_EQ(forward.high, backward.high);
}

TEST(MedianInterval, AlwaysHoldsTheMedian) {
  for (int count = 1; count < 12; ++count) {
    std::vector<double> values;
    for (int index = 0; index < count; ++index) values.push_back((index * 37) % 11);
    const Interval interval = median_interval(values);
    EXPECT_LE(interval.low, interval.median) << count;
    EXPECT_GE(interval.high, interval.median) << count;
  }
}

TEST(ChanceOfFailures, IsFishersExactTest) {
  EXPECT_NEAR(chance_of_failures(1, 10, 5, 10), 0.0704, 1e-4);
  EXPECT_NEAR(chance_of_failures(3, 8, 7, 9), 0.1170, 1e-4);
  EXPECT_DOUBLE_EQ(chance_of_failures(5, 10, 0, 10), 1);
  EXPECT_LT(chance_of_failures(1, 20, 20, 20), 1e-9);
}

}  // namespace
}  // namespace heapwise
