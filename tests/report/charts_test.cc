// SPDX-License-Identifier: MIT
#include "results/report/charts.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "results/difference.h"
#include "results/summarize.h"
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

/// WCAG's relative luminance of "#rrggbb".
double luminance(const std::string& colour) {
  const auto part = [&colour](std::size_t at) {
    const double value = std::stoi(colour.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

TEST_F(Charts, WriteNamesInColoursThatCanBeReadOnWhite) {
  Result many;
  for (const char* name : {"glibc", "jemalloc", "tcmalloc", "mimalloc", "a", "b", "c", "d"}) {
    Summary& row = many.summary.emplace_back();
    row.workload = "w";
    row.allocator = name;
  }
  const auto views = views_of(many);
  std::set<std::string> colours;
  for (const Series& one : series_of(views[0], many)) {
    colours.insert(one.text_colour);
    EXPECT_GE(1.05 / (luminance(one.text_colour) + 0.05), 4.5) << one.text_colour;
  }
  EXPECT_THAT(colours, SizeIs(8));
  const auto series = series_of(views_[0], result_);
  const auto spec = memory_chart(views_[0], series);
  for (const auto& row : layer(*spec, "line_ends")["data"]["values"]) {
    EXPECT_EQ(colours.count(row["ink"]), 1U) << row["ink"];
  }
}

TEST_F(Charts, HaveNoLayerOfOtherRunsWhenThereIsOneRun) {
  Result single = result_;
  std::erase_if(single.runs, [](const heapwise::Run& run) { return run.repetition > 0; });
  const auto views = views_of(single);
  const auto chart = memory_chart(views[0], series_of(views[0], single));
  ASSERT_TRUE(chart.has_value());
  EXPECT_THROW(layer(*chart, "faint_lines"), std::out_of_range);
  EXPECT_NO_THROW(layer(*memory_chart(views_[0], series_of(views_[0], result_)), "faint_lines"));
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

TEST_F(Charts, DrawLiveBytesAsTheyAreWhereSamplesShareATime) {
  const auto spec = memory_chart(views_[0], series_of(views_[0], result_));
  EXPECT_TRUE(layer(*spec, "live_area")["encoding"]["y"].at("stack").is_null());
}

TEST_F(Charts, TellTimesApartThatAreMicrosecondsApart) {
  Result brief = result_;
  for (heapwise::Run& run : brief.runs) {
    for (Sample& sample : run.samples) sample.time_s *= 1e-3;
  }
  const auto views = views_of(brief);
  const auto spec = memory_chart(views[0], series_of(views[0], brief));
  std::set<double> times;
  for (const auto& row : layer(*spec, "lines")["data"]["values"]) {
    if (row["series"] == "glibc") times.insert(row["t"].get<double>());
  }
  EXPECT_GT(times.size(), 400U);
}

TEST_F(Charts, TellFiguresInTheirTooltipsApartWhateverTheirUnit) {
  const auto spec = memory_chart(views_[0], series_of(views_[0], result_));
  for (const auto& one : layer(*spec, "pointer_line")["encoding"]["tooltip"]) {
    EXPECT_EQ(one["format"], ".4~g") << one["title"];  // 1.16 GiB is not 1.24, nor 4 ms nothing
  }
}

TEST_F(Charts, TellTheTimeOfALongTraceInDigits) {
  Result day = result_;
  for (heapwise::Run& run : day.runs) {
    if (run.workload != "two-wave" || run.samples.empty()) continue;
    const double times = 86'400 / run.samples.back().time_s;
    for (Sample& sample : run.samples) sample.time_s *= times;
  }
  const auto views = views_of(day);
  const auto spec = memory_chart(views[0], series_of(views[0], day));
  const auto& time = layer(*spec, "pointer_line")["encoding"]["tooltip"][0];
  EXPECT_EQ(time["format"], ".0f") << "8.64e+4 is no time of day";
}

TEST_F(Charts, PutTheNameOfAPointBelowWhereTheOneAboveIsClose) {
  Result close = result_;
  for (Summary& row : close.summary) {
    if (row.allocator != "jemalloc" || row.workload != "two-wave") continue;
    row.memory_cost_bytes = close.summary[0].memory_cost_bytes;
    row.memory_cost_bytes->median -= 1024;
    row.ns_per_operation = close.summary[0].ns_per_operation;
  }
  const auto views = views_of(close);
  const auto spec = tradeoff_chart(views[0], series_of(views[0], close));
  std::map<std::string, bool> below;
  for (const auto& row : (*spec)["data"]["values"]) below[row["series"]] = row["below"].get<bool>();
  EXPECT_TRUE(below["jemalloc"]);
  EXPECT_FALSE(below["glibc"]);
}

TEST_F(Charts, DrawTheLinesOfTheBaselineThatTheVerdictHas) {
  Result linked = result_;
  const Summary* baseline = find_summary(linked, "two-wave", {"jemalloc", "default"});
  const double memory = memory_cost(*baseline)->median;
  for (Recommendation& one : linked.recommendations) one.over = {"jemalloc", "default"};
  const auto views = views_of(linked);
  const auto spec = tradeoff_chart(views[0], series_of(views[0], linked));
  EXPECT_EQ(layer(*spec, "baseline_memory")["data"]["values"][0]["memory"],
            memory / views[0].unit.bytes);
  for (Recommendation& one : linked.recommendations) one.over = {"not-drawn", "default"};
  EXPECT_THROW(layer(*tradeoff_chart(views[0], series_of(views[0], linked)), "baseline_memory"),
               std::out_of_range);
}

TEST_F(Charts, LeaveNamesOutOfALineUpThatHasNoRoomForThem) {
  const Result crowd = fixture::large_result(1, 4);
  const auto views = views_of(crowd);
  const auto series = series_of(views[0], crowd);
  ASSERT_EQ(series.size(), 16U);
  EXPECT_THROW(layer(*memory_chart(views[0], series), "line_ends"), std::out_of_range);
  EXPECT_THROW(layer(*tradeoff_chart(views[0], series), "point_names"), std::out_of_range);
  for (const NamedChart& chart : charts_of(views[0], series, crowd)) {
    if (chart.kind != "memory") continue;
    const nlohmann::json lines = layer(standalone(chart, "w"), "lines");
    EXPECT_TRUE(lines["encoding"]["color"]["legend"].is_object()) << "a picture has no buttons";
  }
}

TEST_F(Charts, StretchNoAxisByTheNamesOfLines) {
  Result level = result_;
  for (heapwise::Run& run : level.runs) {
    for (Sample& sample : run.samples) sample.rss_bytes = 100 << 20;
  }
  const auto views = views_of(level);
  const auto spec = memory_chart(views[0], series_of(views[0], level));
  double above = 0;
  std::set<double> places;
  for (const auto& row : layer(*spec, "line_ends")["data"]["values"]) {
    above = std::max(above, row["v"].get<double>());
    places.insert(row["v"].get<double>());
  }
  EXPECT_LE(above, 100);
  EXPECT_THAT(places, SizeIs(4));
}

TEST_F(Charts, DrawAPointWhereThereIsNoTimeForALine) {
  Result moment = result_;
  for (heapwise::Run& run : moment.runs)
    run.samples.resize(std::min<std::size_t>(run.samples.size(), 1));
  const auto views = views_of(moment);
  const auto spec = memory_chart(views[0], series_of(views[0], moment));
  EXPECT_THAT(layer(*spec, "moments")["data"]["values"], SizeIs(4));
  EXPECT_THROW(layer(*memory_chart(views_[0], series_of(views_[0], result_)), "moments"),
               std::out_of_range);
}

TEST_F(Charts, TellNamesApartThatBeginAlike) {
  Result alike = result_;
  for (Summary& row : alike.summary) {
    row.tuning = "MALLOC_CONF=dirty_decay_ms:" + row.allocator;
    row.allocator = "jemalloc";
  }
  const auto views = views_of(alike);
  const auto series = series_of(views[0], alike);
  std::set<std::string> names;
  const auto spec = tradeoff_chart(views[0], series);
  for (const auto& row : (*spec)["data"]["values"]) names.insert(row["text"]);
  EXPECT_THAT(names, SizeIs(4));
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
