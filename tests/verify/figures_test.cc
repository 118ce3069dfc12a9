// SPDX-License-Identifier: MIT
// Figures of memory over time on series whose figures are known.
#include <gtest/gtest.h>

#include "bench/session/real_run.h"
#include "bench/session/verify.h"
#include "results/series.h"

namespace heapwise {
namespace {

std::vector<Sample> ramp(double seconds, std::uint64_t height, int steps) {
  std::vector<Sample> samples;
  for (int i = 0; i <= steps; ++i) {
    samples.push_back({seconds * i / steps, 0, height * static_cast<unsigned>(i) / steps});
  }
  return samples;
}

TEST(SeriesFigures, OfARampAreItsTopItsMiddleAndWhatStandsBeforeItsEnd) {
  const SeriesFigures figures = figures_of(ramp(8, 1'000'000, 1000));
  EXPECT_EQ(figures.peak, 1'000'000);
  EXPECT_NEAR(figures.mean, 500'000, 1);
  EXPECT_NEAR(figures.end, 972'500, 1);
}

TEST(SeriesFigures, DoNotDependOnHowDenselyTheSamplesLie) {
  std::vector<Sample> uneven{{0, 0, 0}, {0.1, 0, 100'000}, {5, 0, 5'000'000}, {10, 0, 10'000'000}};
  EXPECT_NEAR(figures_of(uneven).mean, 5'000'000, 1);
  EXPECT_NEAR(figures_of(uneven).end, 9'725'000, 1);
}

TEST(SeriesFigures, TheEndIsBeforeTheProgramTakesItselfApart) {
  std::vector<Sample> samples{{0, 0, 100}, {99.8, 0, 100}, {99.9, 0, 0}, {100, 0, 0}};
  EXPECT_EQ(figures_of(samples).end, 100);
}

TEST(SeriesFigures, OfASingleSampleAreThatSample) {
  const SeriesFigures figures = figures_of({{3, 0, 42}});
  EXPECT_EQ(figures.peak, 42);
  EXPECT_EQ(figures.mean, 42);
  EXPECT_EQ(figures.end, 42);
}

TEST(FirstPart, EndsWhereItShould) {
  const auto samples = ramp(10, 100, 10);
  EXPECT_EQ(first_part(samples, 0.5).size(), 6U);
  EXPECT_EQ(first_part(samples, 1).size(), 11U);
  EXPECT_EQ(first_part(samples, 0).size(), 1U) << "never nothing";
}

TEST(FirstPart, LastsUntilThereThoughNobodyLooked) {
  const auto part = first_part({{0, 0, 0}, {1, 0, 100}, {11, 0, 200}}, 0.5);
  ASSERT_EQ(part.size(), 3U);
  EXPECT_DOUBLE_EQ(part.back().time_s, 5.5);
  EXPECT_EQ(part.back().rss_bytes, 145U);
}

TEST(ShareCurve, ChangesEvenlyBetweenItsPointsAndStaysBeyondThem) {
  const ShareCurve curve{{0.2, 100}, {0.6, 300}};
  EXPECT_EQ(value_at(curve, 0), 100);
  EXPECT_NEAR(value_at(curve, 0.4), 200, 1e-9);
  EXPECT_EQ(value_at(curve, 1), 300);
  EXPECT_EQ(value_at({}, 0.5), 0);
}

TEST(HeapSamples, AreAnonymousMemoryLessWhatIsNotHeapAtTheSameTime) {
  const auto samples = heap_samples({{0, 1'050}, {5, 2'050}, {10, 3'100}}, {{0, 100}, {10, 200}});
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].rss_bytes, 950U);
  EXPECT_EQ(samples[1].rss_bytes, 1'900U);
  EXPECT_EQ(samples[2].rss_bytes, 2'900U);
}

TEST(HeapSamples, OfAProcessThatIsMostlySomethingElseAreTakenWhereThatIsKnown) {
  const auto samples = heap_samples({{0, 1'000}, {5, 9'000}, {10, 2'000}}, {{0, 900}, {10, 1'800}});
  ASSERT_EQ(samples.size(), 2U) << "at 5 s nobody knows whose the 9,000 are";
  EXPECT_EQ(samples[0].rss_bytes, 100U);
  EXPECT_EQ(samples[1].rss_bytes, 200U);
}

TEST(HeapSamples, OfSuchAProcessAreAlsoTakenWhereTheRestStaysAsItIs) {
  const auto samples = heap_samples({{0, 2'000}, {2, 3'000}, {5, 9'000}, {10, 5'000}},
                                    {{0, 1'000}, {3, 1'010}, {10, 3'000}});
  ASSERT_EQ(samples.size(), 4U) << "what the rest did about 5 s is not known";
  EXPECT_NEAR(static_cast<double>(samples[1].rss_bytes), 1'993, 1) << "between two looks";
  EXPECT_EQ(samples[3].rss_bytes, 2'000U);
}

TEST(HeapSamples, GoOnBehindTheLastLookAtTheRestWhereThatWasSteady) {
  const auto samples =
      heap_samples({{0, 2'000}, {4, 3'000}, {9, 4'000}, {10, 5'000}}, {{0, 1'000}, {5, 1'010}});
  ASSERT_FALSE(samples.empty());
  EXPECT_EQ(samples.back().time_s, 10);
  EXPECT_EQ(samples.back().rss_bytes, 3'990U);
  const auto unsteady = heap_samples({{0, 2'000}, {10, 5'000}}, {{0, 1'000}, {5, 3'000}});
  EXPECT_EQ(unsteady.back().time_s, 5);
}

TEST(HeapSamples, AreNeverBelowNothing) {
  EXPECT_EQ(heap_samples({{0, 50}, {1, 60}}, {{0, 100}})[0].rss_bytes, 0U);
  EXPECT_TRUE(heap_samples({}, {{0, 100}}).empty());
}

TEST(MomentKeeper, APeakBetweenTwoLooksIsSeenByTheHighWaterMark) {
  MomentKeeper keeper;
  keeper.add({0.000, 1'000, 500, 1'500, 1'500});
  keeper.add({0.002, 1'200, 500, 1'700, 9'700});
  keeper.add({0.004, 1'100, 500, 1'600, 9'700});
  ASSERT_EQ(keeper.moments().size(), 3U);
  EXPECT_EQ(keeper.moments()[1].bytes, 9'200U);
  EXPECT_EQ(keeper.moments()[2].bytes, 1'100U) << "the mark stays, the memory does not";
}

TEST(MomentKeeper, FilesThatAreGoneAgainAreNotTakenForAnonymousMemory) {
  MomentKeeper keeper;
  keeper.add({0.000, 1'000, 8'000, 9'000, 9'000});
  keeper.add({0.002, 1'000, 500, 1'500, 9'400});
  EXPECT_EQ(keeper.moments()[1].bytes, 1'400U);
}

TEST(MomentKeeper, ALongRunIsSampledLessOftenAndKeepsItsPeak) {
  MomentKeeper keeper;
  const double period = keeper.period_s();
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t bytes = i == 4'321 ? 77'777 : i % 100;
    keeper.add({static_cast<double>(i) * 0.002, bytes, 0, bytes, 77'777});
  }
  EXPECT_GE(keeper.period_s(), 2 * period);
  EXPECT_LT(keeper.moments().size(), 8'192U);
  std::uint64_t peak = 0;
  double last = -1;
  for (const ProcessMoment& moment : keeper.moments()) {
    EXPECT_GT(moment.time_s, last);
    last = moment.time_s;
    peak = std::max(peak, moment.bytes);
  }
  EXPECT_EQ(peak, 77'777U);
}

}  // namespace
}  // namespace heapwise
