// SPDX-License-Identifier: MIT
// How a verification is shown.
#include <gmock/gmock.h>

#include <sstream>

#include "results/report/console.h"
#include "results/report/html.h"
#include "results/report/text.h"
#include "results/report/verification_view.h"
#include "tests/verify/synthetic.h"

namespace heapwise {
namespace {

using synthetic::verified;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Result shown() {
  return verified({{"glibc", 110, 98, 2},
                   {"jemalloc", 70, 72, 0, 100, 0.8},
                   {"tcmalloc", 60, 0, 0, 100, 1, 0, "SIGSEGV"}});
}

TEST(VerificationText, ComesFirstWithBothFiguresErrorAndNoise) {
  const std::string text = console_report(shown());
  EXPECT_THAT(text, StartsWith("Predicted and real\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("glibc +peak +110 +100 +.10 % +± 2.0 %\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("CPU +– +1.00 s +± 0 %\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("CPU +same +.+20 % +± 0 %\n"));
  EXPECT_THAT(text, HasSubstr("3 of 3 real runs failed, crashed: killed by SIGSEGV"));
  EXPECT_THAT(text, HasSubstr("Predicted peaks off by more"));
  EXPECT_THAT(text, HasSubstr("against glibc's default: jemalloc is faster (predicted: same)."));
}

TEST(VerificationText, SaysForWhomTheRealRunsScatterTooMuchToTell) {
  Result result = shown();
  Verification& row = result.verification[1];
  row.predicted_speed = "faster";
  row.predicted_cpu_change_percent = -4;
  row.real_speed = "same";
  row.cpu_change_low_percent = -9;
  row.cpu_change_high_percent = 2;
  EXPECT_THAT(describe_speed(result.verification),
              HasSubstr("the real runs scatter too much to tell for jemalloc (predicted: faster)"));
  row.cpu_change_low_percent = -1;
  EXPECT_THAT(describe_speed(result.verification),
              HasSubstr("jemalloc is same (predicted: faster)"));
}

TEST(VerificationText, SaysHowManyPredictionsCouldBeChecked) {
  Result result = shown();
  for (Verification& row : result.verification) row.check = "not-checked";
  result.verification[1].check = "passed";
  EXPECT_THAT(describe_check(result.verification),
              StartsWith("Every predicted peak that could be checked (1 of 3) is within"));
}

TEST(VerificationText, SaysHowMuchLongerTheRecordedRunTook) {
  Result result = shown();
  EXPECT_THAT(verification_text(result, 80), Not(HasSubstr("Recording took")));
  result.workloads[0].recording_slowdown = 1.058;
  EXPECT_THAT(verification_text(result, 80), HasSubstr("Recording took 1.06 times as long"));
}

TEST(VerificationText, FitsEightyColumnsWhateverTheNames) {
  Result result = shown();
  for (Verification& row : result.verification) row.tuning = std::string(100, 'x');
  result.verification[2].failure = "crashed: " + std::string(200, 'y') + "\x1b[2J";
  std::istringstream lines(verification_text(result, 80));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), 80U) << line;
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  }
}

TEST(VerificationText, IsNothingForAResultThatIsNone) {
  EXPECT_EQ(verification_text(Result{}, 80), "");
}

TEST(VerificationChart, HasBothCurvesOverTheWholeRun) {
  const Result result = shown();
  const auto chart = verification_chart(result, result.verification[0]);
  ASSERT_TRUE(chart);
  std::set<std::string> names;
  for (const auto& layer : (*chart)["layer"]) {
    names.insert(layer["name"].get<std::string>());
    if (layer["name"] != "real" && layer["name"] != "predicted") continue;
    const auto& rows = layer["data"]["values"];
    ASSERT_GT(rows.size(), 50U);
    EXPECT_EQ(rows.front()["t"], 0);
    EXPECT_EQ(rows.back()["t"], 100);
  }
  EXPECT_EQ(names, (std::set<std::string>{"predicted", "predicted_others", "real", "real_others"}));
}

TEST(VerificationChart, OfWhatNeverRanIsNone) {
  const Result result = shown();
  EXPECT_FALSE(verification_chart(result, result.verification[2]));
}

// Not matchers: they would print the whole report when they fail.
TEST(VerificationHtml, StandsBeforeTheVerdictAndEscapesWhatItShows) {
  Result result = shown();
  result.verification[2].failure = "<script>alert(1)</script>";
  const std::string page = html_report({result});
  const auto section = page.find("Predicted and real");
  ASSERT_NE(section, std::string::npos);
  EXPECT_LT(section, page.find("class=\"verdict"));
  EXPECT_NE(page.find("id=\"verified-0-0\""), std::string::npos);
  EXPECT_EQ(page.find("<script>alert(1)"), std::string::npos);
}

}  // namespace
}  // namespace heapwise
