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

TEST(CompareConsole, ShowsWhatChangedWorstFirstInEightyColumns) {
  const std::string text = compare_console(slower_glibc(), false);
  EXPECT_THAT(text, HasSubstr("glibc on load"));
  EXPECT_THAT(text, HasSubstr("WORSE"));
  EXPECT_LT(text.find("glibc on load"), text.find("jemalloc on load"));
  EXPECT_THAT(text, HasSubstr("1 figure is worse by more than 5.0 %, or fails."));
  EXPECT_THAT(text, HasSubstr("12 of the figures stayed the same."));
  EXPECT_THAT(text, Not(HasSubstr("tcmalloc on load")));
  EXPECT_THAT(compare_console(slower_glibc(), true), HasSubstr("tcmalloc on load"));
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 80U) << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(CompareMarkdown, LeadsWithTheAnswerAndFoldsWhatStayedTheSame) {
  const std::string text = compare_markdown(slower_glibc());
  EXPECT_THAT(text, testing::StartsWith("### heapwise: ❌ 1 figure is worse"));
  EXPECT_THAT(text, HasSubstr("| ❌ worse | load | glibc | time |"));
  EXPECT_THAT(text, HasSubstr("<summary>12 figures stayed the same</summary>"));
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
