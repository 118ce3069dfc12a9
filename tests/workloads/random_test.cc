// SPDX-License-Identifier: MIT
// With fixed seeds, so a distribution that passes once passes always.
#include "workloads/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heapwise {
namespace {

constexpr int kDraws = 100000;

TEST(Random, ExponentialsHaveMeanAndSpreadOne) {
  Rng rng(1);
  double sum = 0, squares = 0;
  int above_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = exponential(rng);
    ASSERT_GE(value, 0);
    sum += value;
    squares += value * value;
    above_two += value > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 1, 0.02);
  EXPECT_NEAR(squares / kDraws, 2, 0.06);
  EXPECT_NEAR(above_two / double{kDraws}, std::exp(-2), 0.005);
}

TEST(Random, LogUniformsStayInRangeAndSpreadOverDoublings) {
  Rng rng(2);
  int below_256 = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = log_uniform(rng, 16, 4096);
    ASSERT_GE(value, 16U);
    ASSERT_LT(value, 4096U);
    below_256 += value < 256 ? 1 : 0;
  }
  EXPECT_NEAR(below_256 / double{kDraws}, 0.5, 0.01);
}

TEST(Random, LogUniformsOfOddRangesReachBothEnds) {
  Rng rng(3);
  for (const auto& [low, high] : {std::pair{1, 1}, {1, 2}, {3, 5}, {7, 100}, {100, 101}}) {
    bool lowest = false, highest = false;
    for (int i = 0; i < 5000; ++i) {
      const auto value = static_cast<int>(log_uniform(rng, low, high));
      ASSERT_GE(value, low);
      ASSERT_LE(value, std::max(low, high - 1));
      lowest = lowest || value == low;
      highest = highest || value == std::max(low, high - 1);
    }
    EXPECT_TRUE(lowest && highest) << low << " to " << high;
  }
}

TEST(Random, BellsHaveTheirMiddleInTheMiddle) {
  Rng rng(4);
  int outer = 0, inner = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = bell(rng, 8, 7);
    ASSERT_GE(value, 8U);
    ASSERT_LT(value, 8U << 7);
    outer += value < 16 || value >= 512 ? 1 : 0;
    inner += value >= 64 && value < 128 ? 1 : 0;
  }
  EXPECT_NEAR(outer / double{kDraws}, 2 / 64.0, 0.005);
  EXPECT_NEAR(inner / double{kDraws}, 20 / 64.0, 0.01);
}

}  // namespace
}  // namespace heapwise
