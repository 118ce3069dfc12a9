// SPDX-License-Identifier: MIT
#include "bench/session/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwise {
namespace {

using ::testing::HasSubstr;

ProcessEnd shell(const std::string& script, double timeout_s = 60) {
  auto end = run_process({{"/bin/sh", "-c", script}, {{"GREETING", "good day"}}, timeout_s});
  EXPECT_TRUE(end);
  return end ? *end : ProcessEnd{};
}

TEST(Process, ThatExitsTellsItsCodeAndWhatItSaidLast) {
  const ProcessEnd end = shell("echo first; echo last >&2; exit 7");
  EXPECT_EQ(end.status, RunStatus::ok);
  EXPECT_EQ(end.exit_code, 7);
  EXPECT_EQ(end.detail, "exit code 7: last");
  EXPECT_EQ(end.output, "first\nlast\n");
}

TEST(Process, FindsOnlyTheEnvironmentItIsGiven) {
  ::setenv("MALLOC_ARENA_MAX", "1", 1);
  const ProcessEnd end = shell("echo \"$GREETING,$MALLOC_ARENA_MAX,$HOME\"");
  ::unsetenv("MALLOC_ARENA_MAX");
  EXPECT_EQ(end.output, "good day,,\n");
}

TEST(Process, TellsTheProcessorTimeThatItUsed) {
  EXPECT_GT(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").cpu_seconds, 0);
}

TEST(Process, KilledByASignalHasCrashedWithItsName) {
  const ProcessEnd end = shell("kill -SEGV $$");
  EXPECT_EQ(end.status, RunStatus::crashed);
  EXPECT_THAT(end.detail, HasSubstr("SIGSEGV"));
}

TEST(Process, KilledWithoutWantOfMemoryIsNotOutOfMemory) {
  const ProcessEnd end = shell("kill -KILL $$");
  EXPECT_EQ(end.status, RunStatus::crashed);
  EXPECT_THAT(end.detail, HasSubstr("SIGKILL"));
}

TEST(Process, ThatTakesTooLongIsKilled) {
  const ProcessEnd end = shell("echo waiting; exec sleep 600", 5);
  EXPECT_EQ(end.status, RunStatus::timed_out);
  EXPECT_THAT(end.detail, HasSubstr("waiting"));
}

TEST(Process, ThatClosesItsOutputIsStillWaitedFor) {
  const ProcessEnd end = shell("exec >&- 2>&-; sleep 0.1; exit 3");
  EXPECT_EQ(end.exit_code, 3);
}

TEST(Process, ThatLeavesAChildBehindEndsAllTheSame) {
  const ProcessEnd end = shell("sleep 5 & exit 4", 4);
  EXPECT_EQ(end.status, RunStatus::ok);
  EXPECT_EQ(end.exit_code, 4);
}

TEST(Process, MayTalkALotAndItsLastWordsAreKept) {
  const ProcessEnd end = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
  EXPECT_LT(end.output.size(), 20'000);
  EXPECT_THAT(end.output, ::testing::EndsWith("line 19999\n"));
}

TEST(Process, ThatIsNotThereIsAnError) {
  const auto end = run_process({{"/nowhere/runner"}, {}, 1});
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().what, HasSubstr("/nowhere/runner"));
}

}  // namespace
}  // namespace heapwise
