// SPDX-License-Identifier: MIT
#include "results/regret.h"

#include <gmock/gmock.h>

#include "results/json.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr double kMiB = 1024 * 1024;

Interval tight(double value) { return {value, value * 0.999, value * 1.001, value * 0.0005}; }

/// A result told by what each allocator did on each workload.
class Fleet {
 public:
  Summary& did(const std::string& workload, const std::string& allocator, double mib, double ns) {
    if (result_.workloads.empty() || result_.workloads.back().name != workload) {
      result_.workloads.emplace_back().name = workload;
    }
    Summary& row = result_.summary.emplace_back();
    row.workload = workload;
    row.allocator = allocator;
    row.repetitions = 5;
    row.memory_cost_bytes = tight(mib * kMiB);
    row.ns_per_operation = tight(ns);
    return row;
  }

  const Result& filled() {
    std::vector<Deployment> deployments(3);
    deployments[0].allocator = "glibc";
    deployments[1].allocator = "je";
    deployments[1].preload_path = "/lib/je.so";
    deployments[2].allocator = "mi";
    deployments[2].preload_path = "/lib/mi.so";
    fill_regrets(result_, deployments);
    return result_;
  }
  Result& result() { return result_; }

 private:
  Result result_;
};

const Regret& find(const Result& result, const std::string& workload, const std::string& name) {
  for (const Regret& one : result.regrets) {
    if (one.workload == workload && one.allocator == name) return one;
  }
  throw std::runtime_error("no such regret");
}

const FleetRow& row(const Result& result, const std::string& name) {
  for (const FleetRow& one : result.fleet) {
    if (one.allocator == name) return one;
  }
  throw std::runtime_error("no such row");
}

const Recommendation& verdict(const Result& result, Objective objective) {
  for (const Recommendation& one : result.fleet_recommendations) {
    if (one.objective == objective) return one;
  }
  throw std::runtime_error("no such verdict");
}

TEST(Regret, IsNothingForTheBestAndPerCentAboveItForTheOthers) {
  Fleet fleet;
  fleet.did("w", "glibc", 150, 20);
  fleet.did("w", "je", 100, 40);
  const Result& result = fleet.filled();
  EXPECT_EQ(find(result, "w", "je").memory->standing, "best");
  EXPECT_EQ(find(result, "w", "je").memory->percent, 0);
  EXPECT_EQ(find(result, "w", "glibc").memory->standing, "worse");
  EXPECT_NEAR(find(result, "w", "glibc").memory->percent, 50, 1e-9);
  EXPECT_NEAR(find(result, "w", "je").speed->percent, 100, 1e-9);
  EXPECT_FALSE(find(result, "w", "je").latency);
}

TEST(Regret, CountsNothingWhereTheDifferenceIsNotWorthHaving) {
  Fleet fleet;
  fleet.did("w", "glibc", 101, 20);
  fleet.did("w", "je", 100, 20.5);
  const Result& result = fleet.filled();
  EXPECT_EQ(find(result, "w", "glibc").memory->standing, "same");
  EXPECT_NEAR(find(result, "w", "glibc").memory->percent, 1, 1e-9);
  EXPECT_EQ(counted(*find(result, "w", "glibc").memory), 0);
  EXPECT_EQ(find(result, "w", "je").speed->standing, "same");
}

TEST(Regret, OfAnAllocatorThatFailedIsNotMeasuredAndItIsNeverTheBest) {
  Fleet fleet;
  fleet.did("w", "glibc", 150, 20);
  Summary& dead = fleet.did("w", "je", 10, 1);
  dead.failures = 1;
  dead.failure = "crashed: killed by SIGSEGV";
  const Result& result = fleet.filled();
  EXPECT_EQ(find(result, "w", "glibc").memory->standing, "best");
  EXPECT_FALSE(find(result, "w", "je").memory);
  EXPECT_FALSE(find(result, "w", "je").on_front);
  EXPECT_THAT(find(result, "w", "je").failure, HasSubstr("SIGSEGV"));
}

TEST(Regret, KeepsOnTheFrontWhomNobodyBeatsInEveryFigure) {
  Fleet fleet;
  fleet.did("w", "glibc", 150, 20);
  fleet.did("w", "je", 100, 40);
  fleet.did("w", "mi", 150, 40);
  const Result& result = fleet.filled();
  EXPECT_TRUE(find(result, "w", "glibc").on_front);
  EXPECT_TRUE(find(result, "w", "je").on_front);
  EXPECT_FALSE(find(result, "w", "mi").on_front);
}

TEST(Regret, PutsTailLatencyOnTheFrontToo) {
  Fleet fleet;
  fleet.did("w", "glibc", 100, 20).latency_p999_ns = tight(2000);
  fleet.did("w", "je", 150, 40).latency_p999_ns = tight(500);
  const Result& result = fleet.filled();
  EXPECT_TRUE(find(result, "w", "je").on_front);
  EXPECT_NEAR(find(result, "w", "glibc").latency->percent, 300, 1e-9);
}

TEST(Regret, OfTimeIsAgainstTheLeastOfWhatVerdictsCompareAndNotOfWallTime) {
  Fleet fleet;
  fleet.did("w", "glibc", 100, 50).cpu_ns_per_operation = tight(150);
  fleet.did("w", "je", 100, 60).cpu_ns_per_operation = tight(100);
  fleet.result().workloads[0].cpu_s = 10;
  fleet.result().workloads[0].operations = 10'000'000;
  const Result& result = fleet.filled();
  EXPECT_EQ(find(result, "w", "je").speed->standing, "best");
  EXPECT_EQ(find(result, "w", "glibc").speed->standing, "worse");
  EXPECT_NEAR(find(result, "w", "glibc").speed->percent, 50, 1e-9);
  EXPECT_EQ(*find(result, "w", "je").balanced_points, 0);
}

TEST(Regret, WeighsTimeByWhatItIsWorthInTheBalancedPoints) {
  Fleet fleet;
  fleet.did("w", "glibc", 100, 40);
  fleet.did("w", "je", 100, 20);
  const Result& result = fleet.filled();
  // 100 % more time of an assumed 7 % of the program, at two points per per cent.
  EXPECT_NEAR(*find(result, "w", "glibc").balanced_points, 14, 1e-9);
  EXPECT_EQ(*find(result, "w", "je").balanced_points, 0);
}

TEST(FleetTable, TellsTheMeanAndTheWorstWithItsWorkload) {
  Fleet fleet;
  fleet.did("a", "glibc", 100, 20);
  fleet.did("a", "je", 120, 20);
  fleet.did("b", "glibc", 200, 20);
  fleet.did("b", "je", 100, 20);
  const Result& result = fleet.filled();
  EXPECT_NEAR(row(result, "je").memory->mean, 10, 1e-9);
  EXPECT_NEAR(row(result, "je").memory->worst, 20, 1e-9);
  EXPECT_EQ(row(result, "je").memory->worst_workload, "a");
  EXPECT_NEAR(row(result, "glibc").memory->mean, 50, 1e-9);
  EXPECT_EQ(row(result, "glibc").memory->worst_workload, "b");
  EXPECT_EQ(row(result, "glibc").workloads, 2U);
  EXPECT_EQ(result.fleet.front().allocator, "glibc");
}

TEST(FleetTable, ChoosesTheLeastMeanRegret) {
  Fleet fleet;
  fleet.did("a", "glibc", 100, 20);
  fleet.did("a", "je", 110, 20);
  fleet.did("b", "glibc", 200, 20);
  fleet.did("b", "je", 100, 20);
  const Recommendation& memory = verdict(fleet.filled(), Objective::memory);
  EXPECT_EQ(memory.choice.allocator, "je");
  EXPECT_EQ(memory.verdict, VerdictKind::better);
  EXPECT_EQ(memory.workload, "");
  EXPECT_THAT(memory.headline, StartsWith("je: on average 5.0 % more memory than the best"));
  EXPECT_THAT(memory.headline,
              HasSubstr("at most 10 % (a); glibc on average 50 % more memory, at most 100 % (b)"));
  EXPECT_EQ(verdict(fleet.filled(), Objective::speed).verdict, VerdictKind::same);
}

TEST(FleetTable, NamesTheOneOfTheLeastWorstWhereItIsAnother) {
  Fleet fleet;
  for (const char* name : {"a", "b", "c"}) {
    fleet.did(name, "glibc", 300, 20);
    fleet.did(name, "je", name[0] == 'a' ? 190 : 100, 20);
    fleet.did(name, "mi", name[0] == 'a' ? 100 : 150, 20);
  }
  const Recommendation& memory = verdict(fleet.filled(), Objective::memory);
  EXPECT_EQ(memory.choice.allocator, "je");
  EXPECT_THAT(
      memory.reasons,
      testing::Contains(HasSubstr("worst case more than the average takes mi: at most 50")));
}

TEST(FleetTable, NeverChoosesWhatFailedOnAWorkloadOrDidNotRunIt) {
  Fleet fleet;
  fleet.did("a", "glibc", 200, 20);
  fleet.did("a", "je", 100, 20).failures = 1;
  fleet.result().summary.back().failure = "timed-out";
  fleet.did("a", "mi", 100, 20);
  fleet.did("b", "glibc", 200, 20);
  fleet.did("b", "je", 100, 20);
  const Result& result = fleet.filled();
  EXPECT_EQ(row(result, "je").failures, 1U);
  EXPECT_EQ(row(result, "mi").missing, 1U);
  EXPECT_EQ(verdict(result, Objective::memory).choice.allocator, "glibc");
  EXPECT_THAT(verdict(result, Objective::memory).reasons,
              testing::IsSupersetOf({"je was left out: runs failed on 1 workload.",
                                     "mi was left out: it was not run on 1 workload."}));
}

TEST(FleetTable, NeverTellsAGlibcProgramToKeepAnotherAllocator) {
  Fleet fleet;
  for (const char* name : {"a", "b"}) {
    fleet.did(name, "glibc", 200, 20);
    fleet.did(name, "je", 200, 20);
    fleet.did(name, "mi", 200, 20);
  }
  fleet.result().summary.front().failures = 1;
  fleet.result().summary.front().failure = "crashed";
  const Recommendation& memory = verdict(fleet.filled(), Objective::memory);
  EXPECT_EQ(memory.verdict, VerdictKind::inconclusive);
  EXPECT_EQ(memory.choice.allocator, "glibc");
  EXPECT_THAT(memory.reasons, testing::Contains("glibc was left out: runs failed on 1 workload."));
}

TEST(FleetTable, WithoutGlibcSaysWhoTheBaselineIs) {
  Fleet fleet;
  for (const char* name : {"a", "b"}) {
    fleet.did(name, "je", 200, 20);
    fleet.did(name, "mi", 100, 20);
  }
  const Recommendation& memory = verdict(fleet.filled(), Objective::memory);
  EXPECT_EQ(memory.choice.allocator, "mi");
  EXPECT_THAT(memory.reasons,
              testing::Contains("glibc's default is missing, so je is the baseline."));
}

TEST(FleetTable, TellsNothingFromTooFewRepetitions) {
  Fleet fleet;
  for (const char* name : {"a", "b"}) {
    fleet.did(name, "glibc", 200, 20).repetitions = 1;
    fleet.did(name, "je", 100, 20).repetitions = 1;
  }
  const Recommendation& memory = verdict(fleet.filled(), Objective::memory);
  EXPECT_EQ(memory.verdict, VerdictKind::inconclusive);
  EXPECT_EQ(memory.choice.allocator, "glibc");
}

TEST(FleetTable, IsLeftOutOfAResultOfOneWorkload) {
  Fleet fleet;
  fleet.did("a", "glibc", 200, 20);
  EXPECT_THAT(fleet.filled().fleet, IsEmpty());
  EXPECT_THAT(fleet.filled().fleet_recommendations, IsEmpty());
}

TEST(FleetTable, ComesBackFromJsonAsItWas) {
  Fleet fleet;
  for (const char* name : {"a", "b"}) {
    fleet.did(name, "glibc", 200, 20).latency_p999_ns = tight(900);
    fleet.did(name, "je", 100, 30).latency_p999_ns = tight(700);
  }
  SuiteInfo suite;
  suite.mode = "full";
  suite.workloads = {"a", "b:x=1"};
  suite.complete = true;
  suite.progress = {{"a", "a", 5, "narrow", "told apart"}};
  fleet.result().suite = suite;
  const Result& before = fleet.filled();
  const auto after = from_json(to_json(before), "test");
  ASSERT_TRUE(after) << after.error().what;
  EXPECT_EQ(to_json(*after), to_json(before));
  EXPECT_TRUE(after->suite->complete);
  EXPECT_EQ(row(*after, "glibc").memory->mean, row(before, "glibc").memory->mean);
}

}  // namespace
}  // namespace heapwise
