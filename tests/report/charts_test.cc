// SPDX-License-Identifier: MIT
#include "results/report/charts.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/report/fixture.h"

namespace heapwise {
namespace {

using testing::SizeIs;

class Charts : public testing::Test {
 protected:
  const Result result_ = fixture::full_result();
  const std::vector<WorkloadView> views_ = views_of(result_);
};

const nlohmann::json& layer(const nlohmann::json& spec, const std::string& name) {
  for (const nlohmann::json& one : spec["layer"]) {
    if (one.value("name", "") == name) return one;
  }
  throw std::out_of_range("no layer " + name);
}

TEST_F(Charts, GiveEveryAllocatorAColourOfItsOwn) {
  std::set<std::string> colours;
  for (const Series& one : series_of(views_[0], result_)) colours.insert(one.colour);
  EXPECT_THAT(colours, SizeIs(4));
}

TEST_F(Charts, GiveAnAllocatorTheSameColourInEveryWorkload) {
  std::map<std::string, std::string> first;
  for (const Series& one : series_of(views_[0], result_)) first[one.name] = one.colour;
  for (const Series& one : series_of(views_[1], result_)) EXPECT_EQ(first[one.name], one.colour);
}

TEST_F(Charts, DrawTheRunWithTheMedianPeak) {
  const Series glibc = series_of(views_[0], result_)[0];
  unsigned below = 0, above = 0;
  for (const heapwise::Run* other : glibc.others) {
    below += *other->peak_rss_bytes <= *glibc.typical->peak_rss_bytes ? 1 : 0;
    above += *other->peak_rss_bytes >= *glibc.typical->peak_rss_bytes ? 1 : 0;
  }
  EXPECT_EQ(below, 2U);
  EXPECT_EQ(above, 2U);
}

TEST_F(Charts, ThinTheirLines) {
  const auto spec = memory_chart(views_[1], series_of(views_[1], result_));
  std::map<std::string, int> points;
  for (const auto& row : layer(*spec, "lines")["data"]["values"]) ++points[row["series"]];
  EXPECT_THAT(points, SizeIs(3)) << "the crashed one has no line";
  for (const auto& [name, count] : points) EXPECT_LE(count, 500) << name;
}

TEST_F(Charts, ShowAPeakInItsFullHeight) {
  const auto series = series_of(views_[1], result_);
  const auto spec = memory_chart(views_[1], series);
  double highest = 0;
  for (const auto& row : layer(*spec, "lines")["data"]["values"]) {
    if (row["series"] == series[0].name) highest = std::max(highest, row["v"].get<double>());
  }
  EXPECT_NEAR(highest,
              static_cast<double>(*series[0].typical->peak_rss_bytes) / views_[1].unit.bytes, 0.01);
}

TEST_F(Charts, FetchNothing) {
  for (const WorkloadView& view : views_) {
    const auto series = series_of(view, result_);
    EXPECT_EQ(memory_chart(view, series)->dump().find("\"url\""), std::string::npos);
    EXPECT_EQ(tradeoff_chart(view, series)->dump().find("\"url\""), std::string::npos);
  }
}

TEST_F(Charts, AreLeftOutWhereThereIsNothingToDraw) {
  Result bare = result_;
  for (heapwise::Run& run : bare.runs) run.samples.clear();
  for (Summary& row : bare.summary) row.ns_per_operation.reset();
  const auto views = views_of(bare);
  const auto series = series_of(views[0], bare);
  EXPECT_FALSE(memory_chart(views[0], series).has_value());
  EXPECT_FALSE(tradeoff_chart(views[0], series).has_value());
}

}  // namespace
}  // namespace heapwise
