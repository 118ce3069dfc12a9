// SPDX-License-Identifier: MIT
// Real programs, watched from outside.
#include "bench/session/real_run.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "results/series.h"

namespace heapwise {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMiB = 1024 * 1024;

RealRunCall shell(const std::string& script) {
  RealRunCall call;
  call.command = {"sh", "-c", script};
  call.timeout_s = 60;
  return call;
}

RealRunEnd finished(const RealRunCall& call) {
  const auto end = run_for_real(call);
  EXPECT_TRUE(end) << end.error().what;
  return end.value_or(RealRunEnd{});
}

std::uint64_t peak(const RealRunEnd& end) {
  std::uint64_t most = 0;
  for (const ProcessMoment& moment : end.anonymous) most = std::max(most, moment.bytes);
  return most;
}

TEST(RealRun, SeesTheMemoryThatAProgramTakes) {
  RealRunCall call;
  call.command = {"perl", "-e", "my $x = 'y' x 40_000_000; select undef, undef, undef, 0.1"};
  const RealRunEnd end = finished(call);
  EXPECT_EQ(end.status, RunStatus::ok) << end.detail;
  EXPECT_GT(peak(end), 38 * kMiB);
  EXPECT_LT(peak(end), 90 * kMiB);
  EXPECT_GE(end.peak_resident_bytes, peak(end));
  EXPECT_GE(end.wall_s, 0.1);
  EXPECT_GT(end.cpu_s, 0);
}

TEST(RealRun, NeverCountsTheMemoryOfWhoStartedIt) {
  std::string ours(64 * kMiB, 'x');
  ASSERT_EQ(ours[kMiB], 'x');
  EXPECT_LT(peak(finished(shell("sleep 0.05"))), 16 * kMiB);
}

TEST(RealRun, ASignalThatKillsTheProgramIsAResult) {
  const RealRunEnd end = finished(shell("kill -SEGV $$"));
  EXPECT_EQ(end.status, RunStatus::crashed);
  EXPECT_EQ(end.detail, "killed by SIGSEGV");
}

TEST(RealRun, AnEndLikeTheRecordedOneIsFineAndAnyOtherIsNot) {
  RealRunCall call = shell("exit 3");
  EXPECT_EQ(finished(call).status, RunStatus::crashed);
  EXPECT_THAT(finished(call).detail, HasSubstr("exit code 3 where the recorded run had"));
  call.expected_wait_status = W_EXITCODE(3, 0);
  EXPECT_EQ(finished(call).status, RunStatus::ok);
  call = shell("kill -KILL $$");
  call.expected_wait_status = W_EXITCODE(0, SIGKILL);
  EXPECT_EQ(finished(call).status, RunStatus::ok);
}

TEST(RealRun, AProgramThatDoesNotEndIsEnded) {
  RealRunCall call = shell("exec sleep 600");
  call.timeout_s = 0.2;
  const RealRunEnd end = finished(call);
  EXPECT_EQ(end.status, RunStatus::timed_out);
  EXPECT_FALSE(end.anonymous.empty());
}

TEST(RealRun, EveryRunReadsTheSameInputFromItsStart) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  RealRunCall call = shell("test \"$(cat)\" = twice");
  call.input = folder->path() + "/input";
  ASSERT_TRUE(write_file(call.input, "twice", false));
  EXPECT_EQ(finished(call).status, RunStatus::ok);
  EXPECT_EQ(finished(call).status, RunStatus::ok);
}

TEST(RealRun, TheTuningReachesTheProgramAndTheUsersOwnDoesNot) {
  const char* const kOwn[] = {"MALLOC_ARENA_MAX", "mimalloc_page_reset",
                              "TBB_MALLOC_USE_HUGE_PAGES"};
  for (const char* one : kOwn) setenv(one, "7", 1);
  RealRunCall call = shell(
      "test -z \"$MALLOC_ARENA_MAX$mimalloc_page_reset$TBB_MALLOC_USE_HUGE_PAGES\" && "
      "test \"$MALLOC_CONF\" = a:b");
  call.settings = {{"MALLOC_CONF", "a:b"}};
  EXPECT_EQ(finished(call).status, RunStatus::ok);
  for (const char* one : kOwn) unsetenv(one);
}

TEST(RealRun, AMissingProgramIsAnErrorAndNoResult) {
  RealRunCall call;
  call.command = {"no-such-program-anywhere"};
  const auto end = run_for_real(call);
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().what, HasSubstr("no-such-program-anywhere"));
}

TEST(RealRun, WhatTheProgramLeavesBehindIsEnded) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  const std::string late = folder->path() + "/late";
  finished(shell("(sleep 0.3; touch " + late + ") & exit 0"));
  usleep(600'000);
  EXPECT_NE(access(late.c_str(), F_OK), 0);
}

TEST(RealRun, AServerIsMeasuredUntilItsLoadEnds) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  RealRunCall call;
  call.timeout_s = 60;
  call.load.wait_file = folder->path() + "/ready";
  call.load.command = "sleep 0.1";
  call.command = {
      "perl", "-e",
      "$SIG{TERM} = sub {"
      "  my $bytes = 40_000_000; my $late = 'y' x $bytes; select undef, undef, undef, 0.3; exit 5"
      "};"
      "open my $f, '>', $ARGV[0]; close $f; sleep 1 while 1",
      call.load.wait_file};
  const RealRunEnd end = finished(call);
  EXPECT_EQ(end.status, RunStatus::ok) << end.detail;
  EXPECT_GT(peak(end), 0U);
  EXPECT_LT(peak(end), 30 * kMiB) << "what it takes only when it is asked to end";
}

TEST(RealRun, AServerThatDiesUnderItsLoadIsAResultWithItsSignal) {
  RealRunCall call = shell("sleep 0.1; kill -ABRT $$");
  call.load.command = "sleep 600";
  const RealRunEnd end = finished(call);
  EXPECT_EQ(end.status, RunStatus::crashed);
  EXPECT_EQ(end.detail, "killed by SIGABRT");
}

TEST(RealRun, ALoadThatFailsIsAResultThatSaysSo) {
  RealRunCall call = shell("exec sleep 600");
  call.load.command = "exit 4";
  const RealRunEnd end = finished(call);
  EXPECT_EQ(end.status, RunStatus::crashed);
  EXPECT_THAT(end.detail, HasSubstr("exit code 4"));
}

}  // namespace
}  // namespace heapwise
