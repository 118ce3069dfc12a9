// SPDX-License-Identifier: MIT
#include "results/leading.h"

#include <gmock/gmock.h>

namespace heapwise {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Runs of one workload, told by their figures.
class Runs {
 public:
  Runs& took(const std::string& allocator, const std::vector<double>& ns) {
    for (std::size_t i = 0; i < ns.size(); ++i) {
      Run& run = add(allocator, "throughput", i);
      run.ns_per_operation = ns[i];
    }
    return *this;
  }
  Runs& held(const std::string& allocator, const std::vector<std::uint64_t>& bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      Run& run = add(allocator, "footprint", i);
      run.peak_rss_bytes = run.mean_rss_bytes = run.end_rss_bytes = bytes[i];
    }
    return *this;
  }
  Runs& crashed(const std::string& allocator) {
    add(allocator, "throughput", 9).status = RunStatus::crashed;
    return *this;
  }
  const std::vector<Run>& list() const { return runs_; }

 private:
  Run& add(const std::string& allocator, const char* purpose, std::size_t repetition) {
    Run& run = runs_.emplace_back();
    run.workload = "w";
    run.allocator = allocator;
    run.purpose = purpose;
    run.repetition = static_cast<unsigned>(repetition);
    return run;
  }
  std::vector<Run> runs_;
};

Leading only(const Runs& runs) {
  const auto list = leading_comparisons(runs.list());
  EXPECT_EQ(list.size(), 1U);
  return list.empty() ? Leading{} : list.front();
}

TEST(Leading, OfHeapsOfNextToNothingIsNoDifference) {
  const Leading one = only(Runs().held("glibc", {4000, 4000, 4000}).held("je", {100, 0, 50}));
  EXPECT_EQ(one.percent.low, 0);
  EXPECT_EQ(one.percent.high, 0);
}

TEST(Leading, IsTheLeastAgainstGlibc) {
  const Leading one =
      only(Runs().took("glibc", {100, 100, 100}).took("je", {60, 60, 60}).took("mi", {50, 50, 50}));
  EXPECT_EQ(one.figure, "speed");
  EXPECT_EQ(one.best.allocator, "mi");
  EXPECT_EQ(one.other.allocator, "glibc");
  EXPECT_DOUBLE_EQ(one.percent.median, -50);
  EXPECT_TRUE(one.settled);
}

TEST(Leading, IsGlibcAgainstTheNextWhereGlibcIsTheLeast) {
  const Leading one =
      only(Runs().took("je", {60, 60, 60}).took("glibc", {50, 50, 50}).took("mi", {80, 80, 80}));
  EXPECT_EQ(one.best.allocator, "glibc");
  EXPECT_EQ(one.other.allocator, "je");
}

TEST(Leading, PairsRunsOfOneRoundSoThatWhatAllShareDoesNotCount) {
  // The machine gets slower from round to round, but the relation stays.
  const Leading one =
      only(Runs().took("glibc", {100, 200, 400, 800}).took("je", {80, 160, 320, 640}));
  EXPECT_DOUBLE_EQ(one.percent.low, -20);
  EXPECT_DOUBLE_EQ(one.percent.high, -20);
  EXPECT_TRUE(one.settled);
}

TEST(Leading, IsOpenWhileTheIntervalReachesOverWhatCounts) {
  const Leading one = only(Runs().took("glibc", {100, 100, 100}).took("je", {80, 99, 93}));
  EXPECT_FALSE(one.settled);
  EXPECT_THAT(describe(one), HasSubstr("speed: je 7.0 % below glibc"));
}

TEST(Leading, IsSettledWhereTheDifferenceIsSurelyNotWorthHaving) {
  EXPECT_TRUE(only(Runs().took("glibc", {100, 100, 100}).took("je", {98, 101, 99})).settled);
}

TEST(Leading, IsNeverSettledByTwoRounds) {
  EXPECT_FALSE(only(Runs().took("glibc", {100, 100}).took("je", {50, 50})).settled);
}

TEST(Leading, LeavesOutWhatFailedOnce) {
  const Leading one = only(Runs()
                               .took("glibc", {100, 100, 100})
                               .took("je", {50, 50, 50})
                               .took("mi", {90, 90, 90})
                               .crashed("je"));
  EXPECT_EQ(one.best.allocator, "mi");
}

TEST(Leading, KeepsRoundsApartThatOnlyOneSideHas) {
  const Leading one = only(Runs().took("glibc", {100, 100, 100, 100}).took("je", {50, 50, 50}));
  EXPECT_EQ(one.pairs, 3U);
}

TEST(Leading, TellsEachFigure) {
  const auto list = leading_comparisons(Runs()
                                            .took("glibc", {100, 100, 100})
                                            .took("je", {60, 60, 60})
                                            .held("glibc", {100, 100, 100})
                                            .held("je", {200, 200, 200})
                                            .list());
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].figure, "memory");
  EXPECT_EQ(list[0].best.allocator, "glibc");
}

TEST(Leading, NeedsTwoToCompare) {
  EXPECT_THAT(leading_comparisons(Runs().took("glibc", {1, 2, 3}).list()), IsEmpty());
}

TEST(Outliers, StandFarFromTheOthersOfTheirKind) {
  const Runs runs = Runs().took("glibc", {100, 101, 99, 100, 180}).took("je", {50, 51, 49, 50, 50});
  const auto outliers = outliers_of(runs.list());
  ASSERT_EQ(outliers.size(), 1U);
  EXPECT_EQ(outliers[0].run->repetition, 4U);
  EXPECT_EQ(outliers[0].run->allocator, "glibc");
  EXPECT_DOUBLE_EQ(outliers[0].times_median, 1.8);
}

TEST(Outliers, AreNotCalledAmongFewRunsNorForALittle) {
  EXPECT_THAT(outliers_of(Runs().took("glibc", {100, 101, 99, 180}).list()), IsEmpty());
  EXPECT_THAT(outliers_of(Runs().took("glibc", {100, 100, 100, 100, 105}).list()), IsEmpty());
}

TEST(Outliers, AreMultiplesOfSomethingWhereTheMedianIsNothing) {
  const Runs runs = Runs().held("glibc", {0, 0, 0, 0, 4096 * 10});
  const auto list = outliers_of(runs.list());
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].times_median, 10);
}

Result suite_of(const Runs& runs, unsigned rounds) {
  Result result;
  result.runs = runs.list();
  result.suite.emplace();
  result.suite->progress = {{"w", "w", rounds, "budget", ""}};
  return result;
}

TEST(Limits, SayThatFewRoundsTellNothing) {
  const Result result = suite_of(Runs().took("glibc", {100}).took("je", {50}), 1);
  EXPECT_THAT(limits_of(result), Contains(HasSubstr("1 of 1 workloads had fewer than 3 rounds")));
}

TEST(Limits, SayBelowWhichDifferenceNothingIsSeen) {
  const Result result = suite_of(
      Runs().took("glibc", {100, 100, 100, 100, 100}).took("je", {80, 90, 90, 90, 100}), 5);
  EXPECT_THAT(limits_of(result), Contains(HasSubstr("Differences in speed below 10 %")));
  EXPECT_THAT(limits_of(result), Not(Contains(HasSubstr("fewer than"))));
}

TEST(Limits, ShowOutliersInsteadOfDroppingThem) {
  const Result result =
      suite_of(Runs().took("glibc", {100, 101, 99, 100, 180}).took("je", {50, 51, 49, 50, 50}), 5);
  EXPECT_THAT(limits_of(result), Contains(AllOf(HasSubstr("1 run stands apart"),
                                                HasSubstr("times the median allocator time"))));
}

TEST(Limits, NameWhatThereWasNoTimeFor) {
  EXPECT_THAT(limits_of(suite_of(Runs(), 0)),
              Contains(HasSubstr("no time to finish a round of w")));
}

}  // namespace
}  // namespace heapwise
