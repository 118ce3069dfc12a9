// SPDX-License-Identifier: MIT
// The verb `replay` and the JSON that scripts rely on.
#include <gmock/gmock.h>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;

class ReplayVerb : public CliTest {
 protected:
  void SetUp() override {
    const auto made = heapwise({"workload", "make", "two-wave:wave=8MiB", "-o", "waves.hwt"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }

  nlohmann::json replayed(std::vector<std::string> flags) const {
    std::vector<std::string> arguments = {"replay", "waves.hwt", "--quiet", "--json", "r.json"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json("r.json");
  }

  static double median(const nlohmann::json& result, const std::string& allocator,
                       const std::string& figure) {
    for (const auto& row : result["summary"]) {
      if (row["allocator"] == allocator) return row[figure]["median"];
    }
    ADD_FAILURE() << "no summary of " << allocator;
    return 0;
  }
};

TEST_F(ReplayVerb, TwoWavesStayUnderGlibcAndAreReturnedByJemalloc) {
  const auto result = replayed({"--repetitions", "3", "--purposes", "footprint"});
  const double glibc = median(result, "glibc", "end_rss_bytes");
  const double jemalloc = median(result, "jemalloc", "end_rss_bytes");
  const double live = result["workloads"][0]["end_live_bytes"];
  EXPECT_GT(glibc, 1.7 * live);
  EXPECT_LT(jemalloc, 1.4 * live);
}

TEST_F(ReplayVerb, EachProcessOfAScriptRecordedTwiceIsAWorkloadOfTwoRecordings) {
  for (const char* output : {"one.hwt", "two.hwt"}) {
    ASSERT_EQ(heapwise({"record", "--quiet", "-o", output, "--", "sh", "-c",
                        "perl -e 'my @a = 1..99'; perl -e 'my @a = 1..99'; true"})
                  .exit_code,
              0);
  }
  const auto finished = shell(
      "$HEAPWISE replay one* two* --quiet --allocators glibc "
      "--purposes footprint --repetitions 1 --json -");
  const auto result = nlohmann::json::parse(finished.out, nullptr, false);
  ASSERT_FALSE(result.is_discarded()) << finished.err;
  unsigned perls = 0;
  for (const auto& workload : result["workloads"]) {
    EXPECT_EQ(workload["recordings"].size(), 2U) << workload["name"];
    perls += workload["name"].get<std::string>().starts_with("perl") ? 1 : 0;
  }
  EXPECT_EQ(perls, 2U);
  EXPECT_EQ(result["workloads"].size(), 3U) << "the shell is one, too";
}

TEST_F(ReplayVerb, EndedByASignalLeavesNothingBehind) {
  // Without -m the shell would have it ignore SIGINT.
  const char* const end =
      "set -m; mkdir \"$0\"; for signal in INT TERM HUP; do TMPDIR=$0 \"$@\" & "
      "until [ -n \"$(ls \"$0\")\" ] || ! kill -0 $!; do sleep 0.02; done; "
      "kill -$signal $!; wait $!; echo $? $(ls \"$0\" | wc -l); done";
  const Finished finished =
      run({"bash", "-c", end, path("tmp"), HEAPWISE_BINARY_DIR "/bin/heapwise", "replay",
           path("waves.hwt"), "--quiet", "--repetitions", "50"});
  EXPECT_EQ(finished.out, "130 0\n143 0\n129 0\n") << finished.err;
}

TEST_F(ReplayVerb, TheJsonKeepsItsContract) {
  const auto result = replayed({"--repetitions", "1", "--seed", "42"});
  EXPECT_EQ(result["schema_version"], 1);
  for (const char* field : {"heapwise_version", "created", "environment", "harness", "workloads",
                            "runs", "summary", "recommendations"}) {
    EXPECT_TRUE(result.contains(field)) << field;
  }
  EXPECT_GT(result["harness"]["null_ns_per_operation"], 0);
  EXPECT_EQ(result["workloads"][0]["source"], "synthetic");
  EXPECT_EQ(result["runs"].size(), 4U * 2U);
  for (const auto& run : result["runs"]) {
    EXPECT_EQ(run["status"], "ok") << run.dump();
    EXPECT_EQ(run["workload"], "two-wave");
    if (run["purpose"] == "footprint") {
      EXPECT_GT(run["peak_rss_bytes"], 0);
      EXPECT_GT(run["samples"].size(), 100U);
    } else {
      EXPECT_GT(run["ns_per_operation"], 0);
    }
  }
}

TEST_F(ReplayVerb, OnlyTheAllocatorsAskedForAreRun) {
  const auto result = replayed(
      {"--repetitions", "1", "--allocators", "glibc,jemalloc:decay-0", "--purposes", "footprint"});
  ASSERT_EQ(result["runs"].size(), 2U);
  std::set<std::string> names;
  for (const auto& run : result["runs"]) {
    names.insert(run["allocator"].get<std::string>() + ":" + run["tuning"].get<std::string>());
  }
  EXPECT_EQ(names, (std::set<std::string>{"glibc:default", "jemalloc:decay-0"}));
}

TEST_F(ReplayVerb, JsonOnStandardOutputIsNothingButJson) {
  const auto finished = heapwise({"replay", "waves.hwt", "--json", "-", "--repetitions", "1",
                                  "--allocators", "glibc", "--purposes", "footprint"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_FALSE(nlohmann::json::parse(finished.out, nullptr, false).is_discarded());
}

TEST_F(ReplayVerb, AResultGivesVerdictsAndAReportAgain) {
  replayed({"--repetitions", "3", "--purposes", "footprint"});
  const auto verdict = heapwise({"recommend", "r.json", "--objective", "memory"});
  EXPECT_EQ(verdict.exit_code, 0) << verdict.err;
  EXPECT_THAT(verdict.out, HasSubstr("LD_PRELOAD="));
  EXPECT_EQ(heapwise({"report", "r.json", "-o", "r.html"}).exit_code, 0);
  // Not a matcher: it would print the whole report when it fails.
  EXPECT_NE(content("r.html").find("<title>"), std::string::npos);
}

TEST_F(ReplayVerb, AVerdictThatCannotBeGivenEndsAStrictScript) {
  const std::vector<std::string> recommend = {"recommend", "r.json", "--objective", "memory"};
  const std::vector<std::string> strict = {"recommend", "r.json", "--objective", "memory",
                                           "--strict"};
  replayed({"--repetitions", "1", "--purposes", "footprint"});
  EXPECT_EQ(heapwise(recommend).exit_code, 0);
  const auto refused = heapwise(strict);
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_THAT(refused.out, HasSubstr("inconclusive, so keep glibc"));
  EXPECT_EQ(heapwise({"replay", "waves.hwt", "--quiet", "--json", "r.json", "--force",
                      "--repetitions", "3", "--purposes", "footprint"})
                .exit_code,
            0);
  EXPECT_EQ(heapwise(strict).exit_code, 0);
}

TEST_F(ReplayVerb, AReportComesAsMarkdownToo) {
  replayed({"--repetitions", "1", "--purposes", "footprint"});
  ASSERT_EQ(heapwise({"report", "r.json", "-o", "r.html", "--markdown", "r.md"}).exit_code, 0);
  const std::string markdown = content("r.md");
  for (const char* word : {"two-wave", "| glibc |", "jemalloc"}) {
    EXPECT_THAT(markdown, HasSubstr(word));
  }
  const auto again = heapwise({"report", "r.json", "-o", "s.html", "--markdown", "r.md"});
  EXPECT_EQ(again.exit_code, 2) << "nothing is overwritten unasked";
  EXPECT_EQ(content("r.md"), markdown);
}

TEST_F(ReplayVerb, ALibraryOfOnesOwnIsRecommendedFromASavedResultToo) {
  // jemalloc under another name, beside a glibc that keeps both waves.
  const std::string library = HEAPWISE_JEMALLOC;
  if (library.empty()) GTEST_SKIP() << "libjemalloc is not installed";
  replayed({"--repetitions", "3", "--purposes", "footprint", "--allocators",
            "glibc,mine=" + library + "@MALLOC_CONF=narenas:1"});
  const auto verdict = heapwise({"recommend", "r.json", "--objective", "memory"});
  EXPECT_EQ(verdict.exit_code, 0) << verdict.err;
  EXPECT_THAT(verdict.out, HasSubstr("MALLOC_CONF=narenas:1"));
  EXPECT_THAT(verdict.out, HasSubstr("LD_PRELOAD=/"));
}

TEST_F(ReplayVerb, RunsNoneOfWhichEndedWellAreNoSuccess) {
  ASSERT_EQ(run({"sh", "-c",
                 "echo 'void* malloc(unsigned long n){(void)n;__builtin_trap();}' | "
                 "gcc -w -fno-builtin -shared -fPIC -x c -o " +
                     path("crash.so") + " -"})
                .exit_code,
            0);
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const auto finished = heapwise({"replay", "w.hwt", "--allocators", "crash=./crash.so",
                                  "--repetitions", "1", "--quiet", "--json", "crash.json"});
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("none of 2 runs ended well, so there is nothing to decide"));
  EXPECT_EQ(json("crash.json")["runs"].size(), 2U) << "a crash is a result, too";
}

}  // namespace
}  // namespace heapwise::testing
