// SPDX-License-Identifier: MIT
#include "results/compare.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "results/report/compare_view.h"
#include "tests/compare/simulated.h"

namespace heapwise {
namespace {

using simulated::Session;
using testing::HasSubstr;

Comparison compared(const Result& base, const Result& now, double fail_over = 5) {
  auto comparison = compare(base, now, {fail_over, false});
  EXPECT_TRUE(comparison) << (comparison ? "" : comparison.error().what);
  return comparison.value_or(Comparison{});
}

Comparison compared(const Session& base, const Session& now, double fail_over = 5) {
  return compared(simulated::result(base), simulated::result(now), fail_over);
}

const FigureChange& figure(const Comparison& comparison, const std::string& allocator,
                           const std::string& name) {
  static const FigureChange kNone;
  for (const FigureChange& one : comparison.changes) {
    if (one.allocator == allocator && one.figure == name) return one;
  }
  ADD_FAILURE() << "no " << name << " of " << allocator;
  return kNone;
}

TEST(Compare, CallsAResultTheSameAsItself) {
  const Result result = simulated::result({});
  const Comparison comparison = compared(result, result);
  EXPECT_EQ(comparison.changes.size(), 16U);
  EXPECT_EQ(comparison.count(Change::same), 16U);
  EXPECT_EQ(comparison.count(Gate::passes), 16U);
}

TEST(Compare, RaisesAtMostTwoFalseAlarmsInAHundredEqualPairs) {
  int alarms = 0, changes = 0;
  for (unsigned pair = 0; pair < 100; ++pair) {
    Session base, now;
    base.noise = now.noise = 0.02;
    base.seed = 2 * pair + 1;
    now.seed = 2 * pair + 2;
    const Comparison comparison = compared(base, now);
    alarms += comparison.count(Gate::fails) > 0 ? 1 : 0;
    changes += comparison.count(Change::worse) + comparison.count(Change::better) > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, 2);
  EXPECT_LE(changes, 2);
}

/// Of 40 slowdowns by a tenth, those that the gate fails. None of the others may pass it.
int caught_of_40(double noise) {
  int caught = 0;
  for (unsigned pair = 0; pair < 40; ++pair) {
    Session base, now;
    base.noise = now.noise = noise;
    base.seed = 2 * pair + 1;
    now.seed = 2 * pair + 2;
    now.slower["jemalloc"] = 0.10;
    const Comparison comparison = compared(base, now);
    const FigureChange& time = figure(comparison, "jemalloc", "ns_per_operation");
    caught += time.gate == Gate::fails && time.change == Change::worse ? 1 : 0;
    EXPECT_NE(time.gate, Gate::passes);
    EXPECT_EQ(comparison.count(Gate::fails), time.gate == Gate::fails ? 1U : 0U);
  }
  return caught;
}

TEST(Compare, CatchesAnAllocatorThatBecameATenthSlower) {
  EXPECT_GE(caught_of_40(0.015), 38);
  EXPECT_GE(caught_of_40(0.02), 36);
}

TEST(Compare, CatchesMemoryThatGrewByATenth) {
  Session base, now;
  now.seed = 2;
  now.larger["tcmalloc"] = 0.10;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "tcmalloc", "peak_rss_bytes").gate, Gate::fails);
  EXPECT_NEAR(*figure(comparison, "tcmalloc", "peak_rss_bytes").percent, 10, 1);
  EXPECT_EQ(comparison.count(Gate::fails), 3U);  // peak, mean and end
  EXPECT_EQ(figure(comparison, "glibc", "peak_rss_bytes").change, Change::same);
}

TEST(Compare, SaysBetterOfWhatBecameFaster) {
  Session base, now;
  now.seed = 2;
  now.slower["mimalloc"] = -0.2;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "mimalloc", "ns_per_operation").change, Change::better);
  EXPECT_EQ(comparison.count(Gate::fails), 0U);
}

TEST(Compare, DoesNotBlameAllocatorsForASlowerMachine) {
  Session base, now;
  now.seed = 2;
  now.machine = 0.3;
  now.round_noise = 0.05;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(comparison.count(Gate::fails), 0U);
  EXPECT_EQ(comparison.count(Change::worse), 0U);
  ASSERT_TRUE(comparison.common_time_percent);
  EXPECT_NEAR(*comparison.common_time_percent, 30, 5);
}

TEST(Compare, SeesARegressionThroughASlowerMachine) {
  Session base, now;
  now.seed = 2;
  now.machine = -0.2;
  now.round_noise = 0.05;
  now.slower["glibc"] = 0.15;
  EXPECT_EQ(figure(compared(base, now), "glibc", "ns_per_operation").gate, Gate::fails);
}

TEST(Compare, DoesNotBlameOneOfTwoAllocatorsForTheOthersGain) {
  Session base, now;
  base.allocators = now.allocators = {"glibc", "jemalloc"};
  now.seed = 2;
  now.slower["jemalloc"] = -0.3;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "glibc", "ns_per_operation").change, Change::same);
  EXPECT_EQ(figure(comparison, "jemalloc", "ns_per_operation").change, Change::better);
}

TEST(Compare, CannotTellALoneSlowAllocatorFromASlowMachine) {
  Session base, now;
  base.allocators = now.allocators = {"glibc"};
  now.seed = 2;
  now.machine = 0.2;
  const FigureChange time = figure(compared(base, now), "glibc", "ns_per_operation");
  EXPECT_EQ(time.change, Change::inconclusive);
  EXPECT_EQ(time.gate, Gate::unclear);
  EXPECT_THAT(time.reason, HasSubstr("slower machine"));
}

TEST(Compare, TakesNoAllocatorOfOneResultAloneForAWitnessOfTheMachine) {
  Session base, now;
  base.allocators = {"glibc", "jemalloc"};
  now.allocators = {"glibc"};
  now.seed = 2;
  now.machine = 0.2;
  const Comparison comparison = compared(base, now);
  const FigureChange& time = figure(comparison, "glibc", "ns_per_operation");
  EXPECT_EQ(time.change, Change::inconclusive);
  EXPECT_EQ(time.gate, Gate::unclear);
  EXPECT_THAT(time.reason, HasSubstr("slower machine"));
}

TEST(Compare, CallsNoTimeRelativeToAllocatorsThatOneResultLacks) {
  Session base, now;
  now.seed = 2;
  now.allocators = {"glibc"};
  EXPECT_FALSE(figure(compared(base, now), "glibc", "ns_per_operation").relative);
}

TEST(Compare, LetsFewRunsDecideNothing) {
  Session base, now;
  base.rounds = now.rounds = 4;
  now.larger["glibc"] = 0.5;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(comparison.count(Gate::fails), 0U);
  EXPECT_EQ(figure(comparison, "glibc", "peak_rss_bytes").change, Change::inconclusive);
  EXPECT_EQ(figure(comparison, "glibc", "peak_rss_bytes").gate, Gate::unclear);
  EXPECT_THAT(figure(comparison, "glibc", "peak_rss_bytes").reason, HasSubstr("fewer than 5 runs"));
}

TEST(Compare, LetsFiveRunsDecide) {
  Session base, now;
  base.rounds = now.rounds = 5;
  now.seed = 2;
  now.larger["glibc"] = 0.5;
  EXPECT_EQ(figure(compared(base, now), "glibc", "peak_rss_bytes").gate, Gate::fails);
}

Session of_three_recordings(unsigned rounds, std::uint64_t seed) {
  Session session;
  session.recordings = 3;
  session.rounds = rounds;
  session.seed = seed;
  return session;
}

TEST(Compare, CountsTheRoundsOfEveryRecording) {
  const Session base = of_three_recordings(6, 1), now = of_three_recordings(6, 2);
  for (const FigureChange& one : compared(base, now).changes) {
    EXPECT_EQ(one.base_runs, 18U) << one.figure;
    EXPECT_EQ(one.now_runs, 18U) << one.figure;
    EXPECT_EQ(one.change, Change::same) << one.figure;
    EXPECT_EQ(one.gate, Gate::passes) << one.figure;
  }
}

TEST(Compare, SeesThatSomeOfSeveralRecordingsAreSlower) {
  const Result base = simulated::result(of_three_recordings(6, 1));
  Result now = simulated::result(of_three_recordings(6, 2));
  for (heapwise::Run& run : now.runs) {
    if (run.allocator != "jemalloc" || run.purpose != "throughput" || run.recording == 2) continue;
    *run.ns_per_operation *= 2;
    run.cpu_seconds *= 2;
  }
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "jemalloc", "ns_per_operation").gate, Gate::fails);
  EXPECT_EQ(comparison.count(Gate::fails), 1U);
}

TEST(Compare, SeesATenthThroughRecordingsThatDifferByMore) {
  Session base = of_three_recordings(3, 1), now = of_three_recordings(3, 2);
  now.slower["jemalloc"] = 0.15;
  now.larger["mimalloc"] = 0.10;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "jemalloc", "ns_per_operation").gate, Gate::fails);
  const FigureChange& memory = figure(comparison, "mimalloc", "peak_rss_bytes");
  EXPECT_EQ(memory.gate, Gate::fails);
  EXPECT_NEAR(*memory.percent, 10, 1);
  EXPECT_NEAR((*memory.now / *memory.base - 1) * 100, *memory.percent, 0.1);
}

TEST(Compare, TakesNoRecordingThatOneSideLacksForAChange) {
  const Session base = of_three_recordings(6, 1);
  Result now = simulated::result(of_three_recordings(6, 2));
  for (heapwise::Run& run : now.runs) {
    if (run.allocator == "jemalloc" && run.recording == 2) run.status = RunStatus::out_of_memory;
  }
  const Comparison comparison = compared(simulated::result(base), now);
  EXPECT_EQ(figure(comparison, "jemalloc", "peak_rss_bytes").change, Change::same);
  EXPECT_EQ(figure(comparison, "jemalloc", "peak_rss_bytes").base_runs, 12U);
}

TEST(Compare, RaisesNoMoreFalseAlarmsOverSeveralRecordings) {
  int alarms = 0;
  for (unsigned pair = 0; pair < 100; ++pair) {
    Session base = of_three_recordings(3, 2 * pair + 1), now = of_three_recordings(3, 2 * pair + 2);
    base.noise = now.noise = 0.02;
    const Comparison comparison = compared(base, now);
    alarms += comparison.count(Change::worse) + comparison.count(Change::better) > 0 ? 1 : 0;
    EXPECT_EQ(comparison.count(Gate::fails), 0U);
  }
  EXPECT_LE(alarms, 2);
}

TEST(Compare, ComparesOtherRecordingsThanTheBasesAllTogether) {
  const Result base = simulated::result(of_three_recordings(6, 1));
  Session one;
  one.seed = 2;
  one.larger["glibc"] = 0.2;  // what three recordings take in the mean
  const auto comparison = compare(base, simulated::result(one), {5, true});
  ASSERT_TRUE(comparison);
  const FigureChange& memory = figure(*comparison, "glibc", "peak_rss_bytes");
  EXPECT_EQ(memory.base_runs, 18U);
  EXPECT_NEAR(*memory.percent, 0, 2);
}

TEST(Compare, CountsRunsThatAnotherToolGaveNoNumbers) {
  Result base = simulated::result({});
  for (heapwise::Run& run : base.runs) run.repetition = 0;
  Session larger;
  larger.larger["glibc"] = 0.3;
  Result now = simulated::result(larger);
  for (heapwise::Run& run : now.runs) run.repetition = 0;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "glibc", "ns_per_operation").base_runs, 10U);
  EXPECT_EQ(figure(comparison, "glibc", "peak_rss_bytes").gate, Gate::fails);
}

TEST(Compare, IsUnclearWhereNoiseCouldHideARegression) {
  Session base, now;
  base.noise = now.noise = 0.4;
  now.seed = 2;
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(figure(comparison, "glibc", "ns_per_operation").gate, Gate::unclear);
  EXPECT_EQ(figure(comparison, "glibc", "ns_per_operation").change, Change::inconclusive);
}

TEST(Compare, DoesNotFailOnWhatIsBelowTheLimit) {
  Session base, now;
  now.seed = 2;
  now.larger["glibc"] = 0.10;
  EXPECT_EQ(compared(base, now, 20).count(Gate::fails), 0U);
  EXPECT_EQ(figure(compared(base, now, 20), "glibc", "peak_rss_bytes").change, Change::worse);
}

TEST(Compare, TakesTheClockThatStraysLess) {
  Session base, now;
  base.stray = now.stray = 0.4;
  now.seed = 2;
  EXPECT_EQ(figure(compared(base, now), "glibc", "ns_per_operation").clock, "cpu");
  base.threads = now.threads = 4;  // processor time would not see who waits
  EXPECT_EQ(figure(compared(base, now), "glibc", "ns_per_operation").clock, "wall");
}

TEST(Compare, TreatsARunThatBeginsToCrashAsARegression) {
  const Result base = simulated::result({});
  Result now = base;
  for (heapwise::Run& run : now.runs) {
    if (run.allocator != "jemalloc" || run.repetition != 3) continue;
    run.status = RunStatus::crashed;
    run.status_detail = "signal 11";
  }
  const FigureChange status = figure(compared(base, now), "jemalloc", "status");
  EXPECT_EQ(status.gate, Gate::fails);
  EXPECT_THAT(status.reason, HasSubstr("2 of 20 runs crashed: signal 11, none before"));
  EXPECT_EQ(figure(compared(now, base), "jemalloc", "status").change, Change::better);
}

/// Of jemalloc's runs of a session, the first so many crash.
Result with_crashes(unsigned count, std::uint64_t seed) {
  Session session;
  session.seed = seed;
  Result result = simulated::result(session);
  for (heapwise::Run& run : result.runs) {
    if (run.allocator != "jemalloc" || count == 0) continue;
    run.status = RunStatus::crashed;
    run.status_detail = "signal 11";
    --count;
  }
  return result;
}

TEST(Compare, FailsAnAllocatorThatCrashedOnceAndAlwaysDoesNow) {
  const FigureChange status =
      figure(compared(with_crashes(1, 1), with_crashes(20, 2)), "jemalloc", "status");
  EXPECT_EQ(status.change, Change::worse);
  EXPECT_EQ(status.gate, Gate::fails);
  EXPECT_THAT(status.reason, HasSubstr("20 of 20 runs crashed: signal 11, 1 of 20 before"));
  EXPECT_THAT(status.reason, HasSubstr("no run for footprint and throughput ends well any more"));
}

TEST(Compare, FailsAnAllocatorThatCrashesMoreOftenThanChanceExplains) {
  EXPECT_EQ(figure(compared(with_crashes(1, 1), with_crashes(10, 2)), "jemalloc", "status").gate,
            Gate::fails);
}

TEST(Compare, CannotTellOneCrashMoreFromChance) {
  const FigureChange status =
      figure(compared(with_crashes(2, 1), with_crashes(3, 2)), "jemalloc", "status");
  EXPECT_EQ(status.change, Change::inconclusive);
  EXPECT_EQ(status.gate, Gate::unclear);
  EXPECT_THAT(status.reason, HasSubstr("3 of 20 runs crashed: signal 11, 2 of 20 before; chance"));
}

TEST(Compare, SaysNothingOfAnAllocatorThatFailsAsOftenAsBefore) {
  const Comparison comparison = compared(with_crashes(2, 1), with_crashes(2, 2));
  for (const FigureChange& one : comparison.changes) EXPECT_NE(one.figure, "status");
}

TEST(Compare, FailsAnAllocatorOfWhichFewRunsAreLeftButNoneEndWell) {
  Session few;
  few.rounds = 3;
  const auto crashed = [&few](unsigned all_but) {
    Result result = simulated::result(few);
    unsigned seen = 0;
    for (heapwise::Run& run : result.runs) {
      if (run.allocator != "glibc" || run.purpose != "footprint") continue;
      if (seen++ >= all_but) run.status = RunStatus::crashed;
    }
    return result;
  };
  EXPECT_EQ(figure(compared(crashed(2), crashed(0)), "glibc", "status").gate, Gate::fails);
}

TEST(Compare, TakesNoQuarterOfAMebibyteForAChange) {
  Result base = simulated::result({});
  for (heapwise::Run& run : base.runs) {
    if (run.peak_rss_bytes) run.peak_rss_bytes = run.mean_rss_bytes = run.end_rss_bytes = 100000;
  }
  Result now = base;
  for (heapwise::Run& run : now.runs) {
    if (run.peak_rss_bytes) run.peak_rss_bytes = 200000;
  }
  EXPECT_EQ(figure(compared(base, now), "glibc", "peak_rss_bytes").change, Change::same);
  EXPECT_EQ(figure(compared(base, now), "glibc", "peak_rss_bytes").gate, Gate::passes);
}

TEST(Compare, NamesWhatOnlyOneSideHas) {
  Session base, now;
  now.allocators.pop_back();
  now.workloads.push_back("another");
  const Comparison comparison = compared(base, now);
  ASSERT_EQ(comparison.only_in_base.size(), 1U);
  EXPECT_EQ(absent_text(comparison.only_in_base[0]), "load, tcmalloc");
  EXPECT_EQ(comparison.only_in_now.size(), 3U);
  EXPECT_EQ(comparison.gate(), Gate::unclear);
}

std::vector<std::string> absent_texts(const std::vector<Absent>& list) {
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const Absent& one : list) texts.push_back(absent_text(one));
  return texts;
}

TEST(Compare, NamesAFigureThatIsNoLongerMeasured) {
  const Result base = simulated::result({});
  Result now = base;
  std::erase_if(now.runs, [](const heapwise::Run& run) {
    return run.allocator == "jemalloc" && run.purpose == "throughput";
  });
  for (heapwise::Run& run : now.runs) {
    if (run.allocator == "glibc") run.end_rss_bytes.reset();
  }
  const Comparison comparison = compared(base, now);
  EXPECT_THAT(absent_texts(comparison.only_in_base),
              testing::ElementsAre("load, glibc: end RSS", "load, jemalloc: time"));
  EXPECT_EQ(comparison.count(Gate::unclear), 0U);
  EXPECT_EQ(comparison.gate(), Gate::unclear);
  EXPECT_THAT(compare_headline(comparison), HasSubstr("2 of the base are missing"));
}

TEST(Compare, TakesAFigureThatOnlyTheNewResultHasForNoRegression) {
  const Result now = simulated::result({});
  Result base = now;
  for (heapwise::Run& run : base.runs) run.peak_rss_bytes.reset();
  const Comparison comparison = compared(base, now);
  EXPECT_EQ(comparison.only_in_now.size(), 4U);
  EXPECT_EQ(comparison.gate(), Gate::passes);
}

TEST(Compare, RefusesResultsWithNothingInCommon) {
  Session now;
  now.workloads = {"another"};
  const auto comparison = compare(simulated::result({}), simulated::result(now), {});
  ASSERT_FALSE(comparison);
  EXPECT_THAT(comparison.error().what, HasSubstr("in common"));
}

TEST(Compare, RefusesAnotherMachineAndSaysWhatDiffers) {
  const Result base = simulated::result({});
  Result now = base;
  now.environment.kernel = "6.12.1";
  now.environment.transparent_hugepage = "always";
  const auto refused = compare(base, now, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("kernel: 6.1.0-26-amd64 → 6.12.1"));
  EXPECT_THAT(refused.error().what, HasSubstr("transparent huge pages: madvise → always"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--anyway"));
  const auto allowed = compare(base, now, {std::nullopt, true});
  ASSERT_TRUE(allowed);
  EXPECT_EQ(allowed->differences.size(), 2U);
}

TEST(Compare, RefusesAMachineOfWhichOtherProcessorsMayBeUsed) {
  Result base = simulated::result({}), now = base;
  now.environment.cpu_limit = 1.5;
  const auto refused = compare(base, now, {5, false});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("CPU limit: none → 1.5 cores"));
  base.environment.cpu_limit = 1.5;
  EXPECT_TRUE(compare(base, now, {5, false}));
}

TEST(Compare, ComparesMachinesByTheClockWhenToldTo) {
  Session slower;
  slower.machine = 0.5;
  Result now = simulated::result(slower);
  now.environment.cpu = "another";
  const auto comparison = compare(simulated::result({}), now, {std::nullopt, true});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->count(Change::worse), 4U);
}

TEST(Compare, RefusesAWorkloadThatIsNoLongerTheSame) {
  const Result base = simulated::result({});
  Result now = base;
  now.workloads[0].operations += 1;
  const auto refused = compare(base, now, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("workload load: operations: 1,000,000 → 1,000,001"));
}

TEST(Compare, ComparesTwoVersionsOfAnAllocatorAndSaysSo) {
  const Result base = simulated::result({});
  Result now = base;
  for (heapwise::Run& run : now.runs) {
    if (run.allocator == "mimalloc") run.version = "2";
  }
  const Comparison comparison = compared(base, now);
  ASSERT_EQ(comparison.differences.size(), 1U);
  EXPECT_EQ(comparison.differences[0].name, "mimalloc");
  EXPECT_FALSE(comparison.differences[0].prevents);
}

TEST(Compare, GivesTheSameAnswerTwice) {
  Session base, now;
  now.seed = 2;
  const Comparison once = compared(base, now), again = compared(base, now);
  for (std::size_t index = 0; index < once.changes.size(); ++index) {
    EXPECT_EQ(once.changes[index].probability, again.changes[index].probability);
  }
}

TEST(MachineClass, IsAFileNameAndTellsMachinesApart) {
  Environment machine = simulated::machine();
  EXPECT_EQ(machine_class(machine), "amd-epyc-7763-8c-32g-linux-6.1.0-26-amd64-thp-madvise");
  machine.cpu_limit = 1.5;
  EXPECT_THAT(machine_class(machine), testing::EndsWith("-thp-madvise-cpus-1.5"));
  machine.cpu = "../../etc/pass wd";
  EXPECT_EQ(machine_class(machine).find('/'), std::string::npos);
  EXPECT_EQ(machine_class(Environment{}).substr(0, 7), "unknown");
}

}  // namespace
}  // namespace heapwise
