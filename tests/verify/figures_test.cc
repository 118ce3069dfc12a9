// SPDX-License-Identifier: MIT
// Figures of memory over time on series whose figures are known.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(HeapSamples, HaveAHeightThatTakesNoTime) {
  const auto samples = heap_samples({{0, 1'000}, {1, 1'000, 5'000}, {2, 1'000}}, {{0, 100}});
  EXPECT_EQ(figures_of(samples).peak, 4'900);
  EXPECT_NEAR(figures_of(samples).mean, 900, 1e-9);
}

TEST(HeapSamples, OfAProcessThatIsMostlySomethingElseHaveTheHeightsOfTheSameMoment) {
  const auto samples = heap_samples({{0, 1'000}, {5, 1'500, 4'000}, {10, 2'000}},
                                    {{0, 900}, {5, 1'350}, {10, 1'800}});
  EXPECT_EQ(figures_of(samples).peak, 4'000 - 1'350);
}

TEST(HeapSamples, AreNeverBelowNothing) {
  EXPECT_EQ(heap_samples({{0, 50}, {1, 60}}, {{0, 100}})[0].rss_bytes, 0U);
  EXPECT_TRUE(heap_samples({}, {{0, 100}}).empty());
}

/// The area under the moments, in byte seconds.
double area(const std::vector<ProcessMoment>& moments) {
  double sum = 0;
  for (std::size_t i = 1; i < moments.size(); ++i) {
    sum += (moments[i].time_s - moments[i - 1].time_s) *
           static_cast<double>(moments[i].bytes + moments[i - 1].bytes) / 2;
  }
  return sum;
}

std::uint64_t highest(const std::vector<ProcessMoment>& moments) {
  std::uint64_t bytes = 0;
  for (const ProcessMoment& moment : moments) bytes = std::max({bytes, moment.bytes, moment.high});
  return bytes;
}

TEST(MomentKeeper, APeakBetweenTwoLooksIsSeenByTheHighWaterMarkAndTakesNoTime) {
  MomentKeeper keeper;
  keeper.add({0.000, 1'000, 500, 1'500, 1'500});
  keeper.add({0.002, 1'200, 500, 1'700, 9'700});
  keeper.add({0.004, 1'100, 500, 1'600, 9'700});
  EXPECT_EQ(highest(keeper.moments()), 9'200U);
  EXPECT_EQ(keeper.moments().back().bytes, 1'100U) << "the mark stays, the memory does not";
  EXPECT_NEAR(area(keeper.moments()), 0.002 * (1'100 + 1'150), 1e-9);
}

TEST(MomentKeeper, FilesThatAreGoneAgainAreNotTakenForAnonymousMemory) {
  MomentKeeper keeper;
  keeper.add({0.000, 1'000, 8'000, 9'000, 9'000});
  keeper.add({0.002, 1'000, 500, 1'500, 9'400});
  EXPECT_EQ(highest(keeper.moments()), 1'400U);
}

TEST(MomentKeeper, ALongRunIsKeptLessOftenWithItsPeakItsEndAndItsMean) {
  MomentKeeper keeper;
  const double pause = keeper.pause_s();
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t bytes = i == 4'321 ? 77'777 : i % 100;
    keeper.add({static_cast<double>(i) * 0.002, bytes, 0, bytes, 77'777});
  }
  EXPECT_GE(keeper.pause_s(), 2 * pause);
  const std::vector<ProcessMoment> moments = keeper.moments();
  EXPECT_LT(moments.size(), 8'200U);
  EXPECT_TRUE(
      std::is_sorted(moments.begin(), moments.end(),
                     [](const auto& one, const auto& other) { return one.time_s < other.time_s; }));
  EXPECT_EQ(highest(moments), 77'777U);
  EXPECT_EQ(moments.back().time_s, 19'999 * 0.002);
  EXPECT_EQ(moments.back().bytes, 99U);
  const double mean = area(moments) / moments.back().time_s;
  EXPECT_NEAR(mean, 49.5, 3) << "what goes up and down is not taken for its heights";
}

TEST(MomentKeeper, TheHeightOfEachPartOfALongRunIsKnown) {
  MomentKeeper keeper;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t bytes = i == 4'321 ? 5'000 : i == 15'001 ? 9'000 : 1'000;
    keeper.add({static_cast<double>(i) * 0.002, bytes, 0, bytes, bytes});
  }
  const std::vector<ProcessMoment> moments = keeper.moments();
  const auto half = std::find_if(moments.begin(), moments.end(),
                                 [](const ProcessMoment& one) { return one.time_s > 20; });
  EXPECT_EQ(highest({moments.begin(), half}), 5'000U) << "as of a load that ends there";
  EXPECT_EQ(highest({half, moments.end()}), 9'000U);
}

TEST(MomentKeeper, OfALongRunTheLastGrowthIsSeen) {
  MomentKeeper keeper;
  double now = 0;
  for (; now < 100'000; now += keeper.pause_s() * 1'000) keeper.add({now, 1'000, 0, 1'000, 1'000});
  EXPECT_LE(keeper.pause_s(), 0.05) << "however few are kept";
  keeper.add({now + 0.05, 9'000, 0, 9'000, 9'000});
  EXPECT_EQ(keeper.moments().back().bytes, 9'000U);
}

}  // namespace
}  // namespace heapwise
