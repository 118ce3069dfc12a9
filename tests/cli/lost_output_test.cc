// SPDX-License-Identifier: MIT
// Output that nobody takes: a full disk, a closed file, a reader that has gone.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LostOutput : public CliTest {
 protected:
  /// Makes descriptor 4 of a shell a pipe that nobody reads any more.
  static constexpr const char* kGone = "mkfifo p; exec 3<>p 4>p 3<&-; rm p; ";

  void make_trace() const {
    ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  }
  bool is_whole(const std::string& trace) const {
    return heapwise({"trace", "check", trace}).exit_code == 0;
  }
};

TEST_F(LostOutput, MessagesThatCannotBeWrittenCostNoRecording) {
  const std::vector<std::pair<std::string, std::string>> ways = {
      {"full.hwt", "2>/dev/full"}, {"closed.hwt", "2>&-"}, {"gone.hwt", "2>&4"}};
  for (const auto& [trace, way] : ways) {
    std::string line = kGone;
    line.append("$HEAPWISE record -o ")
        .append(trace)
        .append(" -- sh -c 'sleep 0.1; exit 7' ")
        .append(way);
    const auto finished = shell(line);
    EXPECT_EQ(finished.exit_code, 7) << way;
    EXPECT_TRUE(is_whole(trace)) << way;
  }
  for (const auto& entry : std::filesystem::directory_iterator(path("."))) {
    EXPECT_EQ(entry.path().extension(), ".hwt") << entry.path() << " was left behind";
  }
}

TEST_F(LostOutput, AResultIsSavedThoughNobodyReadsWhatIsPrinted) {
  make_trace();
  const std::string replay =
      "$HEAPWISE replay w.hwt --allocators glibc --repetitions 1 --json r.json --force ";
  EXPECT_EQ(shell(replay + ">/dev/full 2>/dev/full").exit_code, 2);
  EXPECT_EQ(json("r.json")["runs"].size(), 2U);
  std::filesystem::remove(path("r.json"));
  shell(kGone + replay + ">&4");
  EXPECT_EQ(json("r.json")["runs"].size(), 2U);
}

TEST_F(LostOutput, WhatCannotBePrintedIsAnErrorThatSaysSo) {
  make_trace();
  for (const char* words : {"trace info w.hwt", "workload list", "allocators", "--help",
                            "bench --list", "doctor", "recommend --help"}) {
    for (const char* way : {" >/dev/full", " >&-"}) {
      const auto finished = shell(std::string("$HEAPWISE ") + words + way);
      EXPECT_EQ(finished.exit_code, 2) << words << way;
      EXPECT_THAT(finished.err, HasSubstr("cannot write to standard output")) << words << way;
    }
  }
}

TEST_F(LostOutput, AReaderThatHasSeenEnoughEndsACommandQuietly) {
  const auto finished = shell(std::string(kGone) + "$HEAPWISE workload list >&4");
  EXPECT_THAT(finished.exit_code, ::testing::AnyOf(0, 128 + SIGPIPE));
  EXPECT_THAT(finished.err, IsEmpty());
}

TEST_F(LostOutput, ProgramsFindBrokenPipesAndTheirFilesAsTheyWouldWithoutUs) {
  const std::string look = "grep SigIgn /proc/self/status; [ -e /proc/self/fd/0 ] || echo no input";
  const auto bare = shell("sh -c '" + look + "' <&-");
  const auto recorded = shell("$HEAPWISE record --quiet -o t.hwt -- sh -c '" + look + "' <&-");
  EXPECT_EQ(recorded.out, bare.out) << recorded.err;
  EXPECT_THAT(recorded.out, HasSubstr("no input"));
}

TEST_F(LostOutput, ATraceBeyondTheLargestFileAllowedIsAnErrorAndLeavesNothing) {
  const auto finished =
      shell("ulimit -f 100; $HEAPWISE workload make two-wave:wave=64MiB -o big.hwt; exit $?");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("File too large"));
  EXPECT_TRUE(std::filesystem::is_empty(path(".")));
}

TEST_F(LostOutput, SignalsThatEndARunTakeItsTemporaryFoldersAlong) {
  make_trace();
  std::filesystem::create_directory(path("tmp"));
  for (const char* signal : {"PIPE", "XCPU", "ABRT", "TERM"}) {
    shell(std::string("ulimit -c 0; export TMPDIR=$PWD/tmp; $HEAPWISE replay w.hwt --quiet "
                      "--allocators glibc --repetitions 1000 & "
                      "while [ -z \"$(ls tmp)\" ]; do sleep 0.02; done; kill -") +
          signal + " $!; [ " + signal + " != PIPE ] || kill $!; wait $!");
    EXPECT_TRUE(std::filesystem::is_empty(path("tmp"))) << signal;
  }
}

}  // namespace
}  // namespace heapwise::testing
