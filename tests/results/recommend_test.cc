// SPDX-License-Identifier: MIT
#include "results/recommend.h"

#include <gmock/gmock.h>

#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double kMiB = 1024 * 1024;

/// A result built by stating what each allocator did. Figures are exact to `scatter` per cent.
class Bench {
 public:
  Bench() {
    WorkloadInfo& info = result_.workloads.emplace_back();
    info.name = "w";
    info.operations = 100'000'000;
    info.peak_live_bytes = static_cast<std::uint64_t>(100 * kMiB);
    info.end_live_bytes = static_cast<std::uint64_t>(50 * kMiB);
    info.command = {"server", "--port", "80"};
  }

  Bench& cpu_seconds(double seconds) {
    result_.workloads[0].cpu_s = seconds;
    return *this;
  }
  /// CPU seconds of the throughput runs of an allocator, all threads together.
  Bench& took(const std::string& allocator, double cpu_seconds) {
    for (Run& run : result_.runs) {
      if (run.allocator != allocator || !run.ns_per_operation) continue;
      run.operations = result_.workloads[0].operations;
      run.cpu_seconds = cpu_seconds * (1 + 0.001 * run.repetition);
    }
    return *this;
  }
  /// What was said of `allocator` since the last call is of this recording.
  Bench& of_recording(unsigned number) {
    for (; seen_ < result_.runs.size(); ++seen_) result_.runs[seen_].recording = number;
    return *this;
  }
  /// One recording for each figure: glibc's heap has 100 MiB, jemalloc's so many.
  Bench& recorded(std::initializer_list<double> jemalloc_mib) {
    unsigned number = 0;
    for (const double mib : jemalloc_mib) {
      did("glibc", 100, 20).did("jemalloc", mib, 20).of_recording(number++);
    }
    return *this;
  }
  Bench& of_suite() {
    result_.suite.emplace();
    return *this;
  }
  Bench& repetitions(unsigned count) {
    repetitions_ = count;
    return *this;
  }

  /// Heap of `mib` at the peak and on average, `ns` per operation.
  Bench& did(const std::string& allocator, double mib, std::optional<double> ns,
             double scatter = 0.2) {
    for (unsigned repetition = 0; repetition < repetitions_; ++repetition) {
      const double place = repetitions_ == 1 ? 0 : 2.0 * repetition / (repetitions_ - 1) - 1;
      const double factor = 1 + place * scatter / 100;
      Run run;
      run.workload = "w";
      run.allocator = allocator;
      run.purpose = "footprint";
      run.repetition = repetition;
      run.peak_rss_bytes = run.mean_rss_bytes = static_cast<std::uint64_t>(mib * kMiB * factor);
      run.end_rss_bytes = run.peak_rss_bytes;
      run.fragmentation_peak = mib / 100;
      result_.runs.push_back(run);
      if (!ns) continue;
      Run fast = run;
      fast.purpose = "throughput";
      fast.peak_rss_bytes = fast.mean_rss_bytes = fast.end_rss_bytes = std::nullopt;
      fast.fragmentation_peak = std::nullopt;
      fast.ns_per_operation = *ns * factor;
      result_.runs.push_back(fast);
    }
    return *this;
  }

  /// The times of an allocator, which did exactly so much before, scattered by so many per cent.
  Bench& scatter_of_time(const std::string& allocator, double percent) {
    for (Run& run : result_.runs) {
      if (run.allocator != allocator || !run.ns_per_operation) continue;
      const double place = 2.0 * run.repetition / (repetitions_ - 1) - 1;
      *run.ns_per_operation *= 1 + place * percent / 100;
    }
    return *this;
  }

  Bench& crashed(const std::string& allocator) {
    Run run;
    run.workload = "w";
    run.allocator = allocator;
    run.purpose = "footprint";
    run.status = RunStatus::crashed;
    run.status_detail = "signal 11";
    result_.runs.push_back(run);
    return *this;
  }

  Bench& ended(const std::string& allocator, double end_mib, double drained_mib) {
    for (Run& run : result_.runs) {
      if (run.allocator != allocator || !run.peak_rss_bytes) continue;
      run.end_rss_bytes = static_cast<std::uint64_t>(end_mib * kMiB);
      run.drained_10s_rss_bytes = static_cast<std::uint64_t>(drained_mib * kMiB);
    }
    return *this;
  }

  Expected<Recommendation> verdict(Objective objective = Objective::balanced) {
    result_.summary = summarize(result_.runs);
    return recommend(result_, "w", objective, deployments_);
  }

  Result result_;
  std::vector<Deployment> deployments_ = {
      {"glibc", "default", "", "", "", {}},
      {"jemalloc", "default", "/lib/libjemalloc.so.2", "libjemalloc2", "-ljemalloc", {}},
      {"jemalloc",
       "background",
       "/lib/libjemalloc.so.2",
       "libjemalloc2",
       "-ljemalloc",
       {{"MALLOC_CONF", "background_thread:true"}}},
      {"tcmalloc", "default", "libtcmalloc.so.4", "libtcmalloc4", "", {}},
      {"mimalloc", "default", "/lib/libmimalloc.so.2", "libmimalloc2.0", "-lmimalloc", {}}};

 private:
  unsigned repetitions_ = 5;
  std::size_t seen_ = 0;
};

// ---- a clear answer

TEST(Recommend, NamesTheAllocatorThatNeedsClearlyLessMemory) {
  const auto verdict = Bench().did("glibc", 100, 20).did("jemalloc", 60, 20).verdict();
  ASSERT_TRUE(verdict.has_value());
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_EQ(verdict->over.allocator, "glibc");
  EXPECT_THAT(verdict->headline, HasSubstr("40 % less memory than glibc"));
  EXPECT_THAT(verdict->headline, HasSubstr("no detectable difference in speed"));
}

TEST(Recommend, SaysHowToDeployIt) {
  const auto verdict = Bench().did("glibc", 100, 20).did("jemalloc", 60, 20).verdict();
  EXPECT_THAT(verdict->how_to, StartsWith("LD_PRELOAD=/lib/libjemalloc.so.2 server --port 80\n"));
  EXPECT_THAT(verdict->how_to, HasSubstr("libjemalloc2"));
  EXPECT_THAT(verdict->how_to, HasSubstr("-ljemalloc"));
}

TEST(Recommend, SaysWhatMemoryItsLackOfSpeedCosts) {
  const auto verdict = Bench().did("glibc", 100, 20).did("jemalloc", 60, 23).verdict();
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->headline, HasSubstr("15 % more allocator time"));
}

TEST(Recommend, DoesNotTradeMuchSpeedForMemoryWhenBalanced) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 40);
  const auto balanced = bench.verdict(Objective::balanced);
  EXPECT_EQ(balanced->verdict, VerdictKind::same);
  EXPECT_EQ(balanced->choice.allocator, "glibc");
  EXPECT_THAT(balanced->reasons, Contains(HasSubstr("more than balanced trades away")));
  const auto memory = bench.verdict(Objective::memory);
  EXPECT_EQ(memory->choice.allocator, "jemalloc");
  EXPECT_THAT(memory->headline, HasSubstr("100 % more allocator time"));
}

TEST(Recommend, LetsSpeedDecideBetweenTwoOfTheSameMemory) {
  const auto verdict = Bench()
                           .did("glibc", 100, 20)
                           .did("jemalloc", 60, 20)
                           .did("mimalloc", 60.5, 12)
                           .verdict(Objective::memory);
  EXPECT_EQ(verdict->choice.allocator, "mimalloc");
}

TEST(Recommend, SaysWhoIsCloseBehind) {
  const auto verdict = Bench()
                           .did("glibc", 100, 20)
                           .did("jemalloc", 60, 20)
                           .did("mimalloc", 61, 20)
                           .did("tcmalloc", 80, 20)
                           .verdict();
  EXPECT_THAT(verdict->reasons, Contains(AllOf(StartsWith("mimalloc"), HasSubstr("close behind"))));
  EXPECT_THAT(verdict->reasons,
              Not(Contains(AllOf(StartsWith("tcmalloc"), HasSubstr("close behind")))));
}

TEST(Recommend, SaysWhatWentBackToTheSystem) {
  const auto verdict = Bench()
                           .did("glibc", 100, 20)
                           .did("jemalloc", 90, 20)
                           .ended("glibc", 100, 100)
                           .ended("jemalloc", 55, 51)
                           .verdict();
  EXPECT_THAT(verdict->headline, HasSubstr("45 % less at the end"));
  EXPECT_THAT(verdict->reasons,
              Contains(AllOf(HasSubstr("After live bytes had fallen from 100 MiB to 50.0 MiB"),
                             HasSubstr("glibc kept 100 MiB, jemalloc 55.0 MiB"),
                             HasSubstr("10 s later 100 MiB and 51.0 MiB"))));
}

TEST(Recommend, SpeaksOfEverythingFreedWhereNothingIsLiveAtTheEnd) {
  Bench bench;
  bench.did("glibc", 100, 20)
      .did("jemalloc", 60, 20)
      .ended("glibc", 90, 90)
      .ended("jemalloc", 3, 1);
  bench.result_.workloads[0].end_live_bytes = 0;
  const auto verdict = bench.verdict();
  EXPECT_THAT(verdict->reasons, Contains(StartsWith("After everything was freed glibc kept 90")));
}

TEST(Recommend, TakesATuningAsACandidateWithItsVariables) {
  Bench bench;
  bench.did("glibc", 100, 20);
  bench.did("jemalloc", 50, 20);
  for (heapwise::Run& run : bench.result_.runs) {
    if (run.allocator == "jemalloc") run.tuning = "background";
  }
  const auto verdict = bench.verdict();
  EXPECT_EQ(verdict->choice.tuning, "background");
  EXPECT_THAT(verdict->headline, StartsWith("jemalloc:background: "));
  EXPECT_THAT(verdict->how_to,
              StartsWith("MALLOC_CONF=background_thread:true \\\n  LD_PRELOAD=/lib/"));
}

// ---- the same

TEST(Recommend, KeepsGlibcWhereNothingDiffers) {
  for (const Objective objective : {Objective::balanced, Objective::memory, Objective::speed}) {
    const auto verdict = Bench().did("glibc", 100, 20).did("jemalloc", 99, 20.2).verdict(objective);
    EXPECT_EQ(verdict->verdict, VerdictKind::same);
    EXPECT_EQ(verdict->choice.allocator, "glibc");
    EXPECT_THAT(verdict->headline, StartsWith("keep glibc: jemalloc is not"));
    EXPECT_THAT(verdict->how_to, HasSubstr("nothing to do"));
  }
}

TEST(Recommend, TellsNothingFromWhatAllocatorsHoldForAProgramThatMadeNoCalls) {
  Bench bench;
  bench.did("glibc", 0.01, {}).did("tcmalloc", 9.66, {}).did("jemalloc", 0.001, {});
  bench.result_.workloads[0].operations = 0;
  bench.result_.workloads[0].peak_live_bytes = 0;
  const auto verdict = bench.verdict();
  ASSERT_TRUE(verdict.has_value());
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->headline, HasSubstr("made no calls, so any allocator will do"));
  EXPECT_THAT(verdict->reasons, testing::ElementsAre(HasSubstr("at its start")));
}

TEST(Recommend, KeepsGlibcWhereTheOthersAreWorse) {
  const auto verdict = Bench().did("glibc", 100, 20).did("jemalloc", 150, 30).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::same);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("jemalloc: 50 % more memory")));
}

TEST(Recommend, CallsADifferenceOfAFewKibTheSameHoweverManyPercentItIs) {
  const auto verdict = Bench().did("glibc", 0.2, 20).did("jemalloc", 0.1, 20).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::same);
}

TEST(Recommend, CallsSpeedTheSameThatIsNothingToTheProgram) {
  // 6 ns less on 100 million operations are 0.6 s: 30 % of allocator time, 0.8 % of 75 s.
  Bench bench;
  bench.cpu_seconds(75).did("glibc", 100, 20).did("mimalloc", 100, 14);
  EXPECT_EQ(bench.verdict(Objective::speed)->verdict, VerdictKind::same);
  bench.cpu_seconds(10);  // 6 %
  const auto verdict = bench.verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_THAT(verdict->headline, HasSubstr("6.0 % of the program's CPU time"));
}

TEST(Recommend, WeighsTheCpuTimeOfAllThreadsAndNotTheWallTime) {
  // Two threads at once: 20 against 18 ns of wall time, but 4 against 3 s of CPU time.
  Bench bench;
  bench.cpu_seconds(10).did("glibc", 100, 20).did("mimalloc", 100, 18);
  bench.took("glibc", 4).took("mimalloc", 3);
  const auto verdict = bench.verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_THAT(verdict->headline, HasSubstr("25 % less allocator time"));
  EXPECT_THAT(verdict->headline, HasSubstr("10 % of the program's CPU time"));
}

TEST(Recommend, CallsItNoDetectableDifferenceWhereNothingRanks) {
  for (const double scatter : {0.2, 20.0}) {
    const auto verdict = Bench()
                             .cpu_seconds(scatter < 1 ? 100 : 2)
                             .did("glibc", 100, 20, scatter)
                             .did("mimalloc", 100, 19, scatter)
                             .verdict(Objective::speed);
    EXPECT_NE(verdict->verdict, VerdictKind::better);
    EXPECT_THAT(verdict->reasons, Contains(HasSubstr("no detectable difference in speed")));
    EXPECT_THAT(verdict->headline, Not(HasSubstr("speed-up")));
  }
}

TEST(Recommend, SaysThatTheWorthOfSpeedIsUnknownWithoutCpuTime) {
  const auto verdict = Bench().did("glibc", 100, 20).did("mimalloc", 100, 14).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("its CPU time was not recorded")));
}

// ---- inconclusive

TEST(Recommend, DecidesNothingOnASingleRepetition) {
  for (const Objective objective : {Objective::balanced, Objective::memory, Objective::speed}) {
    const auto verdict =
        Bench().repetitions(1).did("glibc", 100, 20).did("jemalloc", 60, 10).verdict(objective);
    EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
    EXPECT_EQ(verdict->choice.allocator, "glibc");
    EXPECT_THAT(verdict->headline, HasSubstr("1 repetition cannot tell"));
    EXPECT_THAT(verdict->reasons, Contains(HasSubstr("--repetitions 10")));
  }
}

TEST(Recommend, CallsASingleRepetitionTheSameWhereThereIsNothingToGain) {
  const auto verdict =
      Bench().repetitions(1).did("glibc", 100, 20).did("jemalloc", 100, 20).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::same);
}

TEST(Recommend, AsksASuiteForMoreRounds) {
  const auto verdict = Bench()
                           .of_suite()
                           .did("glibc", 100, 20, 60)
                           .did("jemalloc", 80, 20, 60)
                           .verdict(Objective::memory);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("More rounds narrow the intervals: --rounds")));
}

TEST(Recommend, DecidesNothingWhenTheNoiseIsHuge) {
  const auto verdict =
      Bench().did("glibc", 100, 20, 60).did("jemalloc", 80, 20, 60).verdict(Objective::memory);
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->headline, HasSubstr("scatter too widely"));
}

TEST(Recommend, DecidesNothingWithinThreeDeviationsOfTime) {
  const auto verdict =
      Bench().did("glibc", 100, 20, 20).did("mimalloc", 100, 17, 20).verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
}

TEST(Recommend, DecidesNothingWhereALossThatIsNotClearWouldBeTooGreat) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 28);
  bench.scatter_of_time("jemalloc", 40);
  const auto verdict = bench.verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->headline,
              HasSubstr("jemalloc has 40 % less memory, but perhaps 40 % more allocator time, more "
                        "than balanced trades away: the runs scatter too widely to tell"));
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("--repetitions 10")));
  EXPECT_EQ(bench.verdict(Objective::memory)->choice.allocator, "jemalloc");
}

TEST(Recommend, ChoosesTheNextWhereTheBestPerhapsLosesTooMuch) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 28).did("mimalloc", 70, 20);
  bench.scatter_of_time("jemalloc", 40);
  const auto verdict = bench.verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "mimalloc");
  EXPECT_THAT(verdict->reasons,
              Contains(AllOf(StartsWith("jemalloc: "),
                             HasSubstr("; perhaps more than balanced trades away"))));
}

TEST(Recommend, IsNotDisturbedByANoisyLoser) {
  const auto verdict =
      Bench().did("glibc", 100, 20).did("jemalloc", 60, 20).did("mimalloc", 95, 20, 40).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
}

TEST(Recommend, HasNothingToSayOfOneAllocatorAlone) {
  const auto verdict = Bench().did("glibc", 100, 20).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_THAT(verdict->headline, HasSubstr("nothing to compare glibc with"));
}

// ---- several recordings

TEST(Recommend, ComparesWithinEachRecordingWhereTheProgramItselfVaries) {
  // The second recording is twice as large under both: their intervals overlap widely.
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 80, 20).of_recording(0);
  bench.did("glibc", 200, 20).did("jemalloc", 150, 20).of_recording(1);
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->headline, HasSubstr("22 % less memory than glibc (20 % to 25 %)"));
}

TEST(Recommend, DecidesNothingWhereRecordingsContradictEachOther) {
  Bench bench;
  bench.recorded({70, 120, 80});
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
}

TEST(Recommend, AdvisesMoreRecordingsWhereTheyDisagreeAndNotMoreRepetitions) {
  Bench bench;
  bench.recorded({70, 120, 80});
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_THAT(verdict->headline, HasSubstr("20 % less memory, but the recordings disagree"));
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("--separate")));
  EXPECT_THAT(verdict->reasons, Not(Contains(HasSubstr("--repetitions"))));
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("20 % less, but recordings disagree")));
}

TEST(Recommend, AdvisesMoreRepetitionsWhereRecordingsDifferInSignWithinTheNoise) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 70, 20).of_recording(0);
  bench.did("glibc", 100, 20, 20).did("jemalloc", 101, 20, 20).of_recording(1);
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_THAT(verdict->headline, HasSubstr("the runs scatter too widely"));
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("--repetitions 10")));
}

TEST(Recommend, AsksOfTheMiddleRecordingThatItIsWorthHavingAndOfAllThatTheyAreSure) {
  Bench bench;
  bench.recorded({96, 97.5, 96.5});
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
}

TEST(Recommend, AsksAllRecordingsTogetherWhetherADifferenceInSpeedIsBeyondTheNoise) {
  // Alone, each scatters as far as the allocators are apart.
  Bench apart, together;
  apart.did("glibc", 100, 20, 14).did("jemalloc", 100, 16, 14);
  EXPECT_EQ(apart.verdict(Objective::speed)->verdict, VerdictKind::inconclusive);
  for (const unsigned recording : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
    together.did("glibc", 100, 20, 14).did("jemalloc", 100, 16, 14).of_recording(recording);
  }
  const auto verdict = together.verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
}

TEST(Recommend, CountsWhatStartingTheProcessesTakes) {
  // 0.2 s less of 2 s in calls, and 20 ms more for each of so many starts.
  const auto verdict_of = [](unsigned starts) {
    Bench bench;
    bench.cpu_seconds(5).did("glibc", 100, 20).did("tcmalloc", 100, 18);
    bench.result_.workloads[0].process_starts = starts;
    bench.result_.workloads[0].start_costs = {{"glibc", "default", 0.005},
                                              {"tcmalloc", "default", 0.025}};
    return *bench.verdict(Objective::speed);
  };
  EXPECT_EQ(verdict_of(1).choice.allocator, "tcmalloc");
  EXPECT_THAT(verdict_of(1).reasons,
              Contains(HasSubstr("Starting the process takes 20.0 ms more under tcmalloc")));
  EXPECT_EQ(verdict_of(10).choice.allocator, "glibc") << "it comes to the same";
  EXPECT_EQ(verdict_of(10).verdict, VerdictKind::same);
}

TEST(Recommend, SaysNothingOfStartsThatTheProgramDoesNotFeel) {
  Bench bench;
  bench.cpu_seconds(5).did("glibc", 100, 20).did("tcmalloc", 100, 18);
  bench.result_.workloads[0].process_starts = 1;
  bench.result_.workloads[0].start_costs = {{"glibc", "default", 0.005},
                                            {"tcmalloc", "default", 0.007}};
  EXPECT_THAT(bench.verdict(Objective::speed)->reasons, Not(Contains(HasSubstr("Starting"))));
}

/// Nine rounds in which the machine ran at two thirds of its speed where the string has an x.
void run_on_a_jumping_machine(Bench& bench, const std::string& allocator, double ns,
                              const std::string& disturbed) {
  bench.repetitions(9).did(allocator, 100, ns, 1);
  for (Run& run : bench.result_.runs) {
    if (run.allocator != allocator || !run.ns_per_operation) continue;
    if (disturbed[run.repetition] == 'x') *run.ns_per_operation *= 1.5;
  }
}

TEST(Recommend, GoesByTheFasterHalfOfTheRunsWhereTheMachinesSpeedJumped) {
  Bench bench;
  run_on_a_jumping_machine(bench, "glibc", 20, "..x.x.x..");
  run_on_a_jumping_machine(bench, "jemalloc", 17, "x..xx...x");
  const auto verdict = bench.verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("(the faster half of the runs): 20.0 ns")));
}

TEST(Recommend, DoesNotTakeTheMachinesJumpsForADifference) {
  // Most runs of one and few of the other were disturbed: the medians are far apart.
  Bench bench;
  run_on_a_jumping_machine(bench, "glibc", 20, "x.xx.xx.x");
  run_on_a_jumping_machine(bench, "jemalloc", 20, "..x......");
  EXPECT_NE(bench.verdict(Objective::speed)->verdict, VerdictKind::better);
}

TEST(Recommend, IsNotMovedByAMachineThatWasSlowForAllReplaysOfOneRecording) {
  Bench bench;
  for (const unsigned recording : {0U, 1U, 2U}) {
    bench.repetitions(3).did("glibc", 100, 20, 1).did("jemalloc", 100, recording == 1 ? 26 : 17, 1);
    bench.of_recording(recording);
  }
  const auto verdict = bench.verdict(Objective::speed);
  EXPECT_EQ(verdict->verdict, VerdictKind::better);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
}

TEST(Recommend, IsTheMoreSureTheMoreRunsThereAre) {
  // What scatters by a tenth is 8 % apart.
  Bench few, many;
  few.repetitions(8).did("glibc", 100, 20, 10).did("jemalloc", 100, 18.4, 10);
  many.repetitions(64).did("glibc", 100, 20, 10).did("jemalloc", 100, 18.4, 10);
  EXPECT_EQ(few.verdict(Objective::speed)->verdict, VerdictKind::inconclusive);
  EXPECT_EQ(many.verdict(Objective::speed)->verdict, VerdictKind::better);
}

TEST(Recommend, CallsTheSameWhatIsWorthHavingInOneRecordingOfThreeOnly) {
  Bench bench;
  bench.recorded({96, 97.5, 98});
  EXPECT_EQ(bench.verdict(Objective::memory)->verdict, VerdictKind::same);
}

// ---- who takes part

TEST(Recommend, LeavesOutAnAllocatorThatCrashedEvenOnce) {
  const auto verdict =
      Bench().did("glibc", 100, 20).did("jemalloc", 50, 10).crashed("jemalloc").verdict();
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->reasons,
              Contains(AllOf(HasSubstr("jemalloc was left out"), HasSubstr("crashed: signal 11"))));
}

TEST(Recommend, NeverNamesTheHarness) {
  Bench bench;
  bench.did("glibc", 100, 20).did("null", 1, 2);
  bench.deployments_.push_back({"null", "default", "/lib/null.so", "", "", {}});
  bench.verdict();
  Summary null = bench.result_.summary[0];
  null.allocator = "null";
  null.memory_cost_bytes = Interval{1, 1, 1, 0.0};
  bench.result_.summary.push_back(null);
  const auto verdict = recommend(bench.result_, "w", Objective::memory, bench.deployments_);
  EXPECT_EQ(verdict->choice.allocator, "glibc");
}

TEST(Recommend, NamesNoAllocatorThatCannotBeDeployed) {
  const auto verdict = Bench().did("glibc", 100, 20).did("mystery", 10, 1).verdict();
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("mystery was left out")));
}

TEST(Recommend, ComparesWithTheFirstWhereGlibcIsMissing) {
  const auto verdict = Bench().did("jemalloc", 100, 20).did("mimalloc", 60, 20).verdict();
  EXPECT_EQ(verdict->choice.allocator, "mimalloc");
  EXPECT_EQ(verdict->over.allocator, "jemalloc");
  EXPECT_THAT(verdict->headline, HasSubstr("than jemalloc"));
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("glibc's default is missing")));
}

TEST(Recommend, ComparesWithTheFirstWhereGlibcCrashed) {
  const auto verdict =
      Bench().crashed("glibc").did("jemalloc", 100, 20).did("mimalloc", 60, 20).verdict();
  EXPECT_EQ(verdict->over.allocator, "jemalloc");
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("glibc was left out")));
}

TEST(Recommend, GoesByMemoryWhereSpeedWasNotMeasured) {
  const auto verdict =
      Bench().did("glibc", 100, std::nullopt).did("jemalloc", 60, std::nullopt).verdict();
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->headline, HasSubstr("allocator time not measured"));
}

TEST(Recommend, CallsAnyHeapMoreThanOneThatCameOutAsNothing) {
  const auto verdict = Bench().did("glibc", 0, 20).did("jemalloc", 100, 20).verdict();
  EXPECT_EQ(verdict->choice.allocator, "glibc");
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("times as much memory")));
}

TEST(Recommend, WeighsNoTimeAgainstTheProgramsWhereItsOperationsAreNotKnown) {
  Bench bench;
  bench.result_.workloads[0].operations = 0;
  const auto verdict =
      bench.cpu_seconds(0.01).did("glibc", 100, 48.2).did("jemalloc", 100, 11.5).verdict();
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->headline, HasSubstr("76 % less allocator time"));
}

TEST(Recommend, SaysThatItIsCpuTimeWhereWallTimeOfSeveralThreadsTellsAnotherStory) {
  Bench bench;
  bench.result_.workloads[0].threads = 4;
  bench.cpu_seconds(20).did("glibc", 100, 50).did("jemalloc", 100, 60);
  const auto verdict = bench.took("glibc", 20).took("jemalloc", 14).verdict();
  EXPECT_THAT(verdict->headline, HasSubstr("30 % less allocator CPU time than glibc"));
  EXPECT_THAT(verdict->reasons,
              Contains(HasSubstr("(all threads together): 200 ns per operation")));
}

TEST(Recommend, SaysThatStartsAreInAPercentageThatTheyMake) {
  Bench bench;
  bench.cpu_seconds(5).did("glibc", 100, 20).did("tcmalloc", 100, 18);
  bench.result_.workloads[0].process_starts = 20;
  bench.result_.workloads[0].start_costs = {{"glibc", "default", 0.005},
                                            {"tcmalloc", "default", 0.035}};
  EXPECT_THAT(bench.verdict()->reasons, Contains(HasSubstr("process starts included)")));
}

TEST(Recommend, IsInconclusiveForTheDifferenceThatItHopesFor) {
  const auto verdict = Bench()
                           .repetitions(2)
                           .cpu_seconds(2)
                           .did("glibc", 100, 20)
                           .did("jemalloc", 103.6, 13.2)
                           .verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_THAT(verdict->headline, HasSubstr("jemalloc shows 34 % less allocator time, but"));
}

TEST(Recommend, AsksForTwiceTheRepetitionsThatCouldNotTell) {
  const auto verdict =
      Bench().repetitions(20).did("glibc", 100, 20, 30).did("jemalloc", 90, 20, 30).verdict();
  EXPECT_EQ(verdict->verdict, VerdictKind::inconclusive);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("--repetitions 40")));
}

TEST(Recommend, SaysWhyOneThatIsAheadWasNotChosen) {
  const auto verdict = Bench()
                           .did("glibc", 100, 40)
                           .did("jemalloc", 75, 10)
                           .did("tcmalloc", 70, 40, 10)
                           .verdict(Objective::memory);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->reasons,
              Contains(HasSubstr("not told apart from jemalloc, which is better on balance")));
}

TEST(Recommend, ChoosesNoneForItsScatterThatAnotherBeatsInMemoryAndOnBalance) {
  Bench bench;
  bench.did("glibc", 100, 40);
  bench.did("jemalloc", 80, 40);     // the least
  bench.did("tcmalloc", 85, 4);      // told apart from it, and better on balance
  bench.did("mimalloc", 88, 8, 12);  // worse than that in both, but overlaps the least
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
  EXPECT_THAT(verdict->reasons, Not(Contains(HasSubstr("not told apart"))));
}

TEST(Recommend, SaysNotToldApartOnlyOfWhatIsNot) {
  Bench bench;
  bench.did("glibc", 100, 40);
  bench.did("jemalloc", 70, 40, 10);  // the least; it overlaps both others
  bench.did("tcmalloc", 72, 40);
  bench.did("mimalloc", 75.5, 10);  // apart from tcmalloc
  const auto verdict = bench.verdict(Objective::memory);
  EXPECT_EQ(verdict->choice.allocator, "mimalloc");
  EXPECT_THAT(verdict->reasons,
              Contains(AllOf(StartsWith("jemalloc: "),
                             HasSubstr("not told apart from mimalloc, which is better"))));
  EXPECT_THAT(verdict->reasons, Contains(AllOf(StartsWith("tcmalloc: "),
                                               HasSubstr("; mimalloc is better on balance"))));
}

TEST(Recommend, CountsManyRivalsInsteadOfNamingThemAll) {
  Bench bench;
  bench.did("glibc", 100, 20);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    bench.did(name, 100, 20);
    bench.deployments_.push_back({name, "default", "/lib/any.so", "", "", {}});
  }
  EXPECT_EQ(bench.verdict()->headline, "keep glibc: none of the 5 others is better on balance");
}

// ---- what cannot be answered

TEST(Recommend, SaysThatLatencyIsNotMeasured) {
  const auto verdict = Bench().did("glibc", 100, 20).verdict(Objective::latency);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_THAT(verdict.error().what, HasSubstr("no allocator's tail latency was measured"));
  EXPECT_THAT(verdict.error().hint, HasSubstr("--purposes"));
}

TEST(Recommend, SaysThatSpeedWasNotMeasured) {
  const auto verdict = Bench().did("glibc", 100, std::nullopt).verdict(Objective::speed);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_THAT(verdict.error().what, HasSubstr("speed was measured"));
}

TEST(Recommend, SaysOfWhichCallsHalfTookAtMostTheMedian) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 20);
  bench.verdict();
  for (Summary& row : bench.result_.summary) {
    row.latency_p50_ns = Interval{20, 20, 20, 0.0};
    row.latency_p999_ns = Interval{900, 900, 900, 0.0};
  }
  const auto verdict = recommend(bench.result_, "w", Objective::memory, bench.deployments_);
  EXPECT_THAT(verdict->reasons, Contains(HasSubstr("(half of all calls at most 20.0 ns)")));
}

TEST(Recommend, NamesTheWorkloadThatIsNotThere) {
  Bench bench;
  bench.did("glibc", 100, 20);
  bench.verdict();
  const auto verdict = recommend(bench.result_, "x", Objective::memory, bench.deployments_);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_THAT(verdict.error().what, HasSubstr("no workload 'x'"));
}

TEST(Recommend, NamesThePartOfMemoryThatIsMissing) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 20);
  for (heapwise::Run& run : bench.result_.runs) run.end_rss_bytes.reset();
  const auto verdict = bench.verdict(Objective::memory);
  ASSERT_FALSE(verdict.has_value());
  EXPECT_THAT(verdict.error().what, HasSubstr("no allocator's end RSS was measured"));
}

TEST(Recommend, SummarizesRunsThatNoOneSummarized) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 20);
  const auto verdict = recommend(bench.result_, "w", Objective::memory, bench.deployments_);
  ASSERT_TRUE(verdict.has_value());
  EXPECT_EQ(verdict->choice.allocator, "jemalloc");
}

TEST(Recommend, DoesWithoutDeviationsThatAnotherToolLeftOut) {
  Bench bench;
  bench.did("glibc", 100, 20).did("mimalloc", 60, 10);
  bench.verdict();
  for (Summary& summary : bench.result_.summary) {
    summary.memory_cost_bytes.reset();
    summary.ns_per_operation->mad.reset();
  }
  for (const Objective objective : {Objective::memory, Objective::speed}) {
    const auto verdict = recommend(bench.result_, "w", objective, bench.deployments_);
    EXPECT_EQ(verdict->choice.allocator, "mimalloc");
  }
}

TEST(RecommendObjectives, LeavesOutWhatWasNotMeasured) {
  Bench bench;
  bench.did("glibc", 100, std::nullopt).did("jemalloc", 60, std::nullopt);
  const auto verdicts = recommend_objectives(bench.result_, bench.deployments_);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].objective, Objective::balanced);
  EXPECT_EQ(verdicts[1].objective, Objective::memory);
}

TEST(RecommendAll, LetsOneWorkloadThatFailedNotCostTheOthersTheirs) {
  Bench bench;
  bench.did("glibc", 100, 20).did("jemalloc", 60, 20).crashed("glibc");
  bench.result_.runs.back().workload = "dead";
  bench.result_.workloads.emplace_back().name = "dead";
  bench.result_.workloads.emplace_back().name = "unrun";
  const auto all = recommend_all(bench.result_, Objective::memory, bench.deployments_);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->made.size(), 1U);
  EXPECT_EQ(all->made[0].choice.allocator, "jemalloc");
  EXPECT_THAT(all->missing,
              testing::ElementsAre(StartsWith("no verdict on dead: no allocator's memory"),
                                   HasSubstr("no run of workload 'unrun' is in the result")));
}

TEST(RecommendAll, FailsWhereNoWorkloadHasAVerdict) {
  Bench bench;
  bench.crashed("glibc");
  EXPECT_FALSE(recommend_all(bench.result_, Objective::memory, bench.deployments_).has_value());
}

TEST(RecommendAll, RefusesAnEmptyResult) {
  EXPECT_FALSE(recommend_all(Result{}, Objective::memory, {}).has_value());
}

// ---- the deployment line

TEST(DeploymentLines, NameThePackageWhereTheLibraryIsMissing) {
  const std::string lines = deployment_lines({"tcmalloc", "default"}, {"x"}, Bench().deployments_);
  EXPECT_THAT(lines, StartsWith("LD_PRELOAD=libtcmalloc.so.4 x\n"));
  EXPECT_THAT(lines, HasSubstr("apt-get install libtcmalloc4"));
}

TEST(DeploymentLines, QuoteTheCommandForAShell) {
  const std::string lines =
      deployment_lines({"jemalloc", "default"}, {"sqlite3", "a b", "$x"}, Bench().deployments_);
  EXPECT_THAT(lines, HasSubstr("sqlite3 'a b' '$x'"));
}

TEST(DeploymentLines, ContinueALongLineAsAShellUnderstandsIt) {
  const std::string lines =
      deployment_lines({"jemalloc", "background"},
                       {"server", "--first-option=1", "--second-option=2"}, Bench().deployments_);
  EXPECT_THAT(lines, StartsWith("MALLOC_CONF=background_thread:true \\\n"
                                "  LD_PRELOAD=/lib/libjemalloc.so.2 \\\n"
                                "  server --first-option=1 --second-option=2\n"));
}

TEST(DeploymentLines, CutACommandThatDoesNotFitALine) {
  const std::string lines = deployment_lines(
      {"jemalloc", "default"}, {"sqlite3", std::string(500, 'x')}, Bench().deployments_);
  EXPECT_THAT(lines, HasSubstr("sqlite3 …\n"));
  const std::string script =
      deployment_lines({"jemalloc", "default"}, {"sh", "-c", "a\nb"}, Bench().deployments_);
  EXPECT_THAT(script, HasSubstr("sh -c …\n"));
}

}  // namespace
}  // namespace heapwise
