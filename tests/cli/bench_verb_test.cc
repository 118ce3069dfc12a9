// SPDX-License-Identifier: MIT
// The verbs `bench` and `allocators`.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;

/// Characters, each of which is a column wide here.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

class BenchVerb : public CliTest {
 protected:
  /// Runs a bench of two primitives, as short as can be.
  Finished bench(std::vector<std::string> own, std::vector<std::string> passed = {}) const {
    std::vector<std::string> words{"bench", "--quiet", "--repetitions", "2"};
    words.insert(words.end(), own.begin(), own.end());
    words.insert(words.end(), {"--", "--benchmark_min_time=0",
                               "--benchmark_filter=^(malloc_free/64|new_delete/16)$"});
    words.insert(words.end(), passed.begin(), passed.end());
    return heapwise(words);
  }
};

TEST_F(BenchVerb, PrintsATableOfPrimitivesByAllocatorsWithinEightyColumns) {
  const auto finished = bench({"--seed", "77", "--allocators", "*,glibc:arena-max-2"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(columns(line), 80) << line;
  }
  EXPECT_THAT(finished.out, HasSubstr("malloc_free 64"));
  EXPECT_THAT(finished.out, HasSubstr("null"));
  EXPECT_THAT(finished.out, HasSubstr(" :arena-max-2"));
  EXPECT_THAT(finished.out, HasSubstr("--seed 77"));
  EXPECT_THAT(finished.out, HasSubstr("Next: heapwise bench --json"));
}

TEST_F(BenchVerb, WritesOneFileInGoogleBenchmarksJson) {
  const auto finished = bench({"--json", "r.json", "--allocators", "glibc"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto document = json("r.json");
  EXPECT_TRUE(document["context"].contains("num_cpus"));
  // Two primitives, two allocators; two runs of each and four aggregates.
  EXPECT_EQ(document["benchmarks"].size(), 2U * 2U * (2U + 4U));
  std::vector<std::string> names;
  for (const auto& one : document["benchmarks"]) names.push_back(one["name"]);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"malloc_free/64/glibc", "new_delete/16/null",
                                              "malloc_free/64/glibc_median"}));
}

TEST_F(BenchVerb, HeedsGoogleBenchmarksOwnFlags) {
  const auto finished =
      bench({"--allocators", "glibc"}, {"--benchmark_repetitions=3", "--benchmark_out=out.json",
                                        "--benchmark_report_aggregates_only=true"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto document = json("out.json");
  ASSERT_EQ(document["benchmarks"].size(), 2U * 2U * 4U);
  EXPECT_EQ(document["benchmarks"][0]["repetitions"], 3);
  const auto printed = bench({"--allocators", "glibc"}, {"--benchmark_format=json"});
  EXPECT_EQ(nlohmann::json::parse(printed.out)["benchmarks"].size(), 24U);
}

TEST_F(BenchVerb, NeverReplacesAFileUnasked) {
  ASSERT_EQ(bench({"--json", "r.json", "--allocators", "glibc"}).exit_code, 0);
  const std::string before = content("r.json");
  const auto again = bench({"--json", "r.json", "--allocators", "glibc"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_EQ(content("r.json"), before);
  EXPECT_EQ(bench({"--json", "r.json", "--force", "--allocators", "glibc"}).exit_code, 0);
}

TEST_F(BenchVerb, WrongFlagsAreAUsageError) {
  const auto unknown = bench({}, {"--benchmark_no_such_flag=1"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no_such_flag"));
  EXPECT_EQ(bench({}, {"--benchmark_repetitions=none"}).exit_code, 2);
  EXPECT_EQ(bench({"--allocators", "hoard"}).exit_code, 2);
  const auto none = heapwise({"bench", "--", "--benchmark_filter=nothing_of_the_kind"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--list"));
}

TEST_F(BenchVerb, ListsThePrimitives) {
  const auto finished = heapwise({"bench", "--list"});
  EXPECT_EQ(finished.exit_code, 0);
  for (const char* name : {"malloc_free/8\n", "malloc_free/4194304\n", "batch_lifo/", "batch_fifo/",
                           "batch_random/", "calloc_free/", "realloc_double/", "aligned_alloc/",
                           "new_delete/", "new_delete_sized/", "free_elsewhere/", "threads:"}) {
    EXPECT_THAT(finished.out, HasSubstr(name));
  }
}

TEST_F(BenchVerb, AllocatorsAreListedWithTheirTuningsAndWhetherTheyTakeEffect) {
  const auto finished = heapwise({"allocators"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("glibc:arena-max-2"));
  EXPECT_THAT(finished.out, HasSubstr("MALLOC_ARENA_MAX=2"));
  EXPECT_THAT(finished.out, HasSubstr("libc.so.6"));
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 80) << line;
}

}  // namespace
}  // namespace heapwise::testing
