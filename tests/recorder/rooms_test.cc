// SPDX-License-Identifier: MIT
// Where there is too little room: on the disk, in memory, or by a limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

using testing::HasSubstr;

/// A folder, and commands that a shell runs there with the driver as $DRIVER (and its library), the
/// target as $TARGET.
class LackOfRoom : public testing::Test {
 protected:
  LackOfRoom() : folder_(std::move(*TemporaryDirectory::make())) {}

  static std::string variables() {
    return "DRIVER='" HEAPWISE_RECORD_DRIVER " " HEAPWISE_RECORD_LIBRARY "'; TARGET='" + target() +
           "'; ";
  }

  int shell(const std::string& script) const {
    const std::string text = variables() + "cd " + folder_.path() + " && { " + script + "; }";
    return std::system(text.c_str());
  }

  /// The same with file systems of its own, where that is allowed.
  int shell_that_mounts(const std::string& script) const {
    const std::string text = variables() + "export DRIVER TARGET; cd " + folder_.path() +
                             " && unshare -m sh -c '" + script + "'";
    return std::system(text.c_str());
  }
  static bool can_mount() {
    return std::system("unshare -m mount -t tmpfs none /dev/shm 2>/dev/null") == 0;
  }

  std::string notes() const {
    return read_file(folder_.path() + "/x.hwt.txt").value_or("no notes");
  }
  Seen trace() const { return read_trace(folder_.path() + "/x.hwt"); }

  /// A trace that begins like the program, and owns up to its end.
  void expect_a_beginning() const {
    EXPECT_THAT(notes(), HasSubstr("warning disk-full"));
    EXPECT_THAT(notes(), testing::Not(HasSubstr("warning events-dropped")));
    const Seen seen = trace();
    EXPECT_EQ(seen.allocated(120001), 1U) << "before main";
    EXPECT_GT(seen.totals.allocations, 10'000U);
    EXPECT_GT(seen.totals.dropped_events, 100'000U);
    EXPECT_NEAR(static_cast<double>(seen.totals.operations + seen.totals.dropped_events), 6e6, 2e3)
        << "nothing is lost without being counted";
    EXPECT_FALSE(has(seen.capabilities, Capability::complete));
  }

  TemporaryDirectory folder_;
};

TEST_F(LackOfRoom, ATraceThatMayNotGrowKeepsItsBeginningAndSaysSo) {
  EXPECT_EQ(shell("ulimit -f 5000; $DRIVER x.hwt $TARGET many 3000000"), 0);
  expect_a_beginning();
}

TEST_F(LackOfRoom, ADiskThatFillsKeepsTheBeginningAndNobodyIsKilled) {
  if (!can_mount()) GTEST_SKIP() << "no file system may be mounted";
  for (const std::string megabytes : {"2", "8"}) {
    EXPECT_EQ(shell_that_mounts("mkdir -p small && mount -t tmpfs -o size=" + megabytes +
                                "m none small && $DRIVER small/x.hwt $TARGET many 3000000 && "
                                "cp small/x.hwt small/x.hwt.txt . && ls small >left"),
              0)
        << megabytes;
    expect_a_beginning();
    EXPECT_EQ(read_file(folder_.path() + "/left").value_or(""), "x.hwt\nx.hwt.txt\n");
  }
}

TEST_F(LackOfRoom, WithNoRoomInDevShmSpoolsLieElsewhere) {
  if (!can_mount()) GTEST_SKIP() << "no file system may be mounted";
  EXPECT_EQ(shell_that_mounts("mount -t tmpfs -o size=64k none /dev/shm && "
                              "$DRIVER x.hwt $TARGET many 1000"),
            0);
  EXPECT_EQ(trace().totals.dropped_events, 0U) << notes();
  EXPECT_GT(trace().totals.operations, 1000U);
}

TEST_F(LackOfRoom, WithNoRoomAnywhereTheProgramIsNotEvenStarted) {
  if (!can_mount()) GTEST_SKIP() << "no file system may be mounted";
  EXPECT_NE(shell_that_mounts("mount -t tmpfs -o size=64k none /dev/shm && export TMPDIR=/dev/shm "
                              "&& $DRIVER x.hwt touch ran"),
            0);
  EXPECT_THAT(notes(), HasSubstr("no room to record in"));
  EXPECT_FALSE(read_file(folder_.path() + "/ran"));
}

TEST_F(LackOfRoom, AProgramThatMayWriteNoFilesIsNamedAsThat) {
  EXPECT_EQ(shell("ulimit -f 10; $DRIVER x.hwt $TARGET many 1000"), 0);
  EXPECT_THAT(notes(), HasSubstr("1 process may not write a file of this size (ulimit -f)\nremedy "
                                 "record with a larger limit: ulimit -f unlimited"));
}

}  // namespace
}  // namespace heapwise::recorder_test
