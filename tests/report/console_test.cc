// SPDX-License-Identifier: MIT
#include "results/report/console.h"

#include <gmock/gmock.h>

#include <sstream>

#include "results/report/suite_text.h"
#include "results/report/text.h"
#include "tests/report/fixture.h"
#include "tests/report/golden.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::Not;

void expect_narrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80U) << line;
}

TEST(ConsoleReport, LooksAsItShould) {
  golden::expect("console.txt", console_report(fixture::full_result()));
}

TEST(ConsoleReport, FitsEightyColumns) { expect_narrow(console_report(fixture::full_result())); }

TEST(ConsoleReport, FitsEightyColumnsWhateverTheNames) {
  Result result = fixture::full_result();
  const std::string name = "日本語の負荷テスト-" + std::string(120, 'x');
  for (Summary& row : result.summary) {
    row.workload = name;
    row.tuning = "with-a-very-long-tuning-name-日本語";
    row.failure = "crashed: " + std::string(200, 'y');
  }
  for (Recommendation& one : result.recommendations) {
    one.workload = name;
  }
  result.workloads.resize(1);
  result.workloads[0].name = name;
  result.environment.cpu = std::string(200, 'c');
  expect_narrow(console_report(result));
  expect_narrow(verdict_report(result.recommendations));
}

TEST(ConsoleReport, WhatIsToBePastedIsWhole) {
  Result result = fixture::full_result();
  const std::string line = "LD_PRELOAD=/" + std::string(200, 'x') + "/libmine.so \\";
  for (Recommendation& one : result.recommendations) one.how_to = line + "\nPROGRAM";
  EXPECT_THAT(console_report(result), HasSubstr("    " + line + "\n    PROGRAM\n"));
}

TEST(ConsoleReport, SendsNoEscapeSequenceToTheTerminal) {
  Result result = fixture::full_result();
  result.workloads[0].command = {"evil\x1b]0;title\x07"};
  result.recommendations[0].reasons = {"\x1b[2J"};
  EXPECT_THAT(console_report(result), Not(HasSubstr("\x1b")));
}

TEST(ConsoleReport, SaysThatASingleRepetitionIsTooFew) {
  Result result = fixture::full_result();
  result.summary.clear();
  std::erase_if(result.runs, [](const heapwise::Run& run) { return run.repetition > 0; });
  const std::string text = console_report(result);
  EXPECT_THAT(text, HasSubstr("1 repetition: too few for an interval"));
  EXPECT_THAT(text, Not(HasSubstr("0.0%"))) << "no interval may be made up";
}

/// The fixture's runs with nothing measured but how long calls took.
Result latency_only() {
  Result result = fixture::full_result();
  result.summary.clear();
  result.recommendations.clear();
  std::erase_if(result.runs, [](const heapwise::Run& run) { return run.purpose != "throughput"; });
  for (heapwise::Run& run : result.runs) {
    run.purpose = "latency";
    run.ns_per_operation.reset();
    run.latency_p50_ns = 20;
    run.latency_p999_ns = 4321;
  }
  return result;
}

TEST(ConsoleReport, ShowsTailLatencyWhereItWasMeasured) {
  const std::string text = console_report(latency_only());
  EXPECT_THAT(text, HasSubstr("p99.9"));
  EXPECT_THAT(text, testing::ContainsRegex("jemalloc +20.0 +– +4321 +–\n"));
  expect_narrow(text);
}

TEST(ConsoleReport, TellsRowsApartWhoseNamesBeginAlike) {
  Result result = fixture::full_result();
  unsigned number = 0;
  for (Summary& row : result.summary) {
    row.allocator = "jemalloc";
    row.tuning = "MALLOC_CONF=dirty_decay_ms:" + std::to_string(number++);
  }
  const std::string text = console_report(result);
  EXPECT_THAT(text, HasSubstr("  jemalloc…cay_ms:0 "));
  EXPECT_THAT(text, HasSubstr("  jemalloc…cay_ms:1 "));
  for (Summary& row : result.summary) row.tuning = "MALLOC_CONF=dirty_decay_ms:the-same";
  EXPECT_THAT(console_report(result),
              HasSubstr("  jemalloc:MALLOC_CONF=dirty_decay_ms:the-same\n"));
  expect_narrow(console_report(result));
}

TEST(SuiteReport, OfAShardWithoutWorkloadsSaysSo) {
  Result result;
  result.suite.emplace();
  result.suite->mode = "quick";
  result.suite->shard = result.suite->shards = 2;
  const std::string text = suite_report(result);
  EXPECT_THAT(text, HasSubstr("quick suite, shard 2 of 2: none of its workloads"));
  EXPECT_THAT(text, Not(HasSubstr("Harness")));
}

TEST(ConsoleReport, OfNothingIsNoCrash) {
  EXPECT_THAT(console_report(Result{}), HasSubstr("no run ended well"));
}

TEST(VerdictReport, LooksAsItShould) {
  golden::expect("verdicts.txt", verdict_report(fixture::full_result().recommendations));
}

}  // namespace
}  // namespace heapwise
