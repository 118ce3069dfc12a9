// SPDX-License-Identifier: MIT
#include "results/report/console.h"

#include <gmock/gmock.h>

#include <sstream>

#include "results/report/suite_text.h"
#include "results/report/text.h"
#include "results/report/verification_view.h"
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

TEST(SuiteReport, NamesTheObjectiveOfItsVerdicts) {
  Result result = fixture::full_result();
  std::erase_if(result.recommendations,
                [](const Recommendation& one) { return one.objective != Objective::memory; });
  EXPECT_THAT(suite_report(result), testing::StartsWith("Memory verdict for each workload\n"));
  result.recommendations.front().objective = Objective::speed;
  EXPECT_THAT(suite_report(result), testing::StartsWith("Verdict for each workload\n"));
  EXPECT_THAT(suite_report(result), HasSubstr("  speed: "));
  EXPECT_THAT(suite_report(result), HasSubstr("  memory: "));
}

TEST(SuiteReport, SaysOfWhichWorkloadThereIsNoVerdict) {
  Result result = fixture::full_result();
  std::erase_if(result.recommendations,
                [](const Recommendation& one) { return one.workload == "two-wave"; });
  EXPECT_THAT(suite_report(result), testing::ContainsRegex("\n  two-wave +no verdict\n"));
}

TEST(SuiteReport, MeasuresNamesInColumnsAndNotInBytes) {
  Result result;
  result.workloads.resize(2);
  result.workloads[0].name = "ÄÖÜ";
  result.workloads[1].name = "a";
  EXPECT_THAT(suite_report(result), HasSubstr("\n  ÄÖÜ  no verdict\n  a    no verdict\n"));
}

TEST(SuiteReport, TellsWorkloadsAndAllocatorsApartWhoseNamesBeginAlike) {
  Result result = fixture::large_result(2, 2);
  for (std::size_t number = 0; number < 2; ++number) {
    result.workloads[number].name = "a-workload-with-a-long-name-" + std::to_string(number);
  }
  const std::string text = suite_report(result);
  EXPECT_THAT(text, HasSubstr("name-0  "));
  EXPECT_THAT(text, HasSubstr("name-1  "));
  FleetRow row;
  row.allocator = "jemalloc";
  row.memory.emplace();
  for (const char* tuning : {"MALLOC_CONF=dirty_decay_ms:0", "MALLOC_CONF=dirty_decay_ms:1"}) {
    row.tuning = tuning;
    result.fleet.push_back(row);
  }
  EXPECT_THAT(fleet_text(result), HasSubstr("cay_ms:0 "));
  EXPECT_THAT(fleet_text(result), HasSubstr("cay_ms:1 "));
}

TEST(VerificationReport, TellsAllocatorsApartWhoseNamesBeginAlike) {
  Result result;
  for (const char* tuning : {"MALLOC_CONF=dirty_decay_ms:0", "MALLOC_CONF=dirty_decay_ms:1"}) {
    Verification& row = result.verification.emplace_back();
    row.allocator = "jemalloc";
    row.tuning = tuning;
  }
  EXPECT_THAT(verification_text(result, 80), HasSubstr("ay_ms:0 peak"));
  EXPECT_THAT(verification_text(result, 80), HasSubstr("ay_ms:1 peak"));
}

TEST(ConsoleReport, OfNothingIsNoCrash) {
  EXPECT_THAT(console_report(Result{}), HasSubstr("no run ended well"));
}

TEST(VerdictReport, LooksAsItShould) {
  golden::expect("verdicts.txt", verdict_report(fixture::full_result().recommendations));
}

}  // namespace
}  // namespace heapwise
