// SPDX-License-Identifier: MIT
// The main job from end to end, on real programs.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Advise : public CliTest {};

/// The number of characters of the widest line, counting a UTF-8 sequence as one.
std::size_t widest(const std::string& text) {
  std::size_t widest = 0, width = 0;
  for (const char c : text) {
    if (c == '\n') {
      width = 0;
    } else if ((c & 0xc0) != 0x80) {
      widest = std::max(widest, ++width);
    }
  }
  return widest;
}

TEST_F(Advise, ARealProgramGetsATableAVerdictAndAReport) {
  const auto finished =
      heapwise({"advise", "--repetitions", "3", "--quiet", "--json", "r.json", "--", "perl", "-e",
                "my %h; $h{$_} = 'v' x ($_ % 200) for 1..30000; delete $h{$_ * 2} for 1..15000;"
                "print scalar(keys %h), \"\\n\""});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, ::testing::StartsWith("15000\n"));
  for (const char* word : {"glibc", "jemalloc", "tcmalloc", "mimalloc", "report.html"}) {
    EXPECT_THAT(finished.out, HasSubstr(word));
  }
  EXPECT_LE(widest(finished.out), 80U);
  EXPECT_NE(content("report.html").find("jemalloc"), std::string::npos);
  const auto result = json("r.json");
  EXPECT_EQ(result["workloads"][0]["name"], "perl");
  EXPECT_EQ(result["workloads"][0]["source"], "recorded");
  EXPECT_GT(result["workloads"][0]["peak_live_bytes"], 30000 * 50);
  EXPECT_FALSE(result["recommendations"].empty());
}

TEST_F(Advise, ASecondReportTakesTheNextFreeName) {
  const std::vector<std::string> command = {
      "advise", "--repetitions", "1",  "--quiet", "--purposes", "footprint",
      "--",     "perl",          "-e", "1"};
  ASSERT_EQ(heapwise(command).exit_code, 0);
  ASSERT_EQ(heapwise(command).exit_code, 0);
  EXPECT_TRUE(exists("report.html"));
  EXPECT_TRUE(exists("report-2.html"));
}

TEST_F(Advise, AKeptTraceGivesAdviceAgainWithoutTheProgram) {
  ASSERT_EQ(heapwise({"advise", "--repetitions", "1", "--quiet", "--trace", "kept.hwt", "--",
                      "perl", "-e", "my @a = (1) x 10000"})
                .exit_code,
            0);
  const auto again = heapwise({"advise", "--repetitions", "1", "--quiet", "kept.hwt"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("report-2.html"));
}

TEST_F(Advise, AProgramWhoseProcessesAreAllSmallIsToldSo) {
  const auto finished =
      heapwise({"advise", "--repetitions", "1", "--", "perl", "-e",
                "for (1..40) { if (!fork) { my @a = map { 'x' x 50 } 1..200; exit } wait }"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("over 41 processes, none of which made 5 % of them"));
  EXPECT_THAT(finished.err, Not(HasSubstr("static")));
}

TEST_F(Advise, AProgramThatIsKilledIsStillJudgedByWhatItDid) {
  const auto finished = heapwise({"advise", "--repetitions", "1", "--", "perl", "-e",
                                  "my @a = map { 'x' x 50 } 1..10000; kill 'KILL', $$"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("signal 9"));
  EXPECT_TRUE(exists("report.html"));
}

TEST_F(Advise, NeitherTraceNorProgramIsAnErrorThatShowsBothWays) {
  const auto finished = heapwise({"advise"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("TRACE.hwt"));
  EXPECT_THAT(finished.err, HasSubstr("-- PROGRAM"));
}

TEST_F(Advise, FlagsThatWouldChangeNothingAreRefused) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const auto touch = heapwise({"advise", "w.hwt", "--touch", "off"});
  EXPECT_EQ(touch.exit_code, 2);
  EXPECT_THAT(touch.err, HasSubstr("--touch is for recordings"));
  const auto separate = heapwise({"advise", "--separate", "--", "touch", "started"});
  EXPECT_EQ(separate.exit_code, 2);
  EXPECT_THAT(separate.err, HasSubstr("--separate is for traces"));
  EXPECT_FALSE(exists("started"));
}

TEST_F(Advise, AProgramThatNobodyCanRecordLeavesNoReport) {
  ASSERT_EQ(run({"sh", "-c",
                 "echo 'int main(){return 0;}' | gcc -x c -static -o " + path("static") + " -"})
                .exit_code,
            0);
  const auto finished = heapwise({"advise", "--", "./static"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("static"));
  EXPECT_FALSE(exists("report.html"));
}

}  // namespace
}  // namespace heapwise::testing
