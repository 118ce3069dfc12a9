// SPDX-License-Identifier: MIT
#include "results/report/thin.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace heapwise {
namespace {

std::vector<Sample> ramp(std::size_t count) {
  std::vector<Sample> samples;
  for (std::size_t index = 0; index < count; ++index) {
    samples.push_back({static_cast<double>(index), 0, 1000 + index});
  }
  return samples;
}

TEST(Thin, LeavesFewSamplesAlone) { EXPECT_EQ(thin(ramp(500), 500).size(), 500U); }

TEST(Thin, KeepsToTheLimit) {
  for (const std::size_t count : {501U, 1000U, 99'999U})
    EXPECT_LE(thin(ramp(count), 500).size(), 500U);
}

TEST(Thin, KeepsTheFirstAndTheLast) {
  const auto few = thin(ramp(10'000), 100);
  EXPECT_EQ(few.front().time_s, 0);
  EXPECT_EQ(few.back().time_s, 9999);
}

TEST(Thin, KeepsEveryPeakHoweverNarrow) {
  for (std::size_t at = 0; at < 10'000; at += 777) {
    auto samples = ramp(10'000);
    samples[at].rss_bytes = 1'000'000;
    const auto few = thin(samples, 100);
    EXPECT_TRUE(std::any_of(few.begin(), few.end(), [](const Sample& one) {
      return one.rss_bytes == 1'000'000;
    })) << at;
  }
}

TEST(Thin, KeepsTheOrderOfTime) {
  const auto few = thin(ramp(10'000), 64);
  EXPECT_TRUE(std::is_sorted(few.begin(), few.end(), [](const Sample& left, const Sample& right) {
    return left.time_s < right.time_s;
  }));
}

TEST(Thin, SurvivesSamplesThatAllHaveTheSameTime) {
  std::vector<Sample> samples(5000, Sample{1, 2, 3});
  EXPECT_LE(thin(samples, 100).size(), 100U);
}

TEST(RssAt, IsTheLastValueSeenByThen) {
  const std::vector<Sample> samples = {{1, 10, 100}, {2, 20, 200}};
  EXPECT_EQ(rss_at(samples, 0.5), 100);
  EXPECT_EQ(rss_at(samples, 1.9), 100);
  EXPECT_EQ(rss_at(samples, 2), 200);
  EXPECT_EQ(live_at(samples, 99), 20);
}

}  // namespace
}  // namespace heapwise
