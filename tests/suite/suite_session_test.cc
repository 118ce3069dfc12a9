// SPDX-License-Identifier: MIT
// Suites with real runners and with false ones.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/runner.h"
#include "bench/session/suite.h"
#include "tests/plan/trace_maker.h"

namespace heapwise {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Key = std::tuple<std::string, std::string, std::string, unsigned>;

std::multiset<Key> keys(const Result& result) {
  std::multiset<Key> set;
  for (const heapwise::Run& run : result.runs) {
    set.insert({run.workload, run.allocator, run.purpose, run.repetition});
  }
  return set;
}

class SuiteSession : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b"}) {
      const std::string trace = directory_.path() + "/" + name + ".hwt";
      testing::RandomTraceOptions random;
      random.operations = 500;
      testing::write_random_trace(trace, random);
      options_.workloads.push_back(trace);
    }
    options_.info.mode = "quick";
    options_.info.least_rounds = options_.info.most_rounds = 2;
    options_.seed = 5;
    options_.contenders = {*parse_contender("glibc")};
    options_.purposes = {Purpose::footprint, Purpose::throughput};
    options_.library_directory = HEAPWISE_RUNNERS;
    options_.work_directory = directory_.path() + "/work";
    options_.stop = &stop_;
    options_.save = [this](const Result& so_far) -> Expected<void> {
      saved_ = so_far;
      if (++saves_ == stop_after_) stop_.store(true);
      return {};
    };
  }

  void use_false_runner(const std::string& name, const std::string& script) {
    const std::string folder = directory_.path() + "/runners";
    mkdir(folder.c_str(), 0700);
    for (const char* real : {"null", "glibc"}) {
      symlink(runner_path(HEAPWISE_RUNNERS, real).c_str(), runner_path(folder, real).c_str());
    }
    const std::string path = runner_path(folder, name);
    unlink(path.c_str());
    EXPECT_TRUE(write_file(path, "#!/bin/sh\n" + script + "\n", true));
    chmod(path.c_str(), 0700);
    options_.library_directory = folder;
    options_.contenders.push_back({"false", "default", name, {}, {}});
  }

  Result suite(Result earlier = {}) {
    auto result = run_suite(options_, std::move(earlier));
    EXPECT_TRUE(result) << result.error().what;
    return result ? *result : Result{};
  }

  TemporaryDirectory directory_ = *TemporaryDirectory::make();
  SuiteOptions options_;
  std::atomic<bool> stop_{false};
  Result saved_;
  int saves_ = 0, stop_after_ = -1;
};

TEST_F(SuiteSession, MakesEveryRunOnceAndSavesAfterEach) {
  const Result result = suite();
  EXPECT_EQ(result.runs.size(), 2U * 2 * 2);
  const auto made = keys(result);
  EXPECT_EQ(std::set<Key>(made.begin(), made.end()).size(), 8U);
  EXPECT_EQ(saves_, 8 + 1);
  EXPECT_TRUE(result.suite->complete);
  for (const SuiteWorkload& one : result.suite->progress) {
    EXPECT_EQ(one.rounds, 2U);
    EXPECT_EQ(one.stopped, "most-rounds");
  }
  EXPECT_NE(access(options_.work_directory.c_str(), F_OK), 0) << "plans were left behind";
}

TEST_F(SuiteSession, InterruptedAnywhereAndGoneOnWithHasTheRunsOfAnUnbrokenOne) {
  const Result whole = suite();
  for (int after = 1; after <= 8; ++after) {
    saves_ = 0;
    stop_after_ = after;
    stop_.store(false);
    const Result part = suite();
    EXPECT_FALSE(part.suite->complete);
    EXPECT_EQ(part.runs.size(), static_cast<std::size_t>(after));
    stop_.store(false);
    stop_after_ = -1;
    const Result gone_on = suite(saved_);
    EXPECT_TRUE(gone_on.suite->complete);
    EXPECT_EQ(keys(gone_on), keys(whole)) << "after run " << after;
    ASSERT_EQ(gone_on.workloads.size(), whole.workloads.size());
    for (std::size_t i = 0; i < whole.runs.size(); ++i) {
      EXPECT_EQ(gone_on.runs[i].padding_bytes, whole.runs[i].padding_bytes);
      EXPECT_EQ(gone_on.runs[i].workload, whole.runs[i].workload);
    }
  }
}

TEST_F(SuiteSession, HasNothingToDoWhenItIsDone) {
  const Result whole = suite();
  saves_ = 0;
  const Result again = suite(whole);
  EXPECT_EQ(keys(again), keys(whole));
  EXPECT_EQ(saves_, 1);
}

TEST_F(SuiteSession, GoesOnWhenARunnerCrashes) {
  use_false_runner("crashing", "kill -SEGV $$");
  const Result result = suite();
  EXPECT_EQ(result.runs.size(), 2U * 2 * 2 * 2);
  for (const heapwise::Run& run : result.runs) {
    EXPECT_EQ(run.status == RunStatus::crashed, run.allocator == "false");
  }
}

TEST_F(SuiteSession, DoesNotWaitTwiceForARunnerThatHangs) {
  use_false_runner("hanging", "exec sleep 100");
  options_.timeout_s = 5;  // which is enough for the runs that do not hang
  const Result result = suite();
  unsigned hung = 0;
  for (const heapwise::Run& run : result.runs) {
    hung += run.allocator == "false" && run.status == RunStatus::timed_out ? 1 : 0;
  }
  EXPECT_EQ(hung, 2U * 2) << "once for each workload and purpose";
  EXPECT_TRUE(result.suite->complete);
  EXPECT_EQ(result.suite->progress[0].rounds, 2U);
}

TEST_F(SuiteSession, TellsOfAWorkloadThatCannotBeRunAndGoesOn) {
  EXPECT_TRUE(write_file(options_.workloads[0], "no trace", true));
  const Result result = suite();
  EXPECT_EQ(result.suite->progress[0].stopped, "failed");
  EXPECT_THAT(result.suite->progress[0].reason, HasSubstr("a.hwt"));
  EXPECT_EQ(result.suite->progress[1].rounds, 2U);
}

TEST_F(SuiteSession, EndsWithTheBudget) {
  options_.info.budget_s = 1e-9;
  const Result result = suite();
  EXPECT_THAT(result.runs, IsEmpty());
  EXPECT_TRUE(result.suite->complete);
  EXPECT_EQ(result.suite->progress[0].stopped, "budget");
}

TEST_F(SuiteSession, StopsBeforeAllRoundsWhereTheAnswerIsClear) {
  options_.purposes = {Purpose::footprint};
  options_.contenders.push_back(*parse_contender("glibc@MALLOC_ARENA_MAX=1"));
  options_.info.least_rounds = 1;
  options_.info.most_rounds = 50;
  const Result result = suite();
  for (const SuiteWorkload& one : result.suite->progress) {
    EXPECT_EQ(one.stopped, "narrow") << one.reason;
    EXPECT_LT(one.rounds, 50U);
    EXPECT_GE(one.rounds, 3U);
    EXPECT_THAT(one.reason, HasSubstr("memory: "));
  }
}

TEST_F(SuiteSession, KeepsSamplesOfOneRunOfAKind) {
  const Result result = suite();
  unsigned with = 0;
  for (const heapwise::Run& run : result.runs) with += run.samples.empty() ? 0 : 1;
  EXPECT_EQ(with, 2U);
}

TEST_F(SuiteSession, RefusesToWorkWhereAnotherDoes) {
  options_.save = [this](const Result&) -> Expected<void> {
    SuiteOptions other = options_;
    other.save = {};
    const auto refused = run_suite(other, {});
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_THAT(refused.error().what, HasSubstr("another suite is at work"));
    }
    stop_.store(true);
    return {};
  };
  suite();
}

TEST_F(SuiteSession, WaitsForAFolderOfItsOwnWhereAnotherRemovesIts) {
  mkdir(options_.work_directory.c_str(), 0700);
  const std::string file = options_.work_directory + "/lock";
  Fd lock(open(file.c_str(), O_CREAT | O_RDWR, 0600));
  ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
  std::thread other([&] {
    usleep(200'000);
    std::filesystem::remove_all(options_.work_directory);
    lock.close();
  });
  bool asked = false;
  options_.alone = [&]() -> Expected<void> {
    asked = true;
    EXPECT_EQ(access(file.c_str(), F_OK), 0) << "the lock keeps nobody away";
    return {};
  };
  EXPECT_EQ(suite().runs.size(), 2U * 2 * 2);
  EXPECT_TRUE(asked);
  other.join();
}

TEST_F(SuiteSession, DoesNothingWhenItsTurnComesTooLate) {
  options_.alone = [] { return Expected<void>(fail(ErrorCode::usage, "done by another")); };
  const auto result = run_suite(options_, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "done by another");
  EXPECT_EQ(saves_, 0);
  EXPECT_NE(access(options_.work_directory.c_str(), F_OK), 0);
}

TEST_F(SuiteSession, LeavesAFolderAloneThatIsNoSuites) {
  mkdir(options_.work_directory.c_str(), 0700);
  const std::string notes = options_.work_directory + "/notes";
  ASSERT_TRUE(write_file(notes, "mine", false));
  const auto result = run_suite(options_, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
  EXPECT_THAT(result.error().what, HasSubstr("is no folder of a suite's"));
  EXPECT_EQ(read_file(notes).value_or(""), "mine");
  EXPECT_NE(access((options_.work_directory + "/lock").c_str(), F_OK), 0);
}

TEST_F(SuiteSession, TakesOverTheFolderOfASuiteThatWasKilled) {
  std::filesystem::create_directories(options_.work_directory + "/0");
  ASSERT_TRUE(write_file(options_.work_directory + "/0/plan", "half", false));
  ASSERT_TRUE(write_file(options_.work_directory + "/lock", "", false));
  EXPECT_EQ(suite().runs.size(), 2U * 2 * 2);
}

TEST_F(SuiteSession, EndsWhenItsResultCannotBeSaved) {
  options_.save = [](const Result&) -> Expected<void> { return fail(ErrorCode::io, "disk full"); };
  const auto result = run_suite(options_, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "disk full");
  EXPECT_NE(access(options_.work_directory.c_str(), F_OK), 0) << "plans were left behind";
}

TEST_F(SuiteSession, DoesNotGoOnWithAnotherTraceUnderTheSameName) {
  stop_after_ = 3;
  suite();
  stop_.store(false);
  stop_after_ = -1;
  const std::size_t made = saved_.runs.size();
  testing::RandomTraceOptions random;
  random.operations = 700;
  const std::string& trace = options_.workloads.front();
  unlink(trace.c_str());
  testing::write_random_trace(trace, random);
  const Result gone_on = suite(saved_);
  EXPECT_THAT(gone_on.suite->progress.front().reason, HasSubstr("is not the trace"));
  const auto of_first = [&](const Result& result) {
    return std::count_if(result.runs.begin(), result.runs.end(),
                         [](const heapwise::Run& run) { return run.workload == "a"; });
  };
  EXPECT_EQ(of_first(gone_on), of_first(saved_)) << made;
}

}  // namespace
}  // namespace heapwise
