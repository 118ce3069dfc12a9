// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "results/report/compare_view.h"
#include "results/report/text.h"
#include "tests/compare/simulated.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::Not;

Comparison slower_glibc() {
  simulated::Session base, now;
  now.seed = 2;
  now.slower["glibc"] = 0.2;
  now.larger["jemalloc"] = -0.2;
  auto comparison = compare(simulated::result(base), simulated::result(now), {5, false});
  return comparison.value_or(Comparison{});
}

void expect_eighty_columns(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 80U) << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(CompareConsole, ShowsWhatChangedWorstFirstInEightyColumns) {
  const std::string text = compare_console(slower_glibc(), false);
  EXPECT_THAT(text, HasSubstr("glibc on load"));
  EXPECT_THAT(text, HasSubstr("WORSE"));
  EXPECT_LT(text.find("glibc on load"), text.find("jemalloc on load"));
  EXPECT_THAT(text, HasSubstr("1 figure is worse by more than 5.0 %."));
  EXPECT_THAT(text, HasSubstr("12 of the figures stayed the same."));
  EXPECT_THAT(text, Not(HasSubstr("tcmalloc on load")));
  EXPECT_THAT(compare_console(slower_glibc(), true), HasSubstr("tcmalloc on load"));
  expect_eighty_columns(text);
}

TEST(CompareConsole, BreaksALongNameOfAWorkload) {
  simulated::Session base, now;
  base.workloads = now.workloads = {"a-very-long-name-of-a-workload-" + std::string(120, 'x')};
  now.larger["glibc"] = 0.2;
  const auto comparison = compare(simulated::result(base), simulated::result(now), {5, false});
  ASSERT_TRUE(comparison);
  expect_eighty_columns(compare_console(*comparison, true));
}

TEST(CompareMarkdown, LeadsWithTheAnswerAndFoldsWhatStayedTheSame) {
  const std::string text = compare_markdown(slower_glibc());
  EXPECT_THAT(text, testing::StartsWith("### heapwise: ❌ 1 figure is worse"));
  EXPECT_THAT(text, HasSubstr("| ❌ worse | load | glibc | time |"));
  EXPECT_THAT(text, HasSubstr("<summary>12 figures stayed the same</summary>"));
}

/// Memory that grew by 2.5 %, which is worth no word, and a gate that allows one.
Comparison larger_than_a_small_limit() {
  simulated::Session base, now;
  now.seed = 2;
  now.larger["jemalloc"] = 0.025;
  return compare(simulated::result(base), simulated::result(now), {1, false})
      .value_or(Comparison{});
}

TEST(CompareForms, HideNothingThatTheGateFailsOn) {
  const Comparison comparison = larger_than_a_small_limit();
  ASSERT_EQ(comparison.count(Gate::fails), 3U);
  EXPECT_EQ(comparison.count(Change::worse), 3U);
  const std::string console = compare_console(comparison, false);
  const std::string markdown = compare_markdown(comparison);
  const std::string shown = markdown.substr(0, markdown.find("<details>"));
  for (const char* figure : {"peak RSS", "mean RSS", "end RSS"}) {
    EXPECT_THAT(console, HasSubstr(std::string("WORSE    ") + figure));
    EXPECT_THAT(shown, HasSubstr(std::string("| ❌ worse | load | jemalloc | ") + figure));
  }
  EXPECT_THAT(console, Not(HasSubstr("too much to call it the same")));
}

TEST(CompareForms, ShowWhatIsTheSameButPerhapsBeyondASmallLimit) {
  simulated::Session base, now;
  base.noise = now.noise = 0.02;
  now.seed = 2;
  const auto comparison = compare(simulated::result(base), simulated::result(now), {0.1, false});
  ASSERT_TRUE(comparison);
  unsigned unclear = 0;
  for (const FigureChange& one : comparison->changes) {
    if (one.gate != Gate::unclear) continue;
    ++unclear;
    EXPECT_FALSE(one.reason.empty()) << one.allocator << " " << one.figure;
  }
  const std::string text = compare_console(*comparison, false);
  unsigned shown = 0;
  for (auto at = text.find("    unclear"); at != std::string::npos;
       at = text.find("    unclear", at + 1)) {
    ++shown;
  }
  EXPECT_GT(unclear, 0U);
  EXPECT_EQ(shown, unclear);
}

TEST(CompareJson, HasEveryFigureWithItsDecision) {
  const auto json = nlohmann::json::parse(compare_json(slower_glibc()));
  EXPECT_EQ(json["schema_version"], 1);
  ASSERT_EQ(json["comparison"]["changes"].size(), 16U);
  const auto& time = json["comparison"]["changes"][3];
  EXPECT_EQ(time["figure"], "ns_per_operation");
  EXPECT_EQ(time["change"], "worse");
  EXPECT_EQ(time["gate"], "fails");
  EXPECT_NEAR(time["percent"], 20, 3);
  EXPECT_LT(time["low_percent"], time["percent"]);
  EXPECT_LE(time["probability"], 0.01);
}

TEST(CompareJunit, HasACaseForEachFigureAndAFailureForTheRegression) {
  const std::string text = compare_junit(slower_glibc());
  EXPECT_THAT(text, HasSubstr("<testsuites name=\"heapwise\" tests=\"16\" failures=\"1\""));
  EXPECT_THAT(text, HasSubstr("name=\"glibc time\"><failure message="));
}

TEST(CompareHeadline, CountsFiguresAndAllocatorsThatFailEachInItsOwnNumber) {
  const Result base = simulated::result({});
  Result now = base;
  for (heapwise::Run& run : now.runs) {
    if (run.allocator == "jemalloc" && run.repetition == 3) run.status = RunStatus::crashed;
  }
  const auto headline = [&base](const Result& other) {
    const auto comparison = compare(base, other, {5, false});
    return comparison ? compare_headline(*comparison) : std::string();
  };
  EXPECT_EQ(headline(now), "1 allocator fails more often");
  for (heapwise::Run& run : now.runs) {
    if (run.allocator == "glibc" && run.peak_rss_bytes) *run.peak_rss_bytes *= 2;
  }
  EXPECT_EQ(headline(now), "1 figure is worse by more than 5.0 % and 1 allocator fails more often");
}

TEST(CompareHeadline, TellsTooFewRunsFromTooMuchNoiseAndFromFailures) {
  simulated::Session few;
  few.rounds = 4;
  const Result base = simulated::result(few);
  auto comparison = compare(base, base, {5, false});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(compare_headline(*comparison),
            "16 figures have fewer than 5 runs a side: too few to tell");
  FigureChange noisy;
  noisy.percent = 7;
  FigureChange failing;
  failing.figure = "status";
  noisy.gate = failing.gate = Gate::unclear;
  comparison->changes = {noisy, failing};
  EXPECT_EQ(compare_headline(*comparison),
            "1 figure may be worse by more than 5.0 %: too much noise to tell; 1 allocator fails "
            "more often, but chance explains as much");
}

TEST(CompareHeadline, CountsOneFigureAsOne) {
  Result base = simulated::result({});
  std::erase_if(base.runs, [](const heapwise::Run& run) {
    return run.allocator != "glibc" || run.purpose != "footprint";
  });
  for (heapwise::Run& run : base.runs) run.mean_rss_bytes = run.end_rss_bytes = std::nullopt;
  const auto comparison = compare(base, base, {5, false});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(compare_headline(*comparison), "no regression beyond 5.0 % in 1 figure");
  EXPECT_THAT(compare_markdown(*comparison), HasSubstr("<summary>1 figure stayed the same<"));
}

TEST(CompareNotes, SayByWhatTimesAreCompared) {
  simulated::Session slower;
  slower.machine = 0.5;
  Result now = simulated::result(slower);
  const auto notes = [&now] {
    const auto comparison = compare(simulated::result({}), now, {std::nullopt, true});
    return comparison ? compare_notes(*comparison) : std::vector<std::string>();
  };
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("their ratio to the other allocators")));
  now.environment.cpu = "another";
  EXPECT_THAT(notes(), testing::ElementsAre(testing::AllOf(HasSubstr("compared by the clock"),
                                                           Not(HasSubstr("ratio")))));
}

TEST(CompareForms, CallNothingGoodOfWhichAPartIsMissing) {
  simulated::Session base, now;
  now.seed = 2;
  now.allocators.pop_back();
  Result fewer = simulated::result(now);
  std::erase_if(fewer.runs, [](const heapwise::Run& run) {
    return run.allocator == "jemalloc" && run.purpose == "throughput";
  });
  const auto comparison = compare(simulated::result(base), fewer, {5, false});
  ASSERT_TRUE(comparison);
  EXPECT_THAT(compare_markdown(*comparison),
              testing::StartsWith("### heapwise: ❔ No regression beyond 5.0 %, but 2 of the base"));
  const std::string junit = compare_junit(*comparison);
  EXPECT_THAT(junit, HasSubstr("tests=\"13\" failures=\"0\" errors=\"0\" skipped=\"2\""));
  EXPECT_THAT(junit, HasSubstr("name=\"tcmalloc\"><skipped message=\"missing from"));
  EXPECT_THAT(junit, HasSubstr("name=\"jemalloc time\"><skipped message=\"missing from"));
}

TEST(CompareForms, LetNoNameOutOfItsPlace) {
  const std::string evil = "</testsuite><b>\"'&|\n\x1b[31m";
  simulated::Session session;
  session.workloads = {evil};
  const Result result = simulated::result(session);
  const auto comparison = compare(result, result, {5, false});
  ASSERT_TRUE(comparison);
  EXPECT_THAT(compare_junit(*comparison), Not(HasSubstr("<b>")));
  EXPECT_THAT(compare_markdown(*comparison), Not(HasSubstr("<b>")));
  EXPECT_THAT(compare_console(*comparison, true), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace heapwise
