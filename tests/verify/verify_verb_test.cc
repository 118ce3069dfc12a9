// SPDX-License-Identifier: MIT
// The verb `verify` on real programs.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Programs wait a moment in the end: one that ends too soon to be looked at has no figures.
constexpr const char* kProgram =
    "my %h; $h{$_} = 'v' x ($_ % 300) for 1..60000; delete $h{$_ * 2} for 1..30000;"
    "my @a = map { 'w' x 100 } 1..40000; print scalar(keys %h), \"\\n\";"
    "select undef, undef, undef, 0.1";

constexpr const char* kHoldsALot =
    "my @a = map { 'x' x 99 } 1..99999; select undef, undef, undef, 0.1";

constexpr const char* kStartsTwo =
    "perl -e 'my @a = 1..99'; perl -e 'my @a = map { \"x\" x 99 } "
    "1..99999; select undef, undef, undef, 0.1'; true";

constexpr const char* kTakesTwoLines =
    "my @l = <STDIN>; my @a = map { 'x' x 1000 } 1..9000;"
    "select undef, undef, undef, 0.1; exit(@l == 2 ? 0 : 9)";

/// Holds one, two and three times as much when it runs for the first, third and fifth time.
constexpr const char* kDiffersByRun =
    "open my $f, '>>', 'runs'; print $f 'x'; close $f; my $n = -s 'runs';"
    "$n = {1 => 1, 3 => 2, 5 => 3}->{$n} // 2;"
    "my @a = map { 'x' x 99 } 1..30_000 * $n; select undef, undef, undef, 0.1";

constexpr const char* kWithKiller = "glibc,killer=" VERIFY_KILLER;

class Verify : public CliTest {
 protected:
  static nlohmann::json row_of(const nlohmann::json& result, const std::string& allocator) {
    for (const auto& row : result["verification"]) {
      if (row["allocator"] == allocator) return row;
    }
    ADD_FAILURE() << "no verification of " << allocator;
    return {};
  }
  /// A zombie is as good as gone.
  static bool is_gone_soon(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
      const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
      if (!stat || stat->find(") Z") != std::string::npos) return true;
      usleep(10'000);
    }
    return false;
  }
  static bool has(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
  }
};

TEST_F(Verify, APredictionStandsBesideTheRealProgram) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "3", "--allocators", "glibc,jemalloc",
                "--json", "v.json", "-o", "v.html", "--", "perl", "-e", kProgram});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  EXPECT_THAT(finished.out, ::testing::StartsWith("30000\nPredicted and real\n"))
      << "what the program prints is seen once";
  const auto result = json("v.json");
  ASSERT_EQ(result["verification"].size(), 2U);
  bool failed = false;
  for (const char* allocator : {"glibc", "jemalloc"}) {
    const auto row = row_of(result, allocator);
    EXPECT_EQ(row["real_runs"], 3);
    EXPECT_EQ(row["failures"], 0) << row["failure"];
    EXPECT_GT(row["real_cpu_s"], 0);
    EXPECT_GT(row["real_peak_rss_bytes"], 10'000'000);
    // A wide net: that the two sides measure the same thing at all. How well is for the check.
    EXPECT_GT(row["predicted_peak_rss_bytes"], row["real_peak_rss_bytes"].get<double>() * 0.7);
    EXPECT_LT(row["predicted_peak_rss_bytes"], row["real_peak_rss_bytes"].get<double>() * 1.4);
    failed = failed || row["check"] == "failed";
  }
  EXPECT_EQ(finished.exit_code, failed ? 1 : 0);
  EXPECT_EQ(result["real_runs"].size(), 6U);
  EXPECT_TRUE(result["agreement"].contains("memory"));
  EXPECT_NE(content("v.html").find("Predicted and real"), std::string::npos);
}

TEST_F(Verify, TimeBeginsWithTheProgramAndNotWithItsLoading) {
  const auto finished = heapwise({"verify", "--quiet", "--repetitions", "1", "--json", "v.json",
                                  "--allocators", "glibc,jemalloc", "--", VERIFY_SLOW_START});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto result = json("v.json");
  for (const auto& run : result["real_runs"]) {
    EXPECT_GT(run["seconds"], 0.6);
    EXPECT_GT(run["mean_rss_bytes"], 0.7 * run["peak_rss_bytes"].get<double>())
        << "nothing was held for two thirds of the time that the process was there";
  }
}

TEST_F(Verify, WhatAProgramKeepsInOrOutOfItsCoreDumpsDoesNotTellWhoseMemoryItIs) {
  const auto finished = heapwise({"verify", "--quiet", "--repetitions", "1", "--json", "v.json",
                                  "--allocators", "glibc,jemalloc", "--", VERIFY_OWN_HEAP});
  const auto result = json("v.json");
  ASSERT_EQ(result["real_runs"].size(), 2U) << finished.err;
  for (const auto& run : result["real_runs"]) {
    EXPECT_GT(run["peak_rss_bytes"], 8'000'000) << run["allocator"];
    EXPECT_LT(run["peak_rss_bytes"], 12'000'000) << run["allocator"];
  }
}

TEST_F(Verify, AnAllocatorThatTheProgramDiesOfIsAResultWithItsSignalAndTheWayOut) {
  const auto finished = heapwise({"verify", "--quiet", "--repetitions", "1", "--json", "v.json",
                                  "--allocators", kWithKiller, "--", "perl", "-e", kProgram});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto row = row_of(json("v.json"), "killer");
  EXPECT_EQ(row["failures"], 1);
  EXPECT_EQ(row["failure"], "crashed: killed by SIGSEGV");
  EXPECT_EQ(row["check"], "not-checked");
  EXPECT_EQ(row_of(json("v.json"), "glibc")["real_runs"], 1);
  EXPECT_THAT(finished.out, HasSubstr("SIGSEGV"));
  EXPECT_THAT(finished.out, HasSubstr("instead of preloading"));
}

TEST_F(Verify, SettingsWithoutEffectAreNotRunForRealEither) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "1", "--json", "v.json", "--allocators",
                "glibc,glibc@MALLOC_ARENA_MAX=two", "--", "perl", "-e", kProgram});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto result = json("v.json");
  int unsupported = 0;
  for (const auto& run : result["real_runs"]) {
    const bool refused = run["tuning"] != "default";
    EXPECT_EQ(run["status"], refused ? "unsupported" : "ok");
    unsupported += refused ? 1 : 0;
  }
  EXPECT_EQ(unsupported, 1);
  EXPECT_THAT(finished.out, HasSubstr("has no effect here"));
  EXPECT_THAT(finished.out, Not(HasSubstr("does not run well")));
}

TEST_F(Verify, AProgramIsJudgedToTheEndWhetherOrNotItBearsAPreloadedAllocator) {
  if (!has("php")) GTEST_SKIP() << "there is no php";
  const auto finished = heapwise({"verify", "--quiet", "--repetitions", "1", "--json", "v.json",
                                  "--allocators", "glibc,jemalloc", "--", "php", "-r",
                                  "$a = range(1, 100000); echo count($a); usleep(100000);"});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1, 3)) << finished.err;
  // 3 where php's own arena is so much of its memory that nothing is checked.
  const auto row = row_of(json("v.json"), "jemalloc");
  EXPECT_EQ(row["real_runs"].get<int>() + row["failures"].get<int>(), 1);
}

TEST_F(Verify, EveryRunGetsTheSameInput) {
  RunOptions options;
  options.input = "some\nlines\n";
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "2", "--json", "v.json", "--allocators",
                "glibc", "--purposes", "footprint", "--", "perl", "-e", kTakesTwoLines},
               options);
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  EXPECT_EQ(row_of(json("v.json"), "glibc")["real_runs"], 2);
}

/// Each recording is followed by a run without recorder, so the recorded ones are the first, the
/// third and the fifth.
TEST_F(Verify, OfSeveralRecordingsTheMedianPredicts) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "1", "--recordings", "3", "--allocators",
                "glibc", "--json", "v.json", "--", "perl", "-e", kDiffersByRun});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto result = json("v.json");
  const auto& recordings = result["workloads"][0]["recordings"];
  ASSERT_EQ(recordings.size(), 3U);
  const double predicted = row_of(result, "glibc")["predicted_peak_rss_bytes"];
  EXPECT_GT(predicted, recordings[1]["peak_live_bytes"].get<double>());
  EXPECT_LT(predicted, recordings[2]["peak_live_bytes"].get<double>());
  EXPECT_EQ(recordings[0].value("trace", ""), "") << "it is gone";
  EXPECT_GT(result["workloads"][0]["recording_slowdown"], 0);
}

TEST_F(Verify, AServerIsMeasuredUnderItsLoadAndAtAPortOfItsOwn) {
  if (!has("redis-server") || !has("redis-benchmark")) GTEST_SKIP() << "there is no redis";
  const auto finished =
      heapwise({"verify",
                "--quiet",
                "--repetitions",
                "1",
                "--json",
                "v.json",
                "--allocators",
                "glibc,tcmalloc",
                "--purposes",
                "footprint",
                "--wait-port",
                "{port}",
                "--with",
                "redis-benchmark -p {port} -q -t set -n 20000 -r 20000 -d 200 >/dev/null",
                "--",
                "redis-server",
                "--port",
                "{port}",
                "--save",
                "",
                "--appendonly",
                "no"});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto result = json("v.json");
  EXPECT_EQ(result["workloads"][0]["command"][2], "{port}");
  for (const char* allocator : {"glibc", "tcmalloc"}) {
    const auto row = row_of(result, allocator);
    EXPECT_EQ(row["failures"], 0) << row["failure"];
    EXPECT_GT(row["real_peak_rss_bytes"], 3'000'000);
  }
}

TEST_F(Verify, AStaticProgramIsRefusedWithTheReason) {
  const auto finished = heapwise({"verify", "--", VERIFY_STATIC});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("statically linked"));
}

TEST_F(Verify, OfACommandThatStartsOthersTheProcessWithTheLargestHeapIsCompared) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "1", "--allocators", "glibc,jemalloc",
                "--json", "v.json", "--", "sh", "-c", kStartsTwo});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto result = json("v.json");
  EXPECT_THAT(result["workloads"][0]["warnings"].dump(),
              HasSubstr("perl (number 2 of the 2 that it starts)"));
  EXPECT_EQ(result["workloads"][0]["name"], "perl");
  for (const char* allocator : {"glibc", "jemalloc"}) {
    EXPECT_GT(row_of(result, allocator)["real_peak_rss_bytes"], 12'000'000);
    EXPECT_EQ(row_of(result, allocator)["failures"], 0);
  }
}

TEST_F(Verify, WhereTheAllocatorDidNotGetIntoTheProgramNothingIsClaimed) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "1", "--allocators", "glibc,jemalloc",
                "--json", "v.json", "--", "env", "-i", "perl", "-e", kHoldsALot});
  ASSERT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  const auto row = row_of(json("v.json"), "jemalloc");
  EXPECT_EQ(row["real_runs"], 0);
  EXPECT_EQ(row["failures"], 0) << "it did not run badly";
  EXPECT_THAT(row["failure"].get<std::string>(), HasSubstr("without the preloaded library"));
  EXPECT_EQ(row["check"], "not-checked");
}

TEST_F(Verify, AProgramThatEndsTooSoonToBeReadIsNotBlamedOnTheLibraryAndHasNoFigures) {
  const auto finished = heapwise({"verify", "--repetitions", "1", "--allocators", "glibc,jemalloc",
                                  "--json", "v.json", "--", VERIFY_SHORT});
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("no prediction could be checked"));
  for (const char* allocator : {"glibc", "jemalloc"}) {
    const auto row = row_of(json("v.json"), allocator);
    EXPECT_EQ(row["real_runs"], 0);
    EXPECT_EQ(row["failures"], 0) << "it ran well";
    EXPECT_THAT(row["failure"].get<std::string>(), HasSubstr("ended too soon"));
    EXPECT_TRUE(row.value("real_peak_rss_bytes", nlohmann::json()).is_null()) << "not a real 0";
  }
}

/// Killed once its load runs: then all that it starts is there.
TEST_F(Verify, AServerDoesNotOutliveAKilledHeapwise) {
  RunOptions options;
  options.environment = {{"TMPDIR", path(".")}};  // what it leaves behind goes with the test's
  shell(R"($HEAPWISE verify --quiet --with 'touch loaded; exec sleep 600' -- \
             sh -c 'trap "" TERM; echo $$ >pid; while :; do sleep 0.1; done' &
           for ((i = 0; i < 3000; ++i)); do [ -s pid ] && [ -e loaded ] && break; sleep 0.02; done
           kill -KILL $!; wait)",
        options);
  ASSERT_NE(content("pid"), "");
  EXPECT_TRUE(is_gone_soon(std::stoi(content("pid"))));
}

TEST_F(Verify, ALoadThatFailsInTheRecordedRunIsAnErrorThatSaysSo) {
  const auto finished =
      heapwise({"verify", "--quiet", "--with", "exit 3", "--", "perl", "-e", "sleep 600"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("exit code 3"));
}

TEST_F(Verify, TheFileThatSaysThatAServerIsReadyIsGoneAfterTheLastRun) {
  const auto finished =
      heapwise({"verify", "--quiet", "--repetitions", "1", "--allocators", "glibc", "--wait-file",
                "ready", "--with", "sleep 0.1", "--", "perl", "-e",
                "my @a = map { 'x' x 99 } 1..20000; open my $f, '>', 'ready'; close $f; sleep 30"});
  EXPECT_THAT(finished.exit_code, AnyOf(0, 1)) << finished.err;
  EXPECT_FALSE(std::filesystem::exists(path("ready"))) << "or the next one would not begin";
}

TEST_F(Verify, AServerThatIsNeverReadyIsAnErrorThatSaysSo) {
  const auto finished = heapwise({"verify", "--quiet", "--with", "true", "--wait-file", "never",
                                  "--wait-timeout", "0.3", "--", "perl", "-e", "sleep 600"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("there is no never"));
}

TEST_F(Verify, WhatCannotBeMeantIsAskedBackBeforeAnythingRuns) {
  const std::vector<std::vector<std::string>> wrong = {
      {"verify"},
      {"verify", "--wait-port", "80", "--", "touch", "ran"},
      {"verify", "--with", "true", "--wait-port", "0", "--", "touch", "ran"},
      {"verify", "--with", "true", "--wait-port", "http", "--", "touch", "ran"},
      {"verify", "--with", "true", "--wait-port", "1", "--wait-file", "x", "--", "touch", "ran"},
      {"verify", "--purposes", "throughput", "--", "touch", "ran"},
      {"verify", "--allocators", "jimalloc", "--", "touch", "ran"},
      {"verify", "--", "no-such-program-anywhere"}};
  for (const auto& arguments : wrong) {
    EXPECT_EQ(heapwise(arguments).exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_FALSE(exists("ran")) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Verify, NothingIsOverwrittenUnasked) {
  ASSERT_TRUE(write_file(path("v.json"), "precious", false));
  const auto finished =
      heapwise({"verify", "--json", "v.json", "--", "perl", "-e", "open F, '>ran'"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(content("v.json"), "precious");
  EXPECT_FALSE(exists("ran"));
}

}  // namespace
}  // namespace heapwise::testing
