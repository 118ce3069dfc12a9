// SPDX-License-Identifier: MIT
#include "results/report/formats.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "results/report/charts.h"
#include "results/report/pack.h"
#include "results/report/static_charts.h"
#include "tests/report/fixture.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Csv, HasARowForEachRunWithAsManyFieldsAsTheHeading) {
  const Result result = fixture::full_result();
  const std::string text = csv_runs({result});
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            result.runs.size() + 1);
  const std::string heading = text.substr(0, text.find('\r'));
  const auto start = text.find('\n') + 1;
  const std::string row = text.substr(start, text.find('\r', start) - start);
  EXPECT_EQ(std::count(row.begin(), row.end(), ','),
            std::count(heading.begin(), heading.end(), ','));
}

TEST(Csv, QuotesWhatWouldEndAField) {
  Result result = fixture::full_result();
  result.runs.resize(1);
  result.runs[0].workload = "a,\"b\"\nc";
  EXPECT_THAT(csv_runs({result}), HasSubstr(",\"a,\"\"b\"\"?c\","));
}

TEST(Csv, TellsWhichRecordingARunReplayed) {
  Result result = fixture::full_result();
  result.runs.resize(1);
  result.runs[0].recording = 2;
  EXPECT_THAT(csv_runs({result}), HasSubstr(",recording\r\n"));
  EXPECT_THAT(csv_runs({result}), testing::EndsWith(",2\r\n"));
}

TEST(Csv, HoldsNothingThatASpreadsheetTakesForAFormula) {
  Result result = fixture::full_result();
  result.runs.resize(1);
  for (const char* name : {"=cmd|' /C calc'!A0", "+1", "-1", "@x"}) {
    result.runs[0].workload = name;
    EXPECT_THAT(csv_runs({result}), HasSubstr(std::string(",'") + name + ","));
  }
}

TEST(GoogleBenchmark, TakesTheMemoryOfARunFromItsOwnRecording) {
  Result result = fixture::full_result();
  std::erase_if(result.runs, [](const heapwise::Run& run) {
    return run.repetition > 0 || run.workload != "two-wave" || run.allocator != "glibc";
  });
  const std::vector<heapwise::Run> first = result.runs;
  for (heapwise::Run run : first) {
    run.recording = 1;
    if (run.peak_rss_bytes) run.peak_rss_bytes = 77;
    result.runs.push_back(run);
  }
  const auto json = nlohmann::json::parse(google_benchmark_json(result));
  ASSERT_EQ(json["benchmarks"].size(), 2U);
  EXPECT_NE(json["benchmarks"][0]["peak_rss_bytes"], 77);
  EXPECT_EQ(json["benchmarks"][1]["peak_rss_bytes"], 77);
  EXPECT_EQ(json["benchmarks"][0]["repetition_index"], 0);
  EXPECT_EQ(json["benchmarks"][1]["repetition_index"], 1);
}

TEST(GoogleBenchmark, HasWhatItsCompareToolReads) {
  const auto json = nlohmann::json::parse(google_benchmark_json(fixture::full_result()));
  EXPECT_TRUE(json["context"].contains("host_name"));
  const auto& one = json["benchmarks"][0];
  for (const char* field : {"name", "run_name", "run_type", "iterations", "real_time", "cpu_time",
                            "time_unit", "repetitions", "repetition_index", "threads"}) {
    EXPECT_TRUE(one.contains(field)) << field;
  }
  EXPECT_EQ(one["run_type"], "iteration");
  EXPECT_EQ(one["time_unit"], "ns");
}

TEST(GoogleBenchmark, CarriesMemoryAsCountersAndFailuresAsErrors) {
  const auto json = nlohmann::json::parse(google_benchmark_json(fixture::full_result()));
  bool memory = false, error = false;
  for (const auto& one : json["benchmarks"]) {
    memory = memory || one.contains("peak_rss_bytes");
    error = error || one.value("error_occurred", false);
  }
  EXPECT_TRUE(memory);
  EXPECT_TRUE(error);
}

TEST(Prometheus, DeclaresEachMetricOnceAndLabelsEachSample) {
  const std::string text = prometheus_text({fixture::full_result(), fixture::full_result()});
  const std::string declaration = "# TYPE heapwise_peak_rss_bytes gauge";
  EXPECT_THAT(text, HasSubstr(declaration));
  EXPECT_EQ(text.find(declaration, text.find(declaration) + 1), std::string::npos);
  EXPECT_THAT(text, HasSubstr("heapwise_peak_rss_bytes{workload=\"two-wave\",allocator=\"glibc\""));
}

TEST(Prometheus, TellsTheNewestOfTwoResultsOfOneHostOnce) {
  Result older = fixture::full_result(), newer = fixture::full_result();
  older.created = "2026-01-01T00:00:00Z";
  newer.created = "2026-01-02T00:00:00Z";
  newer.summary.front().peak_rss_bytes->median = 123456;
  newer.environment.kernel = "another";
  const std::string text = prometheus_text({newer, older});
  std::set<std::string> series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.front() == '#') continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_THAT(text, HasSubstr("of=\"median\"} 123456\n"));
}

TEST(Prometheus, EscapesLabels) {
  Result result = fixture::full_result();
  result.environment.host = "a\"b\\c\nd";
  EXPECT_THAT(prometheus_text({result}), HasSubstr("host=\"a\\\"b\\\\c?d\""));
}

TEST(Packed, KeepsTextsOncePerLineAndNumbersInOrder) {
  nlohmann::json rows = nlohmann::json::array();
  for (int i = 0; i < 20; ++i)
    rows.push_back({{"t", i}, {"v", 2 * i}, {"series", i < 10 ? "a" : "b"}});
  const nlohmann::json spec = packed({{"data", {{"values", rows}}}});
  const auto& data = spec["data"]["packed"];
  ASSERT_EQ(data["blocks"].size(), 2U);
  EXPECT_EQ(data["names"], nlohmann::json({"t", "v"}));
  EXPECT_EQ(data["blocks"][1]["same"]["series"], "b");
  EXPECT_EQ(data["blocks"][1]["rows"][1], 20);
}

TEST(Packed, LeavesAloneWhatIsSmallOrUneven) {
  nlohmann::json rows = nlohmann::json::array();
  for (int i = 0; i < 20; ++i) rows.push_back({{"t", i}});
  rows.push_back({{"other", 1}});
  const nlohmann::json uneven = {{"data", {{"values", rows}}}};
  EXPECT_EQ(packed(uneven), uneven);
}

TEST(ChartFiles, HaveNamesOfTheirOwnThatAreFitForFiles) {
  Result result = fixture::full_result();
  for (auto& one : result.workloads) one.name = "../../etc/x y";
  for (auto& one : result.summary) one.workload = "../../etc/x y";
  const auto files = chart_files({result, result});
  ASSERT_FALSE(files.empty());
  std::vector<std::string> names;
  for (const ChartFile& file : files) {
    EXPECT_THAT(file.name, Not(HasSubstr("/")));
    EXPECT_EQ(std::count(names.begin(), names.end(), file.name), 0);
    names.push_back(file.name);
  }
}

TEST(ChartFiles, CoverEveryKindOfChart) {
  std::vector<std::string> names;
  for (const ChartFile& file : chart_files({fixture::full_result()})) names.push_back(file.name);
  EXPECT_THAT(
      names, testing::IsSupersetOf({"two-wave-memory", "two-wave-tradeoff",
                                    "two-wave-fragmentation", "two-wave-times", "two-wave-peaks"}));
}

}  // namespace
}  // namespace heapwise
