// SPDX-License-Identifier: MIT
// Sessions with real runners and with false ones.
#include "bench/session/replay_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/replay.h"
#include "bench/session/runner.h"
#include "tests/plan/trace_maker.h"

namespace heapwise {
namespace {

using ::testing::ElementsAre;
using testing::Expectation;
using ::testing::HasSubstr;

constexpr const char* kRunners = HEAPWISE_RUNNERS;

class Session : public ::testing::Test {
 protected:
  void SetUp() override {
    trace_ = directory_.path() + "/trace.hwt";
    testing::RandomTraceOptions random;
    random.operations = 3000;
    expected_ = testing::write_random_trace(trace_, random);
    options_.traces = {trace_};
    options_.repetitions = 2;
    options_.library_directory = kRunners;
    options_.contenders = {*parse_contender("glibc")};
  }

  /// Runners of which those of `script`ed allocators do something else instead.
  void use_false_runner(const std::string& allocator, const std::string& script) {
    const std::string folder = directory_.path() + "/runners";
    mkdir(folder.c_str(), 0700);
    for (const char* real : {"null", "glibc"}) {
      symlink(runner_path(kRunners, real).c_str(), runner_path(folder, real).c_str());
    }
    const std::string path = runner_path(folder, allocator);
    unlink(path.c_str());
    EXPECT_TRUE(write_file(path, "#!/bin/sh\n" + script + "\n", true));
    chmod(path.c_str(), 0700);
    options_.library_directory = folder;
    options_.contenders.push_back({"false", "default", allocator, {}, {}});
  }

  Result session() {
    auto result = replay(options_);
    EXPECT_TRUE(result) << result.error().what;
    return result ? *result : Result{};
  }

  static const heapwise::Run& run_of(const Result& result, const std::string& allocator) {
    for (const heapwise::Run& run : result.runs) {
      if (run.allocator == allocator) return run;
    }
    ADD_FAILURE() << "no run of " << allocator;
    return result.runs.front();
  }

  TemporaryDirectory directory_ = std::move(*TemporaryDirectory::make());
  std::string trace_;
  Expectation expected_;
  ReplayOptions options_;
};

/// Two threads that both make a call each millisecond for a tenth of a second.
void write_two_threads(const std::string& path, const std::string& cpu_seconds,
                       const std::string& of_children = "0") {
  auto writer = testing::new_trace(path);
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  for (std::uint32_t i = 0; i < 200; ++i) {
    writer.allocate(ThreadId{i % 2}, i * std::uint64_t{500'000}, OpKind::malloc, 64);
  }
  TraceTotals end;
  end.facts = {{"cpu_seconds", cpu_seconds}, {"children_cpu_seconds", of_children}};
  ASSERT_TRUE(writer.finish(end));
}

TEST_F(Session, WhatTheProgramsChildrenDidKeptNoneOfItsProcessorsBusy) {
  unlink(trace_.c_str());
  write_two_threads(trace_, "0.49", "0.30");
  options_.repetitions = 1;
  EXPECT_NEAR(*session().workloads[0].busy_processors, 1.9, 0.001);
}

TEST_F(Session, RunsForSpeedOnAsManyProcessorsAsTheProgramKeptBusy) {
  const std::string said = directory_.path() + "/said";
  use_false_runner("jemalloc", "echo \"$@\" >>" + said);
  options_.purposes = {Purpose::footprint, Purpose::throughput};
  options_.repetitions = 1;
  for (const auto& [cpu_seconds, told] :
       {std::pair{"0.118", "--processors 1"}, {"0.19", "--processors 2"}}) {
    unlink(said.c_str());
    unlink(trace_.c_str());
    write_two_threads(trace_, cpu_seconds);
    const Result result = session();
    EXPECT_NEAR(*result.workloads[0].busy_processors, std::stod(cpu_seconds) * 10, 0.001);
    std::istringstream lines(*read_file(said));
    for (std::string line; std::getline(lines, line);) {
      if (line.find("--plan") == std::string::npos) continue;  // it was only asked about itself
      if (line.find("--purpose throughput") != std::string::npos) {
        EXPECT_THAT(line, HasSubstr(told));
      } else {
        EXPECT_THAT(line, ::testing::Not(HasSubstr("--processors"))) << "one thread at a time";
      }
    }
  }
}

TEST_F(Session, ATraceThatIsDamagedBeforeItsFirstCallIsAnErrorAndNotAWorkload) {
  const std::string whole = *read_file(trace_);
  constexpr std::size_t kHead = 200;  // its chunk, and nothing whole behind it
  ASSERT_TRUE(write_file(trace_, whole.substr(0, kHead), true));
  const auto result = replay(options_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_input);
  EXPECT_THAT(result.error().what,
              ::testing::AllOf(HasSubstr(trace_ + " is damaged at byte "),
                               HasSubstr("before its first call"), HasSubstr("inside a chunk")));
  EXPECT_THAT(result.error().hint, HasSubstr("nothing of it can be replayed"));
}

TEST_F(Session, AWholeTraceOfNoCallsIsReplayed) {
  unlink(trace_.c_str());
  auto writer = testing::new_trace(trace_);
  testing::finish(writer);
  const Result result = session();
  EXPECT_EQ(result.workloads[0].operations, 0);
  EXPECT_EQ(run_of(result, "glibc").status, RunStatus::ok);
}

TEST_F(Session, RunsEveryContenderForEveryPurposeInEveryRound) {
  options_.contenders = {*parse_contender("glibc"), *parse_contender("glibc:arena-max-2")};
  const Result result = session();
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < result.runs.size(); ++i) {
    const heapwise::Run& run = result.runs[i];
    EXPECT_EQ(run.status, RunStatus::ok) << run.status_detail;
    EXPECT_EQ(run.operations, expected_.operations);
    EXPECT_EQ(run.repetition, i / 4) << "a round ends before the next begins";
    EXPECT_EQ(run.failed_calls, 0);
    EXPECT_FALSE(run.version.empty());
    ++seen[run.tuning + " " + run.purpose];
  }
  EXPECT_EQ(result.runs.size(), 8);
  EXPECT_THAT(seen, ElementsAre(::testing::Pair("arena-max-2 footprint", 2),
                                ::testing::Pair("arena-max-2 throughput", 2),
                                ::testing::Pair("default footprint", 2),
                                ::testing::Pair("default throughput", 2)));
}

TEST_F(Session, HasMemoryFiguresOfFootprintRunsAndTimesOfThroughputRuns) {
  const Result result = session();
  for (const heapwise::Run& run : result.runs) {
    const bool footprint = run.purpose == "footprint";
    EXPECT_EQ(run.peak_rss_bytes.has_value(), footprint);
    EXPECT_EQ(run.mean_rss_bytes.has_value(), footprint);
    EXPECT_EQ(run.fragmentation_peak.has_value(), footprint);
    EXPECT_EQ(run.drained_10s_rss_bytes.has_value(), footprint);
    EXPECT_EQ(run.samples.empty(), !footprint);
    EXPECT_EQ(run.ns_per_operation.has_value(), !footprint);
    if (footprint) {
      // Everything that is alive was written to.
      EXPECT_GE(*run.peak_rss_bytes, result.workloads[0].peak_live_bytes);
    }
  }
}

TEST_F(Session, ARecordedProgramTakesTheTimeThatItsAllocatorTookToo) {
  TraceInfo info;
  info.source = TraceSource::recorded;
  info.capabilities = Capability::threads | Capability::time;
  auto writer = TraceWriter::create(trace_, info, true);
  ASSERT_TRUE(writer);
  for (std::uint64_t second = 0; second <= 100; ++second) {
    const std::uint64_t time_ns = second * 1'000'000'000;
    writer->allocate(ThreadId{0}, time_ns, OpKind::malloc, 64);
    // So much that one replay takes about as long as another.
    for (int i = 0; i < 2000; ++i) {
      writer->free(ThreadId{0}, time_ns, writer->allocate(ThreadId{0}, time_ns, OpKind::malloc, i));
    }
    // It took four times as long as the rest, after a first half in which it took none.
    writer->allocator_time({time_ns, second < 50 ? 0 : (second - 50) * 4'000'000'000});
  }
  ASSERT_TRUE(writer->finish());
  options_.purposes = {Purpose::footprint};
  options_.contenders = {*parse_contender("glibc"), *parse_contender("mimalloc")};
  for (const heapwise::Run& run : session().runs) {
    ASSERT_EQ(run.status, RunStatus::ok) << run.status_detail;
    // 100 s of its own and 200 of its allocator's, or as much less as a replay on another takes.
    EXPECT_GT(run.samples.back().time_s, 150) << run.allocator;
    EXPECT_LT(run.samples.back().time_s, 310) << run.allocator;
    std::size_t early = 0;
    for (const Sample& sample : run.samples) early += sample.time_s < 51 ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(early) / static_cast<double>(run.samples.size()), 0.5, 0.1);
  }
}

/// A recording that says nothing of what the program's allocator took.
void write_untimed_recording(const std::string& path) {
  TraceInfo info;
  info.source = TraceSource::recorded;
  info.capabilities = Capability::threads | Capability::time;
  auto writer = TraceWriter::create(path, info, true);
  ASSERT_TRUE(writer);
  for (std::uint64_t i = 0; i < 100; ++i) {
    writer->allocate(ThreadId{0}, i * 1'000'000, OpKind::malloc, 64);
  }
  ASSERT_TRUE(writer->finish());
}

TEST_F(Session, GoingOnWithAnEarlierOneChargesAllocatorsAsThatDid) {
  write_untimed_recording(trace_);
  options_.purposes = {Purpose::footprint};
  const Item glibc{options_.contenders.front(), Purpose::footprint};
  std::vector<std::uint64_t> points;
  WorkloadInfo earlier;
  for (const bool restored : {false, true}) {
    heapwise::Session one(options_, directory_.path());
    const auto facts = one.open(trace_);
    ASSERT_TRUE(facts);
    if (restored) {
      one.restore_null(earlier);
    } else {
      ASSERT_TRUE(one.run_null(*facts));
    }
    earlier = one.workload();
    ASSERT_TRUE(one.run_item(glibc, 0, *facts));
    const auto reference = read_file(directory_.path() + "/reference");
    ASSERT_TRUE(reference);
    RawReference head{};
    ASSERT_GE(reference->size(), sizeof head);
    std::memcpy(&head, reference->data(), sizeof head);
    points.push_back(head.count);
  }
  EXPECT_GT(points[0], 0U);
  EXPECT_EQ(points[1], points[0]) << "less what the harness takes, in both";
}

TEST_F(Session, WhatOfARunIsLeftToChanceFollowsFromItsSeedAlone) {
  write_untimed_recording(trace_);
  options_.purposes = {Purpose::footprint};
  const Item glibc{options_.contenders.front(), Purpose::footprint};
  heapwise::Session one(options_, directory_.path());
  const auto facts = one.open(trace_);
  ASSERT_TRUE(facts);
  ASSERT_TRUE(one.run_null(*facts));
  std::vector<std::uint64_t> paddings;
  for (int run = 0; run < 2; ++run) {  // the first measures the reference too
    one.reseed(77);
    const auto made = one.run_item(glibc, 0, *facts);
    ASSERT_TRUE(made);
    paddings.push_back(made->padding_bytes.value_or(0));
  }
  EXPECT_EQ(paddings[0], paddings[1]);
}

TEST_F(Session, ShowsWhatTheHarnessItselfCosts) {
  const Result result = session();
  ASSERT_TRUE(result.harness.null_ns_per_operation.has_value());
  EXPECT_GT(*result.harness.null_ns_per_operation, 0);
  EXPECT_GT(result.harness.null_rss_bytes, 0);
  EXPECT_LT(result.harness.null_rss_growth_bytes, 64 << 10);
  for (const heapwise::Run& run : result.runs) EXPECT_NE(run.allocator, "null");
}

TEST_F(Session, TellsWhatTheTraceIsLike) {
  const Result result = session();
  ASSERT_EQ(result.workloads.size(), 1);
  const WorkloadInfo& info = result.workloads[0];
  EXPECT_EQ(info.name, "test");
  EXPECT_EQ(info.source, "synthetic");
  EXPECT_EQ(info.trace, trace_);
  EXPECT_EQ(info.operations, expected_.operations);
  EXPECT_EQ(info.threads, expected_.threads);
  EXPECT_GT(info.peak_live_bytes, 0);
  EXPECT_GT(info.duration_s, 0);
}

TEST_F(Session, TracesOfTheSameNameAreToldApart) {
  options_.traces = {trace_, trace_};
  options_.repetitions = 1;
  options_.purposes = {Purpose::throughput};
  const Result result = session();
  ASSERT_EQ(result.workloads.size(), 2);
  EXPECT_EQ(result.workloads[0].name, "test");
  EXPECT_EQ(result.workloads[1].name, "test-2");
  EXPECT_EQ(result.runs[1].workload, "test-2");
}

TEST_F(Session, AnAllocatorThatCrashesIsARunThatSaysSoAndTheRestGoesOn) {
  use_false_runner("crasher", "echo out of luck; kill -SEGV $$");
  const Result result = session();
  EXPECT_EQ(run_of(result, "glibc").status, RunStatus::ok);
  const heapwise::Run& crashed = run_of(result, "false");
  EXPECT_EQ(crashed.status, RunStatus::crashed);
  EXPECT_THAT(crashed.status_detail, HasSubstr("SIGSEGV"));
  EXPECT_THAT(crashed.status_detail, HasSubstr("out of luck"));
  EXPECT_FALSE(crashed.peak_rss_bytes.has_value());
  EXPECT_FALSE(crashed.ns_per_operation.has_value());
}

TEST_F(Session, AnAllocatorThatGivesNoMemoryHasRunOutOfItAndHasNoFigures) {
  options_.contenders = {*parse_contender("glibc"), *parse_contender("miser=" HEAPWISE_MISER)};
  const Result result = session();
  EXPECT_EQ(run_of(result, "glibc").status, RunStatus::ok);
  for (const heapwise::Run& run : result.runs) {
    if (run.allocator != "miser") continue;
    EXPECT_EQ(run.status, RunStatus::out_of_memory) << run.purpose;
    EXPECT_GT(run.failed_calls, 0);
    EXPECT_THAT(run.status_detail, HasSubstr("got no memory"));
    EXPECT_FALSE(run.peak_rss_bytes || run.ns_per_operation);
  }
}

TEST_F(Session, AnAllocatorThatHangsIsKilledWhenItsTimeIsUp) {
  use_false_runner("sleeper", "exec sleep 600");
  options_.timeout_s = 5;
  options_.repetitions = 1;
  options_.purposes = {Purpose::throughput};
  const heapwise::Run run = run_of(session(), "false");
  EXPECT_EQ(run.status, RunStatus::timed_out);
  EXPECT_THAT(run.status_detail, HasSubstr("5 s"));
}

TEST_F(Session, ARefusalIsUnsupportedWithTheRunnersReason) {
  use_false_runner("other", "echo 'malloc is not what it should be' >&2; exit 65");
  const heapwise::Run run = run_of(session(), "false");
  EXPECT_EQ(run.status, RunStatus::unsupported);
  EXPECT_THAT(run.status_detail, HasSubstr("malloc is not what it should be"));
}

TEST_F(Session, ARunnerThatEndsInTheMiddleHasCrashed) {
  use_false_runner("quitter", "exit 0");
  EXPECT_EQ(run_of(session(), "false").status, RunStatus::crashed);
}

TEST_F(Session, AHarnessThatDoesNotWorkStopsItAll) {
  use_false_runner("null", "echo no; exit 66");
  const auto result = replay(options_);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, HasSubstr("harness"));
}

TEST_F(Session, WhatTheUserHasSetDoesNotGetToTheAllocators) {
  use_false_runner("teller",
                   "echo \"<$MALLOC_ARENA_MAX$LD_PRELOAD$TCMALLOC_RELEASE_RATE>\"; exit 65");
  ::setenv("MALLOC_ARENA_MAX", "1", 1);
  ::setenv("TCMALLOC_RELEASE_RATE", "9", 1);
  const heapwise::Run run = run_of(session(), "false");
  ::unsetenv("MALLOC_ARENA_MAX");
  ::unsetenv("TCMALLOC_RELEASE_RATE");
  EXPECT_THAT(run.status_detail, HasSubstr("<>"));
}

TEST_F(Session, ATuningsSettingsAndTheUsersLibraryDo) {
  use_false_runner("teller", "echo \"<$A,$LD_PRELOAD>\"; exit 65");
  options_.contenders.back().settings = {{"A", "1"}};
  options_.contenders.back().library = HEAPWISE_LIBC;
  EXPECT_THAT(run_of(session(), "false").status_detail,
              HasSubstr(std::string("<1,") + HEAPWISE_LIBC + ">"));
}

TEST_F(Session, TellsHowFarItIsBeforeEachStep) {
  std::vector<ReplayProgress> told;
  options_.progress = [&](const ReplayProgress& now) { told.push_back(now); };
  session();
  ASSERT_EQ(told.size(), 1 + 4 + 4) << "a plan, four runs of null, four of glibc";
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].done, i);
    EXPECT_EQ(told[i].total, told.size());
  }
  EXPECT_EQ(told[0].purpose, "plan");
  EXPECT_LT(told[0].remaining_s, 0) << "nothing is known yet";
  EXPECT_GE(told.back().remaining_s, 0);
}

TEST_F(Session, TheSameSeedRunsInTheSameOrder) {
  options_.contenders = {*parse_contender("glibc"), *parse_contender("glibc:arena-max-2"),
                         *parse_contender("glibc:tcache-off")};
  options_.purposes = {Purpose::throughput};
  const auto order = [&](std::uint64_t seed) {
    options_.seed = seed;
    std::string text;
    for (const heapwise::Run& run : session().runs) text += run.tuning + " ";
    return text;
  };
  const std::string first = order(1);
  EXPECT_EQ(first, order(1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 6; ++seed) differs = differs || order(seed) != first;
  EXPECT_TRUE(differs);
}

TEST_F(Session, SettingsWithoutEffectMakeRunsUnsupportedAndTheRestGoesOn) {
  options_.contenders.push_back(*parse_contender("glibc@GLIBC_TUNABLES=glibc.malloc.nosuch=1"));
  options_.contenders.push_back(*parse_contender("glibc@NO_SUCH=1"));
  const Result result = session();
  EXPECT_EQ(result.runs.size(), 12);
  for (const heapwise::Run& run : result.runs) {
    const bool refused = run.tuning.find("nosuch") != std::string::npos;
    EXPECT_EQ(run.status, refused ? RunStatus::unsupported : RunStatus::ok) << run.tuning;
    EXPECT_EQ(run.unconfirmed_settings, run.tuning == "NO_SUCH=1" ? "NO_SUCH=1" : "");
    EXPECT_EQ(run.status_detail.find("has no effect here") != std::string::npos, refused);
  }
  EXPECT_THAT(result.workloads[0].warnings,
              ElementsAre(::testing::Field(&Warning::what, HasSubstr("NO_SUCH=1 has any effect"))))
      << "once";
}

TEST_F(Session, ABackgroundThreadIsSaidToNeedTheRecordedClock) {
  if (!find_allocator("jemalloc")->built) GTEST_SKIP() << "jemalloc is not installed";
  options_.contenders = {*parse_contender("jemalloc:background-thread")};
  const auto needs = ::testing::Field(&Warning::code, "needs-recorded-clock");
  EXPECT_THAT(session().workloads[0].warnings, ElementsAre(needs));
  options_.clock = ReplayClock::recorded;
  EXPECT_THAT(session().workloads[0].warnings, ::testing::Not(::testing::Contains(needs)));
}

TEST_F(Session, LeavesNothingBehindInItsTemporaryFolder) {
  const std::string folder = directory_.path() + "/tmp";
  mkdir(folder.c_str(), 0700);
  options_.temporary_parent = folder;
  session();
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

TEST_F(Session, OfNothingIsAUsageError) {
  for (const auto& spoil : std::vector<std::function<void(ReplayOptions&)>>{
           [](ReplayOptions& o) { o.traces.clear(); },
           [](ReplayOptions& o) { o.contenders.clear(); },
           [](ReplayOptions& o) { o.purposes.clear(); },
           [](ReplayOptions& o) { o.repetitions = 0; }}) {
    ReplayOptions options = options_;
    spoil(options);
    const auto result = replay(options);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::usage);
  }
}

TEST_F(Session, AMissingRunnerIsNamed) {
  options_.library_directory = directory_.path();
  const auto result = replay(options_);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, HasSubstr("heapwise-replay-null"));
}

TEST_F(Session, ATraceThatStopsInTheMiddleIsReplayedWithAWarning) {
  auto bytes = read_file(trace_);
  ASSERT_TRUE(bytes);
  ASSERT_TRUE(write_file(trace_, bytes->substr(0, bytes->size() - 20), true));
  options_.repetitions = 1;
  const Result result = session();
  ASSERT_FALSE(result.workloads.empty());
  EXPECT_THAT(result.workloads[0].warnings,
              ::testing::Contains(::testing::Field(&Warning::code, "trace-unfinished")));
}

TEST_F(Session, ARealLibraryOfTheUsersRunsInTheRunnerOfGlibc) {
  const Allocator* const jemalloc = find_allocator("jemalloc");
  if (!jemalloc->built) GTEST_SKIP() << "jemalloc is not installed";
  options_.contenders = {*parse_contender("mine=" + preload_path(*jemalloc))};
  const Result result = session();
  const heapwise::Run& run = run_of(result, "mine");
  EXPECT_EQ(run.status, RunStatus::ok) << run.status_detail;
  EXPECT_EQ(run.linkage, "preloaded");
  EXPECT_THAT(run.version, HasSubstr("libjemalloc"));
}

}  // namespace
}  // namespace heapwise
