// SPDX-License-Identifier: MIT
// Errors, noise, checks and agreement where the right answer is known.
#include "results/verification.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "results/json.h"
#include "tests/verify/synthetic.h"

namespace heapwise {
namespace {

using synthetic::result_of;
using synthetic::verified;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(Verification, ErrorIsOfTheRealFigureAndNoiseIsHalfTheRangeOfTheRealRuns) {
  const Result result = verified({{"glibc", 110, 98, 2}});  // real: 98, 100, 102 MiB
  ASSERT_EQ(result.verification.size(), 1U);
  const Verification& row = result.verification[0];
  EXPECT_NEAR(*row.error_percent, 10, 1e-3);
  EXPECT_NEAR(*row.noise_percent, 2, 1e-3);
  EXPECT_NEAR(*row.mean_error_percent, 10, 1e-3);
  EXPECT_NEAR(*row.end_error_percent, 10, 1e-3);
  EXPECT_NEAR(*row.error_percent_of_process, 5, 1e-3);
  EXPECT_EQ(row.real_runs, 3U);
  EXPECT_EQ(*row.real_cpu_s, 1);
}

TEST(Verification, AnErrorMayBeAsLargeAsTheNoiseAndFivePerCent) {
  EXPECT_EQ(verified({{"glibc", 106.9, 98, 2}}).verification[0].check, "passed");
  EXPECT_EQ(verified({{"glibc", 93.1, 98, 2}}).verification[0].check, "passed");
  EXPECT_EQ(verified({{"glibc", 107.1, 98, 2}}).verification[0].check, "failed");
  EXPECT_EQ(verified({{"glibc", 92.9, 98, 2}}).verification[0].check, "failed");
}

TEST(Verification, OneFailedCheckFailsTheWhole) {
  EXPECT_TRUE(all_passed(verified({{"glibc", 100, 100}, {"jemalloc", 70, 71}}).verification));
  EXPECT_FALSE(all_passed(verified({{"glibc", 100, 100}, {"jemalloc", 70, 80}}).verification));
}

TEST(Verification, OfASingleRunHasNoNoiseThatAnyoneKnows) {
  const Result result = verified({{"glibc", 104, 100}}, 1);
  EXPECT_FALSE(result.verification[0].noise_percent);
  EXPECT_EQ(result.verification[0].check, "passed");
}

TEST(Verification, AnAllocatorThatTheProgramDiesOfHasNoErrorButASignal) {
  const Result result =
      verified({{"glibc", 100, 100}, {"jemalloc", 60, 0, 0, 100, 1, 0, "SIGSEGV"}});
  const Verification& row = result.verification[1];
  EXPECT_EQ(row.failures, 3U);
  EXPECT_THAT(row.failure, HasSubstr("SIGSEGV"));
  EXPECT_FALSE(row.error_percent);
  EXPECT_EQ(row.check, "not-checked");
  EXPECT_TRUE(all_passed(result.verification)) << "a death is a result, not a wrong prediction";
}

TEST(Verification, OnlyTheMeasuredPartOfThePredictionIsCompared) {
  // The prediction goes on rising while the server is taken down; the load ended at its half.
  Result result = result_of({{"glibc", 200, 100}});
  const auto rows = verify_predictions(result, "made-up", 0.5);
  EXPECT_NEAR(*rows[0].error_percent, 0, 1e-3);
  EXPECT_NEAR(*rows[0].mean_error_percent, 0, 0.1);
  EXPECT_NEAR(*verify_predictions(result, "made-up", 1)[0].error_percent, 100, 1e-3);
}

TEST(Verification, EachRecordingIsComparedUpToTheEndOfItsOwnLoad) {
  Result result = result_of({{"glibc", 200, 100}});
  RecordingInfo half, unknown;
  half.measured_share = 0.5;
  result.workloads.front().recordings = {half, unknown};
  EXPECT_NEAR(*verify_predictions(result, "made-up", 1)[0].error_percent, 0, 1e-3);
  for (heapwise::Run& run : result.runs) run.recording = 1;
  EXPECT_NEAR(*verify_predictions(result, "made-up", 1)[0].error_percent, 100, 1e-3);
  EXPECT_NEAR(*verify_predictions(result, "made-up", 0.5)[0].error_percent, 0, 1e-3);
}

TEST(Verification, AHeapThatIsSmallBesideTheRestIsShownButNotChecked) {
  const Result result = result_of({{"glibc", 150, 100}});  // real mean: 50 MiB
  const auto half = 25.0 * 1024 * 1024;
  EXPECT_EQ(verify_predictions(result, "made-up", 1, half - 1e5)[0].check, "failed");
  const auto rows = verify_predictions(result, "made-up", 1, half + 1e5);
  EXPECT_EQ(rows[0].check, "not-checked");
  EXPECT_NEAR(*rows[0].error_percent, 50, 1e-3);
}

TEST(Verification, WhatKillsTheProgramIsNotRecommended) {
  Result result = verified({{"glibc", 100, 100}, {"jemalloc", 60, 0, 0, 100, 1, 0, "SIGSEGV"}});
  const auto deployments = synthetic::deployments({{"glibc", 0, 0}, {"jemalloc", 0, 0}});
  EXPECT_EQ(recommend(result, "made-up", Objective::memory, deployments)->choice.allocator,
            "jemalloc");
  count_real_failures(result);
  const auto verdict = recommend(result, "made-up", Objective::memory, deployments);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("the program itself crashed")));
}

TEST(VerifiedSpeed, SaysBothOfEachAllocatorButTheOneComparedWith) {
  const Result result = verified({{"glibc", 100, 100, 0, 300, 1.0},
                                  {"jemalloc", 100, 100, 0, 100, 0.8},
                                  {"mimalloc", 100, 100, 0, 300, 1.1},
                                  {"tcmalloc", 100, 100, 0, 301, 1.01}});
  const auto& rows = result.verification;
  EXPECT_FALSE(rows[0].cpu_change_percent);
  EXPECT_EQ(rows[0].real_speed + rows[0].predicted_speed, "");
  EXPECT_NEAR(*rows[1].cpu_change_percent, -20, 1e-6);
  EXPECT_NEAR(*rows[1].predicted_cpu_change_percent, -20, 1e-6)
      << "200 ns of a million calls in 1 s";
  EXPECT_EQ(rows[1].real_speed + " " + rows[1].predicted_speed, "faster faster");
  EXPECT_EQ(rows[2].real_speed + " " + rows[2].predicted_speed, "slower same");
  EXPECT_EQ(rows[3].real_speed + " " + rows[3].predicted_speed, "same same") << "1 % is too little";
}

TEST(VerifiedSpeed, ComparesRunsOfTheSameRound) {
  // Each round is slower than the one before, by far more than the allocators differ.
  const Result result = verified(
      {{"glibc", 100, 100, 0, 300, 1.0, 0.5}, {"mimalloc", 100, 100, 0, 100, 0.8, 0.4}}, 5);
  const Verification& row = result.verification[1];
  EXPECT_NEAR(*row.cpu_change_percent, -20, 1e-6);
  EXPECT_NEAR(*row.cpu_change_high_percent, -20, 1e-6);
  EXPECT_EQ(row.real_speed, "faster");
}

TEST(VerifiedSpeed, IsTheSameWhereTheRunsLeaveADoubt) {
  const Result result =
      verified({{"glibc", 100, 100, 0, 300, 1.0}, {"mimalloc", 100, 100, 0, 100, 0.7, 0.15}});
  const Verification& row = result.verification[1];
  EXPECT_LT(*row.cpu_change_percent, -2);
  EXPECT_LT(*row.cpu_change_low_percent, *row.cpu_change_percent);
  EXPECT_GT(*row.cpu_change_high_percent, 0);
  EXPECT_EQ(row.real_speed, "same");
}

TEST(VerifiedSpeed, OfOneRunIsNotKnown) {
  const Result result = verified({{"glibc", 100, 100}, {"mimalloc", 100, 100, 0, 10, 0.5}}, 1);
  EXPECT_FALSE(result.verification[1].cpu_change_percent);
  EXPECT_EQ(result.verification[1].real_speed, "");
}

TEST(Agreement, TheSameChoiceIsTheSameChoice) {
  const Result result = verified({{"glibc", 100, 102}, {"jemalloc", 70, 72}, {"tcmalloc", 90, 91}});
  EXPECT_EQ(result.agreement->memory, "same-choice");
  EXPECT_EQ(result.agreement->real_memory_choice->allocator, "jemalloc");
  EXPECT_EQ(result.agreement->speed, "same-choice") << "neither side sees a difference";
}

TEST(Agreement, ChoicesThatTheRealRunsCannotTellApartAreWithinTheNoise) {
  const Result result =
      verified({{"glibc", 100, 100}, {"jemalloc", 70, 72}, {"tcmalloc", 80, 71.5}});
  EXPECT_EQ(result.agreement->predicted_memory_choice->allocator, "jemalloc");
  EXPECT_EQ(result.agreement->memory, "within-noise");
}

TEST(Agreement, AnotherChoiceThatIsReallyBetterIsDifferent) {
  const Result result = verified({{"glibc", 100, 100}, {"jemalloc", 70, 90}, {"tcmalloc", 90, 60}});
  EXPECT_EQ(result.agreement->memory, "different");
  EXPECT_EQ(result.agreement->predicted_memory_choice->allocator, "jemalloc");
  EXPECT_EQ(result.agreement->real_memory_choice->allocator, "tcmalloc");
}

TEST(Agreement, AChoiceThatTheProgramDiesOfIsDifferent) {
  const Result result =
      verified({{"glibc", 100, 100}, {"jemalloc", 60, 0, 0, 100, 1, 0, "SIGSEGV"}});
  EXPECT_EQ(result.agreement->memory, "different");
  EXPECT_EQ(result.agreement->real_memory_choice->allocator, "glibc");
}

TEST(Agreement, OnSpeedIsAboutTheProgramsCpuTime) {
  const Result same =
      verified({{"glibc", 100, 100, 0, 300, 1.0}, {"mimalloc", 100, 100, 0, 100, 0.8}});
  EXPECT_EQ(same.agreement->speed, "same-choice");
  EXPECT_EQ(same.agreement->real_speed_choice->allocator, "mimalloc");
  const Result other =
      verified({{"glibc", 100, 100, 0, 300, 1.0}, {"mimalloc", 100, 100, 0, 100, 1.2}});
  EXPECT_EQ(other.agreement->speed, "different");
}

TEST(Agreement, TwoRunsCannotTell) {
  const Result result = verified({{"glibc", 100, 100}, {"jemalloc", 70, 72}}, 2);
  EXPECT_FALSE(result.agreement->memory);
  EXPECT_THAT(result.agreement->sentences, Contains(HasSubstr("fewer than 3")));
}

TEST(VerificationJson, KeepsItsContractAndReadsBackAsItWas) {
  const Result result =
      verified({{"glibc", 103, 98, 2}, {"jemalloc", 60, 0, 0, 100, 1, 0, "SIGSEGV"}});
  const std::string text = to_json(result);
  const auto json = nlohmann::json::parse(text);
  for (const char* field :
       {"allocator", "tuning", "real_peak_rss_bytes", "predicted_peak_rss_bytes",
        "real_mean_rss_bytes", "predicted_mean_rss_bytes", "real_end_rss_bytes",
        "predicted_end_rss_bytes", "noise_percent", "error_percent", "real_cpu_s", "real_speed",
        "predicted_speed"}) {
    EXPECT_TRUE(json["verification"][0].contains(field)) << field;
  }
  EXPECT_EQ(json["agreement"]["memory"], "different");
  EXPECT_EQ(json["real_runs"][0]["purpose"], "real");
  const auto again = from_json(text, "again.json");
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(to_json(*again), text);
}

TEST(VerificationJson, AResultWithoutOneSaysNothingOfIt) {
  const auto json = nlohmann::json::parse(to_json(Result{}));
  EXPECT_FALSE(json.contains("verification"));
  EXPECT_FALSE(json.contains("real_runs"));
  EXPECT_FALSE(json.contains("agreement"));
}

}  // namespace
}  // namespace heapwise
