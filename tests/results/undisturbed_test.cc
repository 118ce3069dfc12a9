// SPDX-License-Identifier: MIT
// Two sides whose true difference is known, on a machine whose speed jumps and drifts.
#include "results/undisturbed.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace heapwise {
namespace {

constexpr double kConfidence = 0.99;
constexpr double kDisturbed = 0.4;  // half as long again, as a logarithm
constexpr double kScatter = 0.02;

struct Machine {
  double disturbed = 0;  ///< the share of runs that are
  double drift = 0;      ///< from the first round to the last
};

/// Rounds whose second side takes `shift` more.
std::vector<RoundPair> rounds_on(const Machine& machine, std::size_t count, double shift,
                                 std::uint64_t seed = 1) {
  Rng rng(seed);
  const auto run = [&] {
    const double scatter = (rng.unit() + rng.unit() + rng.unit() - 1.5) * 2 * kScatter;
    return scatter + (rng.unit() < machine.disturbed ? kDisturbed : 0);
  };
  std::vector<RoundPair> rounds;
  for (std::size_t i = 0; i < count; ++i) {
    const double now = machine.drift * static_cast<double>(i) / static_cast<double>(count);
    const double first = run();
    rounds.emplace_back(now + first, now + run() + shift);
  }
  return rounds;
}

double half_width(const Estimate& estimate) { return (estimate.high - estimate.low) / 2; }

TEST(FastestQuarter, IsNotMovedByRunsThatWereDisturbed) {
  const auto rounds = rounds_on({0.4}, 60, -0.05);
  const Estimate fastest = fastest_quarter_shift(rounds, kConfidence);
  EXPECT_NEAR(fastest.value, -0.05, 0.02);
  EXPECT_LT(fastest.high, 0);
  EXPECT_LT(half_width(fastest) * 3, half_width(paired_shift(rounds, kConfidence)));
}

TEST(PairedShift, IsNotMovedByADriftOfTheMachine) {
  const auto rounds = rounds_on({0, 0.5}, 60, -0.05);
  const Estimate paired = paired_shift(rounds, kConfidence);
  EXPECT_NEAR(paired.value, -0.05, 0.02);
  EXPECT_LT(half_width(paired), 0.02);
}

TEST(ClosestShift, IsTheOneThatTellsMoreClosely) {
  const auto jumping = rounds_on({0.4}, 60, 0.1);
  EXPECT_EQ(closest_shift(jumping, kConfidence).value,
            fastest_quarter_shift(jumping, kConfidence).value);
  const auto steady = rounds_on({}, 60, 0.1);
  EXPECT_EQ(closest_shift(steady, kConfidence).value, paired_shift(steady, kConfidence).value);
}

TEST(ClosestShift, OfFewRoundsIsByPairs) {
  const auto rounds = rounds_on({0.4}, kFastestQuarterRounds - 1, 0.1);
  EXPECT_EQ(closest_shift(rounds, kConfidence).value, paired_shift(rounds, kConfidence).value);
  EXPECT_EQ(closest_shift(rounds, kConfidence).low, paired_shift(rounds, kConfidence).low);
}

TEST(ClosestShift, SeldomFindsADifferenceWhereThereIsNone) {
  unsigned found = 0, seed = 0;
  for (const double disturbed : {0.0, 0.2, 0.4, 0.6}) {
    for (int session = 0; session < 50; ++session) {
      const auto rounds = rounds_on({disturbed, 0.05}, kFastestQuarterRounds, 0, ++seed);
      const Estimate shift = closest_shift(rounds, kConfidence);
      if (shift.low > 0 || shift.high < 0) ++found;
    }
  }
  EXPECT_LE(found, 6U) << "of 200, where one in a hundred may";
}

TEST(ClosestShift, IsTheSameEachTime) {
  const auto rounds = rounds_on({0.4}, 50, 0.1);
  EXPECT_EQ(closest_shift(rounds, kConfidence).low, closest_shift(rounds, kConfidence).low);
}

}  // namespace
}  // namespace heapwise
