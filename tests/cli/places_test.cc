// SPDX-License-Identifier: MIT
// Where outputs go: refused before the work where they cannot go, and not lost where something has
// come in between.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Places : public CliTest {
 protected:
  void make_trace(const std::string& name = "w.hwt") const {
    ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", name}).exit_code, 0);
  }
  void make_result() const {
    make_trace();
    ASSERT_EQ(heapwise({"replay", "w.hwt", "--allocators", "glibc", "--repetitions", "1", "--quiet",
                        "--json", "r.json"})
                  .exit_code,
              0);
  }
};

TEST_F(Places, AFolderThatIsMissingIsNamedBeforeAnythingRuns) {
  make_trace();
  const std::vector<std::vector<std::string>> commands = {
      {"record", "-o", "nodir/x", "--", "touch", "started"},
      {"advise", "-o", "nodir/x", "--", "touch", "started"},
      {"advise", "--json", "nodir/x", "--", "touch", "started"},
      {"advise", "--trace", "nodir/x", "--", "touch", "started"},
      {"verify", "--json", "nodir/x", "--", "touch", "started"},
      {"verify", "-o", "nodir/x", "--", "touch", "started"},
      {"replay", "w.hwt", "--json", "nodir/x"},
      {"suite", "--workloads", "churn", "-o", "nodir/x"},
      {"suite", "--workloads", "churn", "--json", "nodir/x"}};
  for (const auto& arguments : commands) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, AllOf(HasSubstr("nodir/x"), HasSubstr("make the folder nodir")));
    EXPECT_THAT(finished.out, IsEmpty());
    EXPECT_FALSE(exists("started")) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Places, AFolderOrADeviceIsNoNameForATrace) {
  std::filesystem::create_directory(path("folder"));
  for (const char* output : {"folder", "/dev/null"}) {
    const auto finished = heapwise({"record", "--force", "-o", output, "--", "touch", "started"});
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_THAT(finished.err, HasSubstr("hint: give the name of a"));
    EXPECT_FALSE(exists("started"));
  }
}

TEST_F(Places, TwoOutputsOfOneCommandAreTwoFiles) {
  std::filesystem::create_directory(path("sub"));
  for (const char* other : {"x.html", "./x.html", "sub/../x.html"}) {
    const auto finished =
        heapwise({"advise", "-o", "x.html", "--json", other, "--", "touch", "started"});
    EXPECT_EQ(finished.exit_code, 2) << other;
    EXPECT_THAT(finished.err, HasSubstr("two outputs"));
    EXPECT_FALSE(exists("started"));
  }
}

TEST_F(Places, WhatAppearsMeanwhileIsKeptAndTheTraceGetsAnotherName) {
  const auto finished =
      heapwise({"record", "-o", "r.hwt", "--", "sh", "-c", "echo precious > r.hwt; exit 7"});
  EXPECT_EQ(finished.exit_code, 7);
  EXPECT_EQ(content("r.hwt"), "precious\n");
  EXPECT_THAT(finished.err, AllOf(HasSubstr("r.hwt is there by now"), HasSubstr("see r-2.hwt"),
                                  HasSubstr("next: heapwise advise r-2.hwt")));
  EXPECT_EQ(heapwise({"trace", "check", "r-2.hwt"}).exit_code, 0);
}

TEST_F(Places, AReportWhoseNameIsTakenMeanwhileIsKeptUnderTheNext) {
  const auto finished = heapwise({"advise", "-o", "r.html", "--json", "r.json", "--quiet",
                                  "--repetitions", "1", "--allocators", "glibc", "--", "sh", "-c",
                                  "echo mine > r.html; echo mine > r.json"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(content("r.html"), "mine\n");
  EXPECT_EQ(content("r.json"), "mine\n");
  EXPECT_THAT(finished.out, HasSubstr("open r-2.html"));
  EXPECT_THAT(content("r-2.html"), HasSubstr("</html>"));
  EXPECT_EQ(json("r-2.json")["runs"].size(), 2U);
}

TEST_F(Places, AResultWhoseFolderHasGoneIsKeptAmongTheTemporaryFiles) {
  std::filesystem::create_directory(path("sub"));
  std::filesystem::create_directory(path("tmp"));
  RunOptions options;
  options.environment = {{"TMPDIR", path("tmp")}};
  const auto finished = heapwise({"advise", "--json", "sub/r.json", "--quiet", "--repetitions", "1",
                                  "--allocators", "glibc", "--", "rmdir", "sub"},
                                 options);
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr(path("tmp/heapwise-kept-r.json")));
  EXPECT_EQ(json("tmp/heapwise-kept-r.json")["runs"].size(), 2U);
}

TEST_F(Places, NoCommandOverwritesWhatItReads) {
  make_result();
  std::filesystem::create_symlink("r.json", path("link.json"));
  const std::string trace = content("w.hwt"), result = content("r.json");
  const std::vector<std::vector<std::string>> commands = {
      {"workload", "fit", "w.hwt", "-o", "w.hwt"},
      {"replay", "w.hwt", "--json", "w.hwt"},
      {"advise", "w.hwt", "-o", "w.hwt"},
      {"trace", "info", "w.hwt", "--json", "./w.hwt"},
      {"report", "r.json", "-o", "link.json"},
      {"trend", ".", "-o", "r.json"},
      {"recommend", "r.json", "--json", "r.json"},
      {"compare", "r.json", "r.json", "--markdown", "link.json"},
      {"merge", "r.json", "-o", "r.json"},
      {"suite", "--workloads", "churn,w.hwt", "-o", "w.hwt"}};
  for (auto arguments : commands) {
    arguments.emplace_back("--force");
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("cannot be written, too"))
        << ::testing::PrintToString(arguments);
    EXPECT_EQ(content("w.hwt"), trace);
    EXPECT_EQ(content("r.json"), result);
  }
}

TEST_F(Places, TheNextStepIsWrittenAsAShellTakesIt) {
  std::filesystem::create_directory(path("my dïr"));
  const auto recorded = heapwise({"record", "-o", "my dïr/trä ce.hwt", "--", "true"});
  EXPECT_THAT(recorded.err, HasSubstr("next: heapwise advise 'my dïr/trä ce.hwt'"));
  const auto advised = heapwise({"advise", "my dïr/trä ce.hwt", "-o", "r é.html", "--quiet",
                                 "--repetitions", "1", "--allocators", "glibc"});
  EXPECT_THAT(advised.out, HasSubstr("Next: open 'r é.html'"));
}

}  // namespace
}  // namespace heapwise::testing
