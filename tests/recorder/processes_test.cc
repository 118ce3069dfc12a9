// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

TEST(RecordedProcesses, ChildrenAreFoundHoweverTheyAreStarted) {
  const auto recorded = record_scenario({"children"});
  for (std::uint64_t size = 150001; size <= 150015; size += 2) {
    EXPECT_EQ(recorded.allocated(size), 1U) << size << "\n" << recorded.notes;
  }
  EXPECT_EQ(recorded.main().freed(150017), 1U) << "the parent goes on";
  EXPECT_EQ(recorded.main().count(OpKind::exit_begin), 1U);
  EXPECT_EQ(recorded.main().allocated(150013), 0U) << "each in a trace of its own";
}

TEST(RecordedProcesses, EachThatEndsTellsWhatCpuTimeItUsed) {
  const auto recorded = record_scenario({"children"});
  ASSERT_GT(recorded.traces.size(), 4U) << recorded.notes;
  for (const Seen& one : recorded.traces) {
    if (one.count(OpKind::exit_begin) == 0) continue;
    const auto cpu = one.totals.fact("cpu_seconds");
    ASSERT_TRUE(cpu) << one.path;
    EXPECT_GT(std::stod(*cpu), 0);
  }
}

TEST(RecordedProcesses, TheFirstTellsHowManyWereStarted) {
  const auto starts = [](const char* scenario) {
    return record_scenario({scenario}).main().totals.fact("process_starts");
  };
  EXPECT_EQ(starts("forks"), "1") << "what only forks links nothing anew";
  const auto of_shells = starts("shells");
  ASSERT_TRUE(of_shells);
  EXPECT_GE(std::stoi(*of_shells), 3) << "itself and two shells";
}

TEST(RecordedProcesses, ShellsOfSystemAndPopenBehaveAndAreRecorded) {
  const auto recorded = record_scenario({"shells"});
  EXPECT_EQ(recorded.allocated(151001), 1U) << recorded.notes;
  EXPECT_EQ(recorded.allocated(151003), 1U) << recorded.notes;
}

TEST(RecordedProcesses, AForkedChildStandsAloneAndKnowsWhatItInherited) {
  const auto recorded = record_scenario({"forks"});
  ASSERT_EQ(recorded.traces.size(), 2U) << recorded.notes;
  const Seen& parent = recorded.traces[0];
  const Seen& child = recorded.traces[1];
  EXPECT_EQ(parent.allocated(152001), 4U);
  EXPECT_EQ(parent.freed(152001), 1U);
  EXPECT_EQ(parent.allocated(152005), 0U);
  EXPECT_EQ(child.allocated(152001), 4U) << "inherited";
  EXPECT_EQ(child.freed(152001), 2U);
  EXPECT_EQ(child.allocated(152003), 0U) << "freed before the fork";
  EXPECT_EQ(child.allocated(152005), 1U);
  EXPECT_EQ(child.allocated(152007), 0U);
  EXPECT_GE(child.end_fact("recorder.inherited_objects"), 4U);
  EXPECT_EQ(child.end_fact("recorder.unknown_frees"), 0U);
  EXPECT_EQ(child.info.fact("parent_pid"), parent.info.fact("pid"));
}

TEST(RecordedProcesses, AGrandchildInheritsWhatThereWasWhenItsParentWasForked) {
  const auto recorded = record_scenario({"forks-twice"});
  ASSERT_EQ(recorded.traces.size(), 2U) << recorded.notes;
  const Seen& last = recorded.traces[1];
  EXPECT_EQ(last.freed(152011), 100U);
  EXPECT_EQ(last.end_fact("recorder.unknown_frees"), 0U);
}

TEST(RecordedProcesses, ChildrenOfThreadsThatForkAtOnceKnowWhatTheyInherited) {
  const auto recorded = record_scenario({"threads-fork"});
  ASSERT_EQ(recorded.traces.size(), 41U) << recorded.notes;
  for (const Seen& one : recorded.traces) {
    EXPECT_EQ(one.end_fact("recorder.unknown_frees"), 0U) << one.path;
  }
}

TEST(RecordedProcesses, AChildInheritsWhatTheProgramsOwnPreparationsLeft) {
  for (const char* scenario : {"prepared-fork", "raw-fork"}) {
    const auto recorded = record_scenario({scenario});
    ASSERT_EQ(recorded.traces.size(), 2U) << recorded.notes;
    EXPECT_EQ(recorded.traces[1].end_fact("recorder.unknown_frees"), 0U) << scenario;
    EXPECT_GE(recorded.traces[1].end_fact("recorder.inherited_objects"), 1U) << scenario;
  }
}

TEST(RecordedProcesses, OneWhoseParentIsGoneSeesInitAsItsParent) {
  EXPECT_EQ(record_scenario({"orphan"}).run.out.size(), 2U);
}

TEST(RecordedProcesses, AShellIsStartedFromTheSmallestStackToo) {
  EXPECT_EQ(record_scenario({"shell-on-a-small-stack"}).run.status, 0);
}

TEST(RecordedProcesses, OperatorsThatAProgramReplacesAreThoseThatTheOthersCall) {
  const auto recorded = record_command({HEAPWISE_OPERATORS_TARGET});
  EXPECT_EQ(recorded.run.out, "3 3\n");
}

TEST(RecordedProcesses, APlugInOfACProgramCatchesWhatItsOwnLibraryThrows) {
  const auto recorded = record_command({HEAPWISE_PLAIN_TARGET, HEAPWISE_THROWING_PLUGIN});
  EXPECT_EQ(WEXITSTATUS(recorded.run.status), 7);
}

TEST(RecordedProcesses, BehindAMallocOfTheUsersOwnNothingIsPlaced) {
  setenv("LD_PRELOAD", HEAPWISE_MALLOC_WRAPPER, 1);
  const auto recorded = record_scenario({"grown"});
  unsetenv("LD_PRELOAD");
  EXPECT_EQ(recorded.run.status, 0);
  EXPECT_FALSE(has(recorded.main().capabilities, Capability::touch));
}

TEST(RecordedProcesses, WhatOneInManyGroupsHasResidentIsSeen) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may be in any group";
  EXPECT_FALSE(record_scenario({"in-many-groups"}).main().residency.empty());
}

TEST(RecordedProcesses, TheFirstKnowsWhatItsChildrenTookOfTheTime) {
  const auto share = [](const char* scenario) {
    const Seen main = record_scenario({scenario}).main();
    const auto all = main.totals.fact("cpu_seconds");
    const auto children = main.totals.fact("children_cpu_seconds");
    return std::stod(children.value_or("0")) / std::stod(all.value_or("1"));
  };
  EXPECT_EQ(share("first"), 0);
  EXPECT_GT(share("working-child"), 0.5);
}

TEST(RecordedProcesses, TheProgramDoesNotSeeTheRecorder) {
  EXPECT_EQ(record_scenario({"surroundings"}).bare.status, 0);
}

TEST(RecordedProcesses, APreloadOfTheUsersOwnStaysAndWorks) {
  setenv("LD_PRELOAD", HEAPWISE_PLUGIN, 1);
  const auto recorded = record_scenario({"surroundings"});
  unsetenv("LD_PRELOAD");
  EXPECT_THAT(recorded.run.out, testing::HasSubstr("LD_PRELOAD=" HEAPWISE_PLUGIN "\n"));
  EXPECT_EQ(recorded.main().info.fact("env.LD_PRELOAD"), HEAPWISE_PLUGIN);
}

TEST(RecordedProcesses, AKilledProcessLosesNothingThatItHadDone) {
  for (const int signal : {SIGKILL, SIGTERM, SIGABRT}) {
    const auto recorded = record_scenario({"killed", std::to_string(signal)});
    EXPECT_TRUE(WIFSIGNALED(recorded.run.status));
    EXPECT_EQ(recorded.main().allocated(153001), 1000U);
    EXPECT_EQ(recorded.main().totals.fact("exit_signal"), std::to_string(signal));
    ASSERT_FALSE(recorded.main().ops.empty());
    const bool ends_where_seen_last = recorded.main().count(OpKind::exit_begin) == 1U;
    EXPECT_EQ(recorded.main().ops.back().kind == OpKind::exit_begin, ends_where_seen_last)
        << "whether the sampler saw it after its last call is chance";
  }
}

TEST(RecordedProcesses, ACrashIsTheProgramsOwn) {
  const auto recorded = record_scenario({"crash"});
  EXPECT_EQ(WTERMSIG(recorded.run.status), SIGSEGV);
  EXPECT_EQ(recorded.main().allocated(153003), 1U);
}

TEST(RecordedProcesses, ADaemonIsWaitedFor) {
  const auto recorded = record_scenario({"daemon"});
  EXPECT_EQ(recorded.allocated(154001), 1U) << recorded.notes;
  EXPECT_FALSE(recorded.warned("unfinished-process"));
}

TEST(RecordedProcesses, ClosedDescriptorsDoNotMatter) {
  const auto recorded = record_scenario({"closed-descriptors"});
  EXPECT_EQ(recorded.main().freed(160001), 50000U);
  EXPECT_EQ(recorded.main().freed(160003), 50000U);
}

TEST(RecordedProcesses, AStrictSandboxIsNeitherBrokenNorMissed) {
  const auto recorded = record_scenario({"strict"});
  EXPECT_EQ(WEXITSTATUS(recorded.run.status), 7);
  EXPECT_EQ(recorded.main().freed(16001), 1000U);
  EXPECT_FALSE(has(recorded.main().capabilities, Capability::time)) << "the clock was forbidden";
}

TEST(RecordedProcesses, BehindBarsFreshBlocksAreZeroWhateverLayThereBefore) {
  EXPECT_EQ(WEXITSTATUS(record_scenario({"zeroed-behind-bars"}).run.status), 7);
}

TEST(RecordedProcesses, BehindBarsABlockThatShrinksTakesNoMoreWithItThanFits) {
  const auto recorded = record_scenario({"shrunk-behind-a-filter"});
  EXPECT_EQ(recorded.main().freed(450001), 1U);
  EXPECT_EQ(recorded.main().freed(3000001), 1U);
}

TEST(RecordedProcesses, ABlockThatMovesIsWholeWhereTheKernelTellsNothingOfItsPages) {
  EXPECT_EQ(record_scenario({"moved-behind-a-filter"}).run.status, 0);
}

TEST(RecordedProcesses, BehindAFilterChildrenAreLeftAloneAndCounted) {
  const auto recorded = record_scenario({"filtered"});
  EXPECT_EQ(WEXITSTATUS(recorded.run.status), 4) << "the child was not killed";
  EXPECT_EQ(recorded.main().freed(16003), 1000U);
  EXPECT_EQ(recorded.allocated(16005), 0U);
  EXPECT_TRUE(recorded.warned("unrecorded-processes")) << recorded.notes;
}

TEST(RecordedProcesses, AClockThatIsForbiddenIsNotReadAndWhatItShowedIsNoTime) {
  const auto recorded = record_scenario({"forbidden-clock"});
  EXPECT_EQ(recorded.bare.status, 0);
  EXPECT_EQ(recorded.main().freed(17001), 3U);
  EXPECT_FALSE(has(recorded.main().capabilities, Capability::time));
}

TEST(RecordedProcesses, AClockThatIsAllowedAgainIsRead) {
  const auto recorded = record_scenario({"allowed-clock"});
  EXPECT_EQ(recorded.bare.status, 0);
  const Seen& trace = recorded.main();
  ASSERT_FALSE(trace.ops.empty());
  EXPECT_GE(trace.ops.back().time_ns, 40'000'000U) << "of the 50 ms that the program slept";
  EXPECT_FALSE(has(trace.capabilities, Capability::time)) << "nobody knows when it was forbidden";
}

TEST(RecordedProcesses, ASandboxThatIsRefusedIsNone) {
  const auto recorded = record_scenario({"refused-sandboxes"});
  EXPECT_EQ(recorded.bare.status, 0);
  EXPECT_EQ(recorded.allocated(17005), 1U) << recorded.notes;
  EXPECT_TRUE(has(recorded.main().capabilities, Capability::time));
}

TEST(RecordedProcesses, ChangingTheRootDirectoryHurtsNobody) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may chroot";
  const auto recorded = record_scenario({"rooted"});
  EXPECT_EQ(WEXITSTATUS(recorded.run.status), 6);
  EXPECT_EQ(recorded.main().freed(161001), 1U);
}

TEST(RecordedProcesses, ChildrenThatDroppedTheirPrivilegesAreRecorded) {
  if (geteuid() != 0) GTEST_SKIP() << "only root has privileges to drop";
  const auto recorded = record_scenario({"dropped-privileges"});
  EXPECT_EQ(recorded.main().freed(162001), 1U);
  EXPECT_EQ(recorded.allocated(162003), 1U) << recorded.notes;
}

TEST(RecordedProcesses, ALimitOfAddressSpaceIsKept) {
  const auto recorded =
      record_command({"sh", "-c", "ulimit -v 200000; exec " + target() + " limits"});
  EXPECT_EQ(recorded.allocated(155001), 1U) << recorded.notes;
  EXPECT_EQ(recorded.allocated(155003), 1U) << recorded.notes;
}

TEST(RecordedProcesses, ALimitOfFileSizesLeavesTheProgramAlone) {
  const auto recorded = record_command({"sh", "-c", "ulimit -f 1; exec " + target() + " limits"});
  EXPECT_TRUE(recorded.warned("unrecorded-processes")) << recorded.notes;
}

TEST(RecordedProcesses, PlugInsThatReachLibcPastTheRecorderAreSafeAndReported) {
  const auto recorded = record_scenario({"deepbind"});
  EXPECT_THAT(recorded.run.out, testing::HasSubstr("swapped"));
  EXPECT_TRUE(recorded.warned("deepbind"));
  EXPECT_EQ(recorded.main().end_fact("recorder.deepbind_loads"), 1U);
  EXPECT_FALSE(has(recorded.main().capabilities, Capability::complete));
}

TEST(RecordedProcesses, AProgramLinkedToAnAllocatorIsRecordedOverGlibc) {
#ifdef HEAPWISE_JEMALLOC_TARGET
  const auto recorded = record_command({HEAPWISE_JEMALLOC_TARGET, "operators"});
  EXPECT_TRUE(recorded.warned("linked-allocator"));
  EXPECT_EQ(recorded.main().info.fact("recorder.recorded_over"), "glibc");
  EXPECT_EQ(recorded.main().freed(110001), 1U);
  EXPECT_EQ(recorded.main().freed(110208), 1U) << "its operators new are not the linked ones";
  EXPECT_EQ(recorded.main().end_fact("recorder.unknown_frees"), 0U);
#else
  GTEST_SKIP() << "jemalloc is not installed";
#endif
}

TEST(RecordedProcesses, AStaticProgramRunsAndIsNamedAsTheReasonThatNothingIsSeen) {
  const auto recorded = record_command({HEAPWISE_STATIC_TARGET}, Check::behavior);
  EXPECT_EQ(WEXITSTATUS(recorded.run.status), 3);
  EXPECT_TRUE(recorded.traces.empty());
  EXPECT_TRUE(recorded.warned("static-executable"));
  EXPECT_TRUE(recorded.warned("nothing-recorded"));
}

bool is_there_in_time(const std::string& path) {
  for (int i = 0; i < 6000 && ::access(path.c_str(), F_OK) != 0; ++i) usleep(10'000);
  return ::access(path.c_str(), F_OK) == 0;
}

TEST(RecordedProcesses, AProgramOutlivesItsSupervisorAndTheNextOneCleansUp) {
  auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  const std::string output = folder->path() + "/x.hwt";
  const std::string started = folder->path() + "/started";
  const std::string ended = folder->path() + "/ended";
  const std::string driver = HEAPWISE_RECORD_DRIVER;
  const pid_t pid = fork();
  if (pid == 0) {
    execl(driver.c_str(), driver.c_str(), HEAPWISE_RECORD_LIBRARY, output.c_str(),
          HEAPWISE_RECORD_TARGET, "outlive", started.c_str(), ended.c_str(), nullptr);
    _exit(127);
  }
  const auto folders = [&] {
    const auto all = std::filesystem::directory_iterator(folder->path());
    return std::count_if(begin(all), end(all),
                         [](const auto& file) { return file.is_directory(); });
  };
  EXPECT_TRUE(is_there_in_time(started));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(folders(), 1) << "raw spools that nobody removed";
  EXPECT_TRUE(is_there_in_time(ended)) << "the program came to its end";
  const std::string next = driver + " " + HEAPWISE_RECORD_LIBRARY + " " + output + " true";
  EXPECT_EQ(std::system(next.c_str()), 0);
  EXPECT_EQ(folders(), 0);
}

TEST(RecordedProcesses, WhatAProgramBecomesByExecIsNotItsMemory) {
  const auto recorded = record_scenario({"becomes-another", HEAPWISE_STATIC_TARGET});
  EXPECT_EQ(WEXITSTATUS(recorded.bare.status), 3);
  EXPECT_EQ(recorded.main().freed(163001), 1000U);
  EXPECT_LT(recorded.main().end_fact("max_rss_bytes"), 100'000'000U);
  for (const auto& sample : recorded.main().residency)
    EXPECT_LT(sample.rss_total_bytes, 100'000'000U);
}

TEST(RecordedProcesses, AChildThatWorksBeforeItExecutesIsRecorded) {
  const auto recorded = record_scenario({"work-then-exec"});
  EXPECT_EQ(recorded.allocated(164001), 2000U) << recorded.notes;
  EXPECT_EQ(recorded.allocated(164003), 1U) << recorded.notes;
}

TEST(RecordedProcesses, WhatAChildThatOnlyExecutesHandsDownIsKnown) {
  const auto recorded = record_scenario({"exec-behind-a-child"});
  ASSERT_EQ(recorded.traces.size(), 3U) << recorded.notes;
  const auto grandchild = std::find_if(recorded.traces.begin(), recorded.traces.end(),
                                       [](const Seen& trace) { return trace.freed(165003) == 1; });
  ASSERT_NE(grandchild, recorded.traces.end());
  EXPECT_EQ(grandchild->freed(165001), 1U);
  EXPECT_EQ(grandchild->end_fact("recorder.unknown_frees"), 0U);
}

TEST(RecordedProcesses, CommandsThatAreAlmostTooLongForTheShellGetThere) {
  EXPECT_EQ(record_scenario({"long-commands"}).bare.status, 0);
}

TEST(RecordedProcesses, TheProgramsLastErrorOfTheLinkerIsItsOwn) {
  const auto recorded = record_scenario({"late-error"});
  EXPECT_THAT(recorded.run.out, testing::HasSubstr("no-such-library.so"));
}

TEST(RecordedProcesses, AMissingProgramIsAnErrorOfItsOwn) {
  auto folder = TemporaryDirectory::make();
  const std::string command = std::string(HEAPWISE_RECORD_DRIVER) + " " + HEAPWISE_RECORD_LIBRARY +
                              " " + folder->path() + "/x.hwt no-such-program-anywhere";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 99);
  EXPECT_EQ(read_file(folder->path() + "/x.hwt.txt").value_or(""),
            "error there is no program no-such-program-anywhere in PATH\n");
}

}  // namespace
}  // namespace heapwise::recorder_test
