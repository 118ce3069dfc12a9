// SPDX-License-Identifier: MIT
#include "bench/session/heap_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/series.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

RawSample at(std::uint64_t seconds, std::uint64_t live, std::uint64_t rss) {
  return {0, seconds * kSecond, seconds * kSecond, 0, live, rss, rss};
}

/// 100 bytes of the process are not the heap's. It holds 1000 for 2 s, falls, and holds 200 for 8
/// s.
RawFigures falling() {
  RawFigures raw;
  raw.samples = {at(0, 500, 1100), at(2, 500, 1100), at(2, 100, 300), at(10, 100, 300)};
  raw.run.exit_rss_bytes = 350;
  raw.run.last_rss_bytes = 250;
  raw.run.drain_1s_rss_bytes = 200;
  raw.run.drain_10s_rss_bytes = 80;
  return raw;
}

const LiveFigures kLive{500, 180, 100, true};

TEST(HeapFigures, AreRssLessWhatTheNullRunnerHad) {
  heapwise::Run run;
  fill_footprint(run, falling(), kLive, 100);
  EXPECT_EQ(run.peak_rss_bytes, 1000);
  EXPECT_EQ(run.end_rss_bytes, 250);
  EXPECT_EQ(run.drained_1s_rss_bytes, 100);
  EXPECT_EQ(run.drained_10s_rss_bytes, 0) << "less than the null runner's is none, not many";
  ASSERT_EQ(run.samples.size(), 4);
  EXPECT_EQ(run.samples[0].rss_bytes, 1000);
  EXPECT_DOUBLE_EQ(run.samples[3].time_s, 10);
}

TEST(HeapFigures, TheMeanIsOverTimeAndNotOverSamples) {
  heapwise::Run run;
  fill_footprint(run, falling(), kLive, 100);
  EXPECT_EQ(run.mean_rss_bytes, (1000 * 2 + 200 * 8) / 10);
}

TEST(HeapFigures, AHeightWithinACallIsThePeakAndNoPartOfTheMean) {
  heapwise::Run run;
  RawFigures raw = falling();
  raw.samples[3].most_anon_bytes = 5100;
  fill_footprint(run, raw, kLive, 100);
  EXPECT_EQ(run.peak_rss_bytes, 5000);
  EXPECT_EQ(run.mean_rss_bytes, (1000 * 2 + 200 * 8) / 10);
  EXPECT_EQ(run.end_rss_bytes, 250);
  const SeriesFigures series = figures_of(run.samples);
  EXPECT_DOUBLE_EQ(series.peak, 5000) << "and it is in the chart";
  EXPECT_DOUBLE_EQ(series.mean, 360);
}

TEST(HeapFigures, FragmentationIsRssOverLiveAtThePeakOverTimeAndAtTheEnd) {
  heapwise::Run run;
  fill_footprint(run, falling(), kLive, 100);
  EXPECT_DOUBLE_EQ(*run.fragmentation_peak, 1000.0 / 500);
  EXPECT_DOUBLE_EQ(*run.fragmentation_mean, 360.0 / 180);
  EXPECT_DOUBLE_EQ(*run.fragmentation_end, 250.0 / 100);
}

TEST(HeapFigures, TheEndIsAfterTheLastOpWhenNobodySawExitBegin) {
  heapwise::Run run;
  LiveFigures live = kLive;
  live.exit_known = false;
  fill_footprint(run, falling(), live, 100);
  EXPECT_EQ(run.end_rss_bytes, 150);
}

TEST(HeapFigures, WithoutLiveBytesThereIsNoFragmentation) {
  heapwise::Run run;
  fill_footprint(run, falling(), {500, 180, 0, true}, 100);
  EXPECT_FALSE(run.fragmentation_end.has_value());
}

TEST(HeapFigures, WithoutADrainThereIsNothingDrained) {
  heapwise::Run run;
  RawFigures raw = falling();
  raw.run.drain_1s_rss_bytes = raw.run.drain_10s_rss_bytes = 0;
  fill_footprint(run, raw, kLive, 100);
  EXPECT_FALSE(run.drained_1s_rss_bytes.has_value());
  EXPECT_FALSE(run.drained_10s_rss_bytes.has_value());
}

TEST(HeapFigures, WithoutTimeTheMeanIsThatOfTheSamples) {
  heapwise::Run run;
  RawFigures raw;
  raw.samples = {at(0, 1, 100), at(0, 1, 300)};
  fill_footprint(run, raw, kLive, 0);
  EXPECT_EQ(run.mean_rss_bytes, 200);
}

TEST(HeapFigures, TimePerOperationIsWallTimeOverOperations) {
  heapwise::Run run;
  RawFigures raw;
  raw.run.operations = 1000;
  raw.run.wall_ns = 12'500;
  fill_throughput(run, raw);
  EXPECT_DOUBLE_EQ(*run.ns_per_operation, 12.5);
  heapwise::Run empty;
  raw.run.operations = 0;
  fill_throughput(empty, raw);
  EXPECT_FALSE(empty.ns_per_operation.has_value());
}

TEST(Thinned, KeepsTheEndsAndThePeaks) {
  std::vector<Sample> samples;
  samples.reserve(5000);
  for (int i = 0; i < 5000; ++i) samples.push_back({i * 0.1, 10, 10});
  samples[1234].rss_bytes = 99;
  samples[4321].live_bytes = 77;
  const auto kept = thinned(samples, 1000);
  EXPECT_LE(kept.size(), 1000);
  EXPECT_GE(kept.size(), 990);
  EXPECT_EQ(kept.front().time_s, samples.front().time_s);
  EXPECT_EQ(kept.back().time_s, samples.back().time_s);
  EXPECT_THAT(kept, ::testing::Contains(::testing::Field(&Sample::rss_bytes, 99)));
  EXPECT_THAT(kept, ::testing::Contains(::testing::Field(&Sample::live_bytes, 77)));
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(),
                             [](const auto& a, const auto& b) { return a.time_s < b.time_s; }));
}

TEST(Thinned, DoesNotMakeAHeightLast) {
  std::vector<Sample> samples(5000, Sample{0, 10, 1000});
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].time_s = static_cast<double>(i) * 0.1;
  samples.insert(samples.begin() + 1234, {samples[1233], samples[1233]});
  samples[1234].rss_bytes = 900'000;
  EXPECT_NEAR(figures_of(thinned(samples, 1000)).mean, 1000, 1);
}

TEST(Thinned, OfManyHeightsKeepsTheHighestAndTheMean) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < 5000; ++i) {
    const double time = static_cast<double>(i) * 0.1;
    samples.push_back({time, 10, 1000});
    samples.push_back({time, 10, i == 2345 ? 9000U : 5000U});
    samples.push_back({time, 10, 1000});
  }
  const SeriesFigures figures = figures_of(thinned(samples, 1000));
  EXPECT_EQ(figures.peak, 9000);
  EXPECT_NEAR(figures.mean, 1000, 1);
}

TEST(Thinned, LeavesFewSamplesAlone) {
  const std::vector<Sample> samples(1000, Sample{1, 2, 3});
  EXPECT_EQ(thinned(samples, 1000).size(), 1000);
}

}  // namespace
}  // namespace heapwise
