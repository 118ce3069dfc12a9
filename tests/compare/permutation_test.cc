// SPDX-License-Identifier: MIT
#include "results/permutation.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "results/robust.h"
#include "tests/compare/simulated.h"

namespace heapwise {
namespace {

ShiftCell cell_of(const std::vector<double>& base, const std::vector<double>& now) {
  ShiftCell cell;
  cell.views.resize(1);
  for (unsigned i = 0; i < base.size(); ++i) cell.views[0].base.push_back({base[i], i});
  for (unsigned i = 0; i < now.size(); ++i) cell.views[0].now.push_back({now[i], i});
  return cell;
}

ShiftCell random_cell(Rng& rng, unsigned rounds, double shift) {
  std::vector<double> base, now;
  for (unsigned i = 0; i < rounds; ++i) base.push_back(0.01 * simulated::normal(rng));
  for (unsigned i = 0; i < rounds; ++i) now.push_back(0.01 * simulated::normal(rng) + shift);
  return cell_of(base, now);
}

TEST(AdjustedProbabilities, OfFiveRunsApartIsOneInAHundredAndTwentySix) {
  const auto found =
      adjusted_probabilities({cell_of({1, 1.01, 1.02, 1.03, 1.04}, {2, 2.01, 2.02, 2.03, 2.04})});
  EXPECT_NEAR(found[0], 2.0 / 252, 1e-9);
}

TEST(AdjustedProbabilities, OfThreeRunsIsNeverBelowATenth) {
  EXPECT_NEAR(adjusted_probabilities({cell_of({1, 1.01, 1.02}, {9, 9.01, 9.02})})[0], 0.1, 1e-9);
}

TEST(AdjustedProbabilities, OfNoShiftIsOne) {
  EXPECT_DOUBLE_EQ(adjusted_probabilities({cell_of({1, 1, 1, 1, 1}, {1, 1, 1, 1, 1})})[0], 1);
}

TEST(AdjustedProbabilities, FindOneShiftAmongAThousandFigures) {
  Rng rng(3);
  std::vector<ShiftCell> cells;
  for (int i = 0; i < 1000; ++i) cells.push_back(random_cell(rng, 6, 0));
  cells[500] = random_cell(rng, 6, 0.2);
  const auto found = adjusted_probabilities(cells);
  EXPECT_LT(found[500], 0.01);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == 500) continue;
    EXPECT_GT(found[i], 0.01) << i;
  }
}

TEST(AdjustedProbabilities, RejectsNoneOfManyEqualFiguresMoreOftenThanItSays) {
  Rng rng(5);
  int families = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<ShiftCell> cells;
    for (int i = 0; i < 20; ++i) cells.push_back(random_cell(rng, 5, 0));
    const auto found = adjusted_probabilities(cells);
    families += *std::min_element(found.begin(), found.end()) <= 0.05 ? 1 : 0;
  }
  EXPECT_LE(families, 20);  // 10 expected; 20 or more have a probability of 0.3 %
}

TEST(AdjustedProbabilities, DoesNotCountViewsThatDisagree) {
  ShiftCell cell = cell_of({1, 1.01, 1.02, 1.03, 1.04}, {2, 2.01, 2.02, 2.03, 2.04});
  cell.views.push_back(cell_of({2, 2.01, 2.02, 2.03, 2.04}, {1, 1.01, 1.02, 1.03, 1.04}).views[0]);
  EXPECT_DOUBLE_EQ(adjusted_probabilities({cell})[0], 1);
}

TEST(AdjustedProbabilities, EndureMissingRounds) {
  ShiftCell cell = cell_of({1, 1.01, 1.02, 1.03, 1.04, 1.05}, {2, 2.01, 2.02, 2.03, 2.04, 2.05});
  cell.views[0].now.erase(cell.views[0].now.begin() + 2);
  EXPECT_LT(adjusted_probabilities({cell})[0], 0.01);
}

/// Two blocks a level of 10 apart, five values a side in each.
ShiftCell::View view_of_two_blocks(Rng& rng, double shift) {
  ShiftCell::View view;
  for (unsigned round = 0; round < 10; ++round) {
    const unsigned block = round / 5;
    view.base.push_back({10.0 * block + 0.01 * simulated::normal(rng), round, block});
    view.now.push_back({10.0 * block + 0.01 * simulated::normal(rng) + shift, round, block});
  }
  return view;
}

TEST(AdjustedProbabilities, SeeAShiftThroughBlocksThatLieApart) {
  Rng rng(7);
  ShiftCell cell;
  cell.views = {on_one_level(view_of_two_blocks(rng, 0.1))};
  EXPECT_LT(adjusted_probabilities({cell})[0], 0.01);
  EXPECT_NEAR(shift_of(cell.views[0], 0.001).difference, 0.1, 0.02);
}

TEST(AdjustedProbabilities, OfEqualBlocksAreBelowATwentiethNoMoreOftenThanThat) {
  Rng rng(9);
  int below = 0;
  for (int trial = 0; trial < 300; ++trial) {
    ShiftCell cell;
    cell.views = {on_one_level(view_of_two_blocks(rng, 0))};
    below += adjusted_probabilities({cell}, 1000)[0] <= 0.05 ? 1 : 0;
  }
  EXPECT_LE(below, 26);  // 15 expected; more than 26 have a probability of 0.3 %
}

TEST(OnOneLevel, DropsABlockOfWhichOneSideHasNone) {
  const auto view = on_one_level({{{1, 0, 0}, {2, 1, 0}, {9, 2, 1}}, {{1, 0, 0}, {2, 1, 0}}});
  EXPECT_EQ(view.base.size(), 2U);
  EXPECT_DOUBLE_EQ(trimmed(view.base).mean, trimmed(view.now).mean);
}

TEST(TrimmedMean, IsNotMovedByOneStray) {
  const auto calm = trimmed_mean({1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto stray = trimmed_mean({1, 2, 3, 4, 5, 6, 7, 8, 900});
  EXPECT_DOUBLE_EQ(calm.mean, 5);
  EXPECT_DOUBLE_EQ(stray.mean, 5);
  EXPECT_DOUBLE_EQ(calm.variance, stray.variance);
}

TEST(TrimmedMean, OfFewIsTheMean) {
  EXPECT_DOUBLE_EQ(trimmed_mean({1, 2, 6}).mean, 3);
  EXPECT_DOUBLE_EQ(trimmed_mean({7}).mean, 7);
  EXPECT_DOUBLE_EQ(trimmed_mean({7}).variance, 0);
}

TEST(StudentQuantile, IsThatOfTheTables) {
  EXPECT_NEAR(student_quantile(0.975, 1), 12.706, 0.01);
  EXPECT_NEAR(student_quantile(0.975, 2), 4.303, 0.01);
  EXPECT_NEAR(student_quantile(0.975, 4), 2.776, 0.01);
  EXPECT_NEAR(student_quantile(0.95, 10), 1.812, 0.002);
  EXPECT_NEAR(student_quantile(0.975, 1000), 1.962, 0.001);
}

}  // namespace
}  // namespace heapwise
